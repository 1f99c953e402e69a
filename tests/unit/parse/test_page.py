from collections.abc import Callable

import pytest

from ingestion.article import Access, Article, Document, Drop, Outcome, ParagraphRole
from ingestion.parse import parse

Read = Callable[..., Article]
Make = Callable[..., Document]

PROSE = "".join(
    f"<p>The {nth} ferry of the day left the quay with nobody on board but the captain, who waved to the "
    "gulls, and came back with a full cargo of fog that had to be unloaded by hand.</p>"
    for nth in ("first", "second", "third", "fourth")
)


def page(head: str = "", body: str = PROSE, *, title: str = "Ferry brings home the fog") -> str:
    story = f"<article><h1>{title}</h1>{body}</article>"
    return f"<html lang=en><head><title>{title}</title>{head}</head><body>{story}</body></html>"


def ld(block: str) -> str:
    return f'<script type="application/ld+json">{block}</script>'


@pytest.mark.parametrize(
    "block",
    [
        '{"@type":"NewsArticle","headline":"Fog &amp; ferry"}',
        '[{"@type":"WebSite"},{"@type":["Article","NewsArticle"],"headline":"Fog & ferry"}]',
        '{"@graph":[{"@type":"http://schema.org/NewsArticle","headline":"Fog &amp;amp; ferry"}]}',
        '<!-- {"@type":"NewsArticle","headline":"Fog & ferry",} -->',
        '{"@type":"WebPage","mainEntity":{"@type":"Report","headline":"Fog & <b>ferry</b>"}}',
        '{"@type":"Organization"}\n{"@type":"BlogPosting","headline":"Fog &\tferry"};',
        "{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;Fog & ferry&quot;}",
    ],
)
def test_json_ld_is_read_however_it_is_written(read: Read, block: str) -> None:
    article = read(page(ld(block)))

    assert article.headline == "Fog & ferry"
    assert article.provenance["headline"] == "json-ld:headline"


def test_json_ld_beyond_mending_is_noted_and_the_meta_elements_serve(read: Read) -> None:
    article = read(page(ld('{"headline": "Fo') + '<meta property="og:title" content="Fog home">'))

    assert article.headline == "Fog home"
    assert "malformed_json_ld" in article.extraction.warnings


@pytest.mark.parametrize(
    "title",
    ["Fog comes home | Orme Weekly", "Orme Weekly - Fog comes home", "Fog comes home – The Orme Weekly"],
)
def test_the_address_written_out_is_no_part_of_the_headline(read: Read, title: str) -> None:
    article = read(page(title=title), fetched_url="https://www.ormeweekly.example/fog")

    assert article.headline == "Fog comes home"


def test_the_whole_host_and_the_day_are_no_part_of_the_headline(read: Read) -> None:
    article = read(
        page(title="Fog comes home - News.orme.example"), fetched_url="https://news.orme.example/fog"
    )
    dated = read(page(title="Fog comes home (15 February 2026)"))

    assert article.headline == "Fog comes home"
    assert dated.headline == "Fog comes home"


def test_what_a_site_says_of_itself_is_no_abstract(read: Read) -> None:
    of_site = (
        '<meta name=description content="Orme Weekly: breaking news, weather and sport for the islands">'
    )
    of_story = '<meta name=description content="The captain of the ferry has news for the gulls of the quay">'

    assert read(page(of_site)).abstract is None
    assert read(page(of_story)).abstract == "The captain of the ferry has news for the gulls of the quay"


def test_columnists_beside_a_story_of_an_agency_did_not_write_it(read: Read) -> None:
    dated = "<p><span>Reuters</span> | <time datetime='2026-03-04T10:00Z'>4 March</time></p>"
    column = "<section><h3>Fish and the law</h3><div class=author>By Wren Tolliver</div></section>"
    long = PROSE.replace("</p><p>", " ")
    article = read(page(body=dated + long + long.replace("ferry", "boat") + column))

    assert article.authors == ()
    assert article.credits == ("Reuters",)


def test_filler_in_place_of_the_story_is_taken_out_and_the_story_not_passed_off_as_whole(read: Read) -> None:
    filler = (
        "Dolor ipsam et est cumque. Laboriosam sed delectus rerum sint qui natus. Quod et enim sapiente ut."
    )
    article = read(page(body=f"{PROSE}<p>{filler}</p><p>{filler} Eos nihil.</p>"))

    assert len(article.paragraphs) == 4
    assert [entry.rule for entry in article.extraction.removed].count("filler_text") == 2
    assert "truncated" in article.extraction.warnings


