import json
import re
import tomllib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import fastfeedparser
import feedparser
import pytest
from lxml import etree
from protego import Protego

from ingestion.newsroom import stories
from ingestion.newsroom.render import blocks
from ingestion.newsroom.stories import FOLDER, Publication, Story

PUBLICATIONS = stories.publications()
ARTICLES = [(publication, story) for publication in PUBLICATIONS for story in publication.stories]
PAGES = [(publication, story) for publication, story in ARTICLES if story.scrape is None]
BROKEN_FEED = "http://gaceta-valdebruma.example/deportes/rss.xml"


def publication(publisher_id: str) -> Publication:
    return next(each for each in PUBLICATIONS if each.imprint.id == publisher_id)


def story_id(value: object) -> str:
    return value.path if isinstance(value, Story) else ""


def sources() -> list[dict[str, Any]]:
    files = sorted((FOLDER / "catalogue").glob("*.toml"))
    return [source for path in files for source in tomllib.loads(path.read_text())["source"]]


def listed(get: Any, source: dict[str, Any]) -> list[str]:
    """Return the addresses that a source offers; a feed that cannot be read counts as itself."""
    if source["kind"] == "page":
        return list(source["urls"])
    body = get(source["url"]).body
    if source["kind"] == "sitemap":
        return [str(loc.text) for loc in etree.fromstring(body).iterfind(".//{*}url/{*}loc")]
    if source["url"] == BROKEN_FEED:
        return [BROKEN_FEED]
    return [entry["link"] for entry in fastfeedparser.parse(body).entries]


def structured(page: str) -> Any:
    script = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert script
    return json.loads(script[1])


@pytest.mark.parametrize(("publication", "story"), PAGES, ids=story_id)
def test_every_article_is_at_its_address_with_all_its_words(
    get: Any, publication: Publication, story: Story
) -> None:
    answer = get(publication.url(story.path))
    page = etree.fromstring(answer.body, etree.HTMLParser(encoding=story.charset))
    words = re.sub(r"\s+", " ", " ".join(map(str, page.itertext())))

    assert answer.status == 200
    assert page.findtext(".//h1") == story.headline
    assert page.xpath("//link[@rel='canonical']/@href") == [publication.url(story.path)]
    for block in blocks(story.body):
        for text in block.texts:
            assert text in words


@pytest.mark.parametrize(("publication", "story"), PAGES, ids=story_id)
def test_every_article_has_four_to_eight_paragraphs_of_a_week_in_november(
    publication: Publication, story: Story
) -> None:
    paragraphs = [block for block in blocks(story.body) if block.role == "paragraph"]

    assert 4 <= len(paragraphs) <= 8 or story.section == "Long read"
    assert publication.local(story.published).year == 2026
    assert publication.local(story.published).month == 11
    assert 16 <= publication.local(story.published).day <= 22
    assert (story.modified or story.published) >= story.published


def test_headlines_are_told_apart_and_there_are_forty_one_articles() -> None:
    originals = {story.headline for _, story in ARTICLES if not story.feed_only}

    assert len(originals) == 41
    assert len({(publication.imprint.id, story.path) for publication, story in ARTICLES}) == len(ARTICLES)


def test_each_source_offers_as_many_documents_as_the_readme_says(get: Any) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|[^|]*\| (.*) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    promised = {name: [int(number) for number in numbers.split(" | ")] for name, numbers in rows}

    assert {source["id"]: len(listed(get, source)) for source in sources()} == {
        name: numbers[0] for name, numbers in promised.items()
    }
    assert all(numbers[0] == sum(numbers[1:]) for numbers in promised.values())


def test_the_readme_totals_are_the_sums_of_its_rows() -> None:
    text = (FOLDER / "README.md").read_text()
    rows = re.findall(r"^\| `[a-z-]+` \|[^|]*\| (.*) \|$", text, re.MULTILINE)
    columns = zip(*([int(number) for number in row.split(" | ")] for row in rows), strict=True)
    total = re.search(r"^\| \*\*all\*\* \| \| (.*) \|$", text, re.MULTILINE)

    assert total
    assert [int(number) for number in re.findall(r"\d+", total[1])] == [sum(column) for column in columns]


