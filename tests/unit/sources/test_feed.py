from contextlib import suppress
from io import BytesIO
from itertools import chain

import fastfeedparser
import feedparser
import pytest

from ingestion.article import Document, DocumentKind, Drop, Outcome
from ingestion.errors import Unreadable
from ingestion.fetch.client import PoliteFetcher
from ingestion.sources import open_source
from ingestion.sources.entries import read_entries, read_feed
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.conftest import InMemory, Samples, collect, entry

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Paper</title><language>ar</language>
<item><title>عنوان</title><link>http://paper.example/1</link><guid isPermaLink="false">id-1</guid>
<pubDate>Mon, 02 Nov 2026 10:00:00 +0300</pubDate><dc:creator>A. Writer</dc:creator>
<category>World</category><category>Sea</category><description>Short.</description>
<content:encoded><![CDATA[<p>Long & whole.</p>]]></content:encoded></item></channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title><entry><id>urn:1</id><title>T</title>
<link href="http://paper.example/1"/><published>2026-11-02</published><updated>2026-11-03T10:00:00</updated>
<author><name>A</name></author><author><name>B</name></author>
<content type="html">&lt;p&gt;X&lt;/p&gt;</content>
</entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>P</title></channel>
<item rdf:about="http://paper.example/1"><title>T</title><link>http://paper.example/1</link>
<dc:date>2026-11-02T10:00+09:00</dc:date></item></rdf:RDF>"""

JSON_FEED = """{"version": "https://jsonfeed.org/version/1.1", "title": "P", "language": "de", "items": [
{"id": "1", "url": "http://paper.example/1", "title": "T", "content_text": "One < two\\n\\nThree",
 "date_published": "2026-11-02T10:00:00+01:00", "authors": [{"name": "A"}], "tags": ["x", "y"]}]}"""


def test_an_rss_entry_is_read_whole() -> None:
    (entry,) = read_entries(RSS.encode())

    assert (entry.link, entry.item_id) == ("http://paper.example/1", "id-1")
    assert entry.content == "<p>Long & whole.</p>"
    assert entry.hints == {
        "feed.title": "عنوان",
        "feed.published": "Mon, 02 Nov 2026 10:00:00 +0300",
        "feed.summary": "Short.",
        "feed.authors": "A. Writer",
        "feed.categories": "World; Sea",
        "feed.language": "ar",
    }


def test_times_stay_as_they_are_printed() -> None:
    (atom,), (rdf,), (in_json,) = (read_entries(body.encode()) for body in (ATOM, RDF, JSON_FEED))

    assert (atom.hints["feed.published"], atom.hints["feed.updated"]) == ("2026-11-02", "2026-11-03T10:00:00")
    assert rdf.hints["feed.published"] == "2026-11-02T10:00+09:00"
    assert in_json.hints["feed.published"] == "2026-11-02T10:00:00+01:00"


def test_a_summary_made_up_from_the_text_is_no_summary() -> None:
    (entry,) = read_entries(ATOM.encode())

    assert "feed.summary" not in entry.hints
    assert entry.content == "<p>X</p>"


def test_plain_text_of_a_json_feed_becomes_markup() -> None:
    (entry,) = read_entries(JSON_FEED.encode())

    assert entry.content == "<p>One &lt; two</p>\n<p>Three</p>"
    assert entry.hints["feed.categories"] == "x; y"


@pytest.mark.parametrize("version", ["0.91", "0.92", "1.0"])
def test_old_rss_is_read(version: str) -> None:
    body = f'<rss version="{version}"><channel><item><title>T</title><link>http://x.example/</link></item></channel></rss>'

    assert [entry.link for entry in read_entries(body.encode())] == ["http://x.example/"]


def test_what_the_first_parser_cannot_read_the_second_does() -> None:
    body = b"<rss><item><title>T</title><link>http://x.example/1</link></item></rss>"
    with pytest.raises(ValueError, match="channel"):
        fastfeedparser.parse(body)

    assert [entry.hints["feed.title"] for entry in read_entries(body)] == ["T"]


def test_a_feed_without_entries_is_no_fault() -> None:
    assert read_entries(b'<rss version="2.0"><channel><title>Quiet</title></channel></rss>') == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<!doctype html><html></html>", "an HTML page"),
        (b"", "nothing"),
        (b"plain words", "text"),
        (b"\x00\x01\x02", "binary data"),
        (b'{"error": "quota"}', "JSON"),
        (b"<opml><body/></opml>", "XML of another kind"),
        (b"<urlset></urlset>", "a sitemap"),
    ],
)
def test_what_is_no_feed_is_called_by_its_name(body: bytes, found: str) -> None:
    with pytest.raises(Unreadable, match=f"not a feed: {found} was found instead"):
        read_entries(body)


def test_entities_of_a_document_type_are_not_expanded() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "xxxxxxxxxx">' + "".join(
        f'<!ENTITY {chr(97 + n)} "{("&" + chr(96 + n) + ";") * 10}">' for n in range(1, 9)
    )
    body = (
        bomb
        + "]><rss version='2.0'><channel><item><title>&i;</title><link>http://x.example/</link></item></channel></rss>"
    )

    assert sum(len(text) for entry in read_entries(body.encode()) for text in entry.hints.values()) < 1000


def test_local_files_are_not_read_into_a_feed(samples: Samples) -> None:
    secret = (samples("feeds") / "../README.md").resolve()
    body = f"""<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]><rss version="2.0"><channel><item>
    <title>T &x;</title><link>http://x.example/</link></item></channel></rss>"""

    assert "Samples" not in str(read_entries(body.encode()))


