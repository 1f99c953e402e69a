from io import BytesIO

import fastfeedparser
import feedparser
import pytest

from ingestion.errors import Unreadable
from ingestion.sources.entries import read_entries
from tests.unit.sources.conftest import Samples

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


def test_every_entry_that_either_parser_finds_is_found(samples: Samples) -> None:
    found, either = {}, {}
    for path in sorted(samples("feeds").iterdir()):
        body = path.read_bytes()
        counts = [len(feedparser.parse(BytesIO(body))["entries"])]
        try:
            counts.append(len(fastfeedparser.parse(body)["entries"]))
        except ValueError:
            counts.append(0)
        either[path.name] = max(counts)
        try:
            found[path.name] = len(read_entries(body))
        except Unreadable:
            found[path.name] = 0

    assert len(found) == 20
    assert all(found[name] >= either[name] for name in found), (found, either)
    assert sum(found.values()) > 350


def test_entries_of_real_feeds_have_a_link_or_a_text(samples: Samples) -> None:
    for path in samples("feeds").glob("real_*"):
        for entry in read_entries(path.read_bytes()):
            assert entry.link or entry.content, path.name
            assert entry.hints["feed.published"], path.name


def test_a_feed_that_hides_its_character_set_keeps_its_letters() -> None:
    feed = "<rss><channel><item><title>Été à la plage</title><link>http://a.example/</link></item></channel></rss>"
    (entry,) = read_entries(feed.encode("cp1252"))

    assert entry.hints["feed.title"] == "Été à la plage"