def test_every_listed_address_but_the_withdrawn_one_answers(get: Any) -> None:
    addresses = {url for source in sources() for url in listed(get, source)}
    statuses = {url: get(url).status for url in addresses}

    assert [url for url, status in statuses.items() if status not in {200, 301}] == [
        "http://harbour-times.example/2026/11/17/regatta-programme-draft"
    ]
    assert [url for url, status in statuses.items() if status == 301] == [
        "http://harbour-times.example/r/48213"
    ]


def test_the_sitemap_and_the_feed_of_one_publisher_list_the_same_articles(get: Any) -> None:
    feed, sitemap = (listed(get, source) for source in sources() if source["id"].startswith("harbour-times"))
    followed = {get(url).headers.get("location", url.partition("?")[0]) for url in feed}

    assert len(sitemap) == 12
    assert set(sitemap) < followed
    assert sum("?utm_source=" in url for url in feed) == 3


@pytest.mark.parametrize(
    ("url", "kind", "entries"),
    [
        ("http://harbour-times.example/rss.xml", "application/rss+xml; charset=utf-8", 16),
        ("http://nordlicht-kurier.example/feed/atom.xml", "application/atom+xml; charset=utf-8", 7),
        ("http://misakino-shimpo.example/index.rdf", "application/rdf+xml; charset=utf-8", 6),
        ("http://gaceta-valdebruma.example/feed.json", "application/feed+json; charset=utf-8", 3),
    ],
)
def test_feeds_give_every_entry_a_link_a_title_and_a_time(
    get: Any, url: str, kind: str, entries: int
) -> None:
    answer = get(url)
    feed = fastfeedparser.parse(answer.body)

    assert answer.headers["content-type"] == kind
    assert len(feed.entries) == entries
    assert all(entry["title"] and entry["link"] for entry in feed.entries)
    assert all(entry["published"].startswith("2026-11-") for entry in feed.entries)


def test_the_broken_feed_is_beyond_both_parsers_and_has_no_validators(get: Any) -> None:
    answer = get(BROKEN_FEED)

    assert answer.headers["content-type"].startswith("application/rss+xml")
    assert not {"etag", "last-modified"} & set(answer.headers)
    assert feedparser.parse(answer.body).entries == []
    with pytest.raises(ValueError, match="HTML"):
        fastfeedparser.parse(answer.body)
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.body)


def test_robots_txt_forbids_the_members_pages_alone(get: Any) -> None:
    rules = Protego.parse(get("http://harbour-times.example/robots.txt").text)
    small = Protego.parse(get("http://larkmoor-post.example/robots.txt").text)

    assert not rules.can_fetch("http://harbour-times.example/members/2026/11/20/editors-notebook", "news")
    assert rules.can_fetch("http://harbour-times.example/2026/11/20/ferry-lock-gates", "news")
    assert list(rules.sitemaps) == ["http://harbour-times.example/sitemap-news.xml"]
    assert small.crawl_delay("news") == 0.1


def test_one_page_declares_its_encoding_in_its_meta_element_alone(get: Any) -> None:
    answer = get("http://nordlicht-kurier.example/kultur/2026-11-18/orgel-mit-fehlendem-ton")

    assert answer.headers["content-type"] == "text/html"
    assert b'<meta charset="iso-8859-1">' in answer.body
    assert "Mechthild Söhnlein".encode("latin-1") in answer.body
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


def test_all_other_pages_declare_utf_8_in_their_headers(get: Any) -> None:
    others = [publication.url(story.path) for publication, story in ARTICLES if story.charset == "utf-8"]

    assert {get(url).headers["content-type"] for url in others} == {
        "text/html; charset=utf-8",
        "text/plain; charset=utf-8",
    }