def keys(link: str | None, item_id: str | None, title: str | None) -> set[str]:
    """By what an entry can be recognised: its link, its id, and its title only where it has neither."""
    named = {text.strip() for text in (link, item_id) if text and text.strip()}
    return named or {title.strip()} if title else named


def parsers(body: bytes) -> tuple[list[set[str]], list[set[str]]]:
    """The keys of what each of the well-kept parsers finds."""
    forgiving, fast = feedparser.parse(BytesIO(body))["entries"], []
    with suppress(ValueError):
        fast = fastfeedparser.parse(body)["entries"]
    first, second = (
        [keys(one.get("link"), one.get("id"), one.get("title")) for one in found]
        for found in (forgiving, fast)
    )
    return first, second


def test_every_entry_that_either_parser_finds_is_found(samples: Samples) -> None:
    missing: dict[str, list[set[str]]] = {}
    counts: dict[str, int] = {}
    for path in sorted(samples("feeds").iterdir()):
        body = path.read_bytes()
        try:
            entries = read_entries(body)
        except Unreadable:
            entries = []
        counts[path.name] = len(entries)
        assert len(entries) >= max(map(len, parsers(body))), path.name
        ours = [keys(one.link, one.item_id, one.hints.get("feed.title")) for one in entries]
        known = set().union(*ours)
        lost = [wanted for wanted in chain(*parsers(body)) if wanted and not wanted & known]
        if lost:
            missing[path.name] = lost

    assert missing == {}
    assert len(counts) == 20
    assert sum(counts.values()) == 392


def test_entries_of_real_feeds_have_a_link_or_a_text(samples: Samples) -> None:
    for path in samples("feeds").glob("real_*"):
        for found in read_entries(path.read_bytes()):
            assert found.link or found.content, path.name
            assert found.hints["feed.published"], path.name


def test_a_feed_that_hides_its_character_set_keeps_its_letters() -> None:
    feed = "<rss><channel><item><title>Été à la plage</title><link>http://a.example/</link></item></channel></rss>"
    (entry,) = read_entries(feed.encode("cp1252"))

    assert entry.hints["feed.title"] == "Été à la plage"