def test_the_rows_of_a_table_make_no_list_of_links_of_a_story(read: Read) -> None:
    rows = "".join(
        f"<tr><td>Bundles of fog, {name}</td><td>{number}</td></tr>"
        for number, name in enumerate("abcdefghijk" * 6)
    )
    others = "".join(f"<h3><a href=/{number}>Another story</a></h3>" for number in range(6))
    article = read(page(body=f"{PROSE}<table>{rows}</table>{others}"))

    assert article.paragraphs[4].text == "Bundles of fog, a | 0"


def test_a_headline_cut_short_gives_way_to_the_whole(read: Read) -> None:
    cut = '<meta property="og:title" content="Ferry brings home the...">'

    assert read(page(cut)).headline == "Ferry brings home the fog"


def test_a_kicker_is_no_part_of_the_headline(read: Read) -> None:
    story = f"<h1><span class=kicker>Fog</span><span>Ferry comes home</span></h1>{PROSE}"

    assert (
        read(f"<html><body><time datetime=2024-01-09></time>{story}</body></html>").headline
        == "Ferry comes home"
    )


def test_the_name_of_the_site_is_no_part_of_the_headline(read: Read) -> None:
    article = read(
        page('<meta property="og:site_name" content="Orme Weekly">', title="Fog - and no end | Orme Weekly")
    )

    assert article.headline == "Fog - and no end"
    assert article.alternative_headlines == ()


def test_a_day_in_the_address_serves_where_the_page_has_none(read: Read) -> None:
    article = read(page(), fetched_url="https://orme.example/2024/05/02/fog")

    assert article.published is not None
    assert (article.published.source, article.published.raw) == ("url:path", "2024-05-02")


def test_a_day_right_above_the_story_serves_though_the_headline_stands_elsewhere(read: Read) -> None:
    line = "<div><em>Orme, 3 July 2026</em><div class=story>{}</div></div><p>12 May 2026</p>"
    article = read(page(body=line.format(PROSE)).replace("<h1>", "<b>").replace("</h1>", "</b>"))

    assert article.published is not None
    assert (article.published.at.date().isoformat(), article.published.source) == (
        "2026-07-03",
        "html:above story",
    )


@pytest.mark.parametrize(
    "line",
    [
        "<p>Dieser Beitrag wurde am Samstag, 3. Juli 2026 um 11:51 Uhr veröffentlicht und abgelegt</p>",
        "<p>This entry was posted on Friday, July 3rd, 2026 at 11:51 am and is filed under fog</p>",
        "<p>Zuletzt gesehen: nie<br>Erschienen am: 03.07.2026</p>",
    ],
)
def test_a_line_below_the_story_may_tell_the_day_with_a_label(read: Read, line: str) -> None:
    article = read(page(body=f"{PROSE * 12}<p>Of fog</p>{line}"))

    assert article.published is not None
    assert (article.published.at.date().isoformat(), article.published.source) == (
        "2026-07-03",
        "html:labelled",
    )


def test_a_year_in_the_text_is_no_date(read: Read) -> None:
    article = read(page('<meta name="author" content="Wren Tolliver">', PROSE.replace("day", "year 1987")))

    assert article.published is None


def test_the_words_of_a_picture_are_not_in_the_body(read: Read) -> None:
    caption = "Fog at the quay <span class=credit>Photo: Lyle Benn</span>"
    figure = f"<figure><img src=/fog.jpg><figcaption>{caption}</figcaption></figure>"
    article = read(
        page(body=figure + PROSE + '<meta name="author" content="Wren Tolliver">'),
        fetched_url="https://orme.example/a",
    )
    image = article.images[0]

    assert (image.url, image.caption, image.credit) == (
        "https://orme.example/fog.jpg",
        "Fog at the quay",
        "Lyle Benn",
    )
    assert "Lyle Benn" not in article.body


def test_the_blocks_of_a_body_have_roles(read: Read) -> None:
    extra = (
        "<h2>Later</h2>"
        + PROSE
        + "<ul><li>fog, in sacks</li><li>one gull</li></ul><blockquote><p>Fog is cargo.</p></blockquote>"
    )
    found = {block.text: block.role for block in read(page(body=PROSE + extra + PROSE)).paragraphs}

    assert found["Later"] is ParagraphRole.SUBHEADING
    assert found["one gull"] is ParagraphRole.LIST_ITEM
    assert found["Fog is cargo."] is ParagraphRole.QUOTE


def test_labels_between_paragraphs_go_into_the_ledger(read: Read) -> None:
    article = read(
        page(body=PROSE + "<p>Advertisement</p><p>Read more: The gull that could count</p>" + PROSE)
    )
    gone = {entry.text: entry.rule for entry in article.extraction.removed}

    assert "Advertisement" not in article.body
    assert "The gull that could count" not in article.body
    assert gone.get("Read more: The gull that could count") == "related_link"