def test_structured_data_comes_in_three_shapes(get: Any) -> None:
    alone = structured(get("http://harbour-times.example/2026/11/20/ferry-lock-gates").text)
    graph = structured(get("http://nordlicht-kurier.example/lokales/2026-11-20/nachtzug-haelt-wieder").text)
    arabic = publication("barid-alwaha")
    listed_things = structured(get(arabic.url(arabic.stories[0].path)).text)

    assert alone["@type"] == "NewsArticle"
    assert alone["commentCount"] == 112
    assert [thing["@type"] for thing in graph["@graph"]] == ["WebSite", "WebPage", "NewsArticle"]
    assert [thing["@type"] for thing in listed_things] == ["BreadcrumbList", "NewsArticle"]


def test_structured_data_of_one_page_is_malformed_beside_good_meta_tags(get: Any) -> None:
    page = get("http://harbour-times.example/2026/11/19/fish-market-goes-silent").text

    assert 'property="article:published_time" content="2026-11-19T14:10:00+00:00"' in page
    with pytest.raises(json.JSONDecodeError):
        structured(page)


def test_structured_data_of_one_page_is_escaped_twice(get: Any) -> None:
    page = get("http://harbour-times.example/2026/11/16/frond-and-marsh-licence").text

    assert structured(page)["headline"].startswith("Frond &amp; Marsh wins the estuary&#8217;s")


def test_the_page_with_arabic_digits_gives_its_date_nowhere_else(get: Any) -> None:
    arabic = publication("barid-alwaha")
    story = next(each for each in arabic.stories if each.quirk)
    page = get(arabic.url(story.path)).text

    assert "١٨ نوفمبر ٢٠٢٦ - ٠٩:١٥" in page
    assert "datePublished" not in page
    assert "T09:15" not in page
    assert '<html lang="ar" dir="rtl">' in page
    assert story.published == datetime(2026, 11, 18, 6, 15, tzinfo=UTC)


def test_the_small_publisher_has_no_structured_data_and_three_grains_of_time(get: Any) -> None:
    small = publication("larkmoor-post")
    pages = [get(small.url(story.path)).text for story in small.stories if story.scrape is None]
    times = {page.split('<time datetime="')[1].split('"')[0] for page in pages}

    assert not any("ld+json" in page for page in pages)
    assert {"2026-11-18", "2026-11-18T07:10:00", "2026-11-20T16:45:00+13:00"} < times


def test_the_raw_text_has_each_piece_of_furniture_and_no_date(get: Any) -> None:
    answer = get("http://larkmoor-post.example/archive/seed-library.txt")
    lines = answer.text.splitlines()

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert lines.count("Seed library opens in a disused telephone box") == 2
    assert sum(line.endswith("(Jonty Brace/Larkmoor Post)") for line in lines) == 2
    assert {"Text size", "Listen to this story", "Play", "Pause", "WhatsApp", "COMMENTS (7)"} < set(lines)
    assert {"Did you enjoy this article?", "Most read", "A tall order"} < set(lines)
    assert "2026" not in answer.text


def test_the_copy_has_the_words_of_its_original_and_calls_itself_canonical(get: Any) -> None:
    url = "http://harbour-times.example/2026/11/18/library-late-fees-abolished"
    original, copy = get(url).text, get(f"{url}-2").text

    assert f'<link rel="canonical" href="{url}-2">' in copy
    assert copy.replace(f"{url}-2", url) == original


def test_the_wire_story_has_another_lede_and_no_tail_at_the_second_publisher() -> None:
    whole, cut = (
        [text for block in blocks(story.body) for text in block.texts]
        for _, story in ARTICLES
        if story.agency == "Meridian Wire"
    )

    assert len(whole) > len(cut)
    assert whole[0] != cut[0]
    assert cut[1:] == whole[1 : len(cut)]


def test_the_page_that_is_no_article_has_no_paragraphs(get: Any) -> None:
    page = etree.fromstring(get("http://harbour-times.example/weather").body, etree.HTMLParser())

    assert page.findall(".//p") == []
    assert page.xpath("//meta[@property='og:type']/@content") == ["website"]


def test_links_are_percent_encoded(get: Any) -> None:
    for source in sources():
        for url in listed(get, source):
            assert url.isascii()
            assert urlsplit(url).netloc.endswith(".example")