PODCAST = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>P</title>
<itunes:author>X</itunes:author><itunes:category text="News"/>
<item><title>Ep 1</title><guid isPermaLink="false">e1</guid><itunes:duration>9:00</itunes:duration>
<enclosure url="http://a.example/1.mp3" type="audio/mpeg" length="3"/></item>
<item><title>Ep 2</title><guid isPermaLink="false">e2</guid><link>http://a.example/2.mp3</link>
<description>Notes.</description>
<enclosure url="http://a.example/2.mp3" type="audio/mpeg" length="3"/></item>
<item><media:group><media:title>Reel</media:title><media:description>Of the reel.</media:description>
<media:content url="http://a.example/3.mp4" type="video/mp4"/></media:group>
<itunes:title>Short</itunes:title><title>The whole title</title><link>http://a.example/3</link></item>
<item><title>Photo</title><link>http://a.example/4</link>
<enclosure url="http://a.example/4.jpg" type="image/jpeg" length="3"/></item></channel></rss>"""


def test_recordings_are_no_pages() -> None:
    entries = read_entries(PODCAST.encode())

    assert [entry.link for entry in entries] == [None, None, "http://a.example/3", "http://a.example/4"]
    assert [entry.media for entry in entries] == [
        ("http://a.example/1.mp3",),
        ("http://a.example/2.mp3",),
        (),
        (),
    ]
    assert entries[1].hints["feed.summary"] == "Notes."


def test_the_fields_of_modules_do_not_take_the_place_of_the_title() -> None:
    assert read_entries(PODCAST.encode())[2].hints["feed.title"] == "The whole title"


def test_an_episode_without_a_page_is_dropped_or_taken_for_its_notes(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts |= {"/pod": answer(200, PODCAST.encode())}
    server.scripts |= {path: answer(200, b"<!doctype html><p>News</p>") for path in ("/3", "/4")}

    source = open_source(entry("feed", "http://a.example/pod"), fetcher=fetcher, memory=memory)
    first, second, *pages = [visit.result for visit in collect(source, memory)]

    assert first == Drop(Outcome.DROPPED, "media_only")
    assert isinstance(second, Document)
    assert (second.kind, second.body, second.discovered_url) == (DocumentKind.FRAGMENT, b"Notes.", None)
    assert [isinstance(page, Document) for page in pages] == [True, True]
    assert server.asked("/1.mp3") == server.asked("/2.mp3") == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("<title>Sponsored: a car</title>", "Sponsored"),
        ("<title>[Anzeige] Ein Auto</title>", "Anzeige"),
        ("<title>A car</title><category>Conteúdo Patrocinado</category>", "Conteúdo Patrocinado"),
        ("<title>خبر</title><category>محتوى مدفوع</category>", "محتوى مدفوع"),
        ("<title>Sponsored riders win the race</title>", None),
        ("<title>Werbung im Fernsehen: neue Regeln</title>", None),
        ("<title>Cars</title><category>Advertising industry</category>", None),
    ],
)
def test_what_the_feed_calls_an_advertisement_is_told(facts: str, said: str | None) -> None:
    body = f"<rss version='2.0'><channel><item>{facts}<link>http://a.example/</link></item></channel></rss>"
    (found,) = read_entries(body.encode())

    assert found.hints.get("feed.sponsored") == said


def test_a_feed_says_its_title_its_site_and_its_language() -> None:
    feeds = [read_feed(body.encode()) for body in (RSS, ATOM, JSON_FEED)]

    assert [(feed.title, feed.language) for feed in feeds] == [("Paper", "ar"), ("Paper", None), ("P", "de")]


@pytest.mark.parametrize("prefix", ["", "atom:", "a:"])
def test_atom_with_any_prefix_is_read(prefix: str) -> None:
    space = f"xmlns{':' + prefix[:-1] if prefix else ''}"
    body = f"""<{prefix}feed {space}="http://www.w3.org/2005/Atom"><{prefix}title>P</{prefix}title><{prefix}entry>
    <{prefix}id>1</{prefix}id><{prefix}title>T</{prefix}title><{prefix}link href="http://a.example/1"/></{prefix}entry>
    </{prefix}feed>"""

    assert [found.link for found in read_entries(body.encode())] == ["http://a.example/1"]