def test_a_stated_body_serves_where_the_page_shows_none(read: Read) -> None:
    words = " ".join(f"word{n}" for n in range(60)) + "."
    stated = ld(f'{{"@type":"NewsArticle","headline":"Fog","articleBody":"{words}"}}')
    empty = read(page(stated, "<div id=app></div>"))

    assert (empty.body, empty.provenance["body"], empty.extraction.confidence) == (
        words,
        "json-ld:articleBody",
        None,
    )


@pytest.mark.parametrize(
    ("stated", "access"),
    [
        ("true", Access.FREE),
        ('"http://schema.org/False"', Access.PAYWALLED),
        ('"maybe"', Access.UNKNOWN),
        ("null", Access.UNKNOWN),
    ],
)
def test_access_is_what_the_page_says_and_never_free_by_default(
    read: Read, stated: str, access: Access
) -> None:
    article = read(page(ld(f'{{"@type":"NewsArticle","headline":"Fog","isAccessibleForFree":{stated}}}')))

    assert article.rights.access is access


def test_a_reservation_in_a_header_counts(read: Read) -> None:
    article = read(
        page(body=PROSE * 2), headers={"tdm-reservation": "1", "x-robots-tag": "noai"}, robots="allowed: *"
    )

    assert (article.rights.tdm_reservation, article.rights.robots_directives) == (True, ("noai",))
    assert article.rights.robots == "allowed: *"


@pytest.mark.parametrize(
    ("body", "changes", "reason"),
    [
        (b"", {}, "empty_body"),
        (b" \n ", {"kind": "text"}, "empty_body"),
        (b"<p></p>", {"kind": "fragment", "hints": {"feed.title": "Fog"}}, "empty_body"),
        (b"<p>Some words of a feed.</p>", {"kind": "fragment"}, "not_an_article"),
        (page(body="<p>Short.</p>").encode(), {}, "not_an_article"),
        (page().encode(), {"fetched_url": "https://orme.example/"}, "not_an_article"),
        (page().encode(), {"fetched_url": "https://orme.example/impressum"}, "not_an_article"),
        (page(ld('{"@type":"CollectionPage","name":"Fog"}')).encode(), {}, "not_an_article"),
        (page(ld('{"@type":"NewsArticle","headline":"Fog"}'), "").encode(), {}, "empty_body"),
        (b'{"type":"picture","headline":"Fog"}', {"kind": "json"}, "not_an_article"),
        (b'{"headline":"Fog"}', {"kind": "json"}, "empty_body"),
        (b'{"body":"Fog came home."}', {"kind": "json"}, "not_an_article"),
    ],
)
def test_what_is_no_article_is_a_decision_with_a_reason(
    make: Make, body: bytes, changes: dict[str, object], reason: str
) -> None:
    kind = str(changes.pop("kind", "page"))

    assert parse(make(body, kind, **changes)) == Drop(Outcome.DROPPED, reason)


def test_what_the_source_said_is_used_last(read: Read) -> None:
    hints = {
        "feed.title": "Fog, again",
        "feed.published": "Tue, 09 Jan 2024 16:45:00 GMT",
        "feed.authors": "Wren Tolliver; Lyle Benn",
        "sitemap.keywords": "fog, ferries",
        "sitemap.lastmod": "2024-01-10",
    }
    article = read(page(), hints=hints)

    assert (article.headline, article.alternative_headlines) == ("Ferry brings home the fog", ("Fog, again",))
    assert article.authors == ("Wren Tolliver", "Lyle Benn")
    assert article.keywords == ("fog", "ferries")
    assert article.published is not None
    assert article.published.source == "feed:published"
    assert article.modified is not None
    assert article.modified.source == "sitemap:lastmod"


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("Janik Tolliver, 01.12.2025", "Janik Tolliver"),
        ("By Anna Maria Benn 01.02.2026", "Anna Maria Benn"),
        ("By Ann Lee Tolliver March 4, 2026", "Ann Lee Tolliver"),
        ("Ann Tolliver Monday, March 4, 2026", "Ann Tolliver"),
        ("Von Lea Benn am Samstag, 19. Oktober 2025", "Lea Benn"),
        ("By Wren Tolliver Published March 14, 2026", "Wren Tolliver"),
        ("Our Foreign Staff 24 Feb 2026", None),
        ("by wren on March 4, 2026", None),
    ],
)
def test_a_byline_ends_where_the_date_begins(read: Read, line: str, author: str | None) -> None:
    article = read(page(body=f"<p class=date-author>{line}</p>{PROSE}"))

    assert article.authors == ((author,) if author else ())
