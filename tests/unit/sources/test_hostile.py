"""Whatever bytes come, nothing but our own faults is raised, and everything can be written down."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion.article import Document, Drop, Publisher, Rejected, SourceRef
from ingestion.codec import encode
from ingestion.errors import Permanent, Unreadable
from ingestion.source_ports import Fetched, Link, Validators
from ingestion.sources.article_links import Anchor, score
from ingestion.sources.candidates import named_by_page
from ingestion.sources.catalogue import LinkRules
from ingestion.sources.contents import Content, results
from ingestion.sources.documents import Origin
from ingestion.sources.entries import read_feed
from ingestion.sources.files import FilesSource
from ingestion.sources.front_page import FrontPageReader, page_tree
from ingestion.sources.limits import Limits
from ingestion.sources.links import unique
from ingestion.sources.opml import read_opml, web_address, write_opml
from ingestion.sources.site_facts import site_facts
from ingestion.sources.sitemap import read_sitemap
from ingestion.sources.sniff import Form, sniff

ORIGIN = Origin(source=SourceRef(id="s", kind="files"), publisher=Publisher(id="unknown"), run_id="r")
LIMITS = Limits(max_bytes=200_000)
PIECES = [
    *(
        b"<rss>",
        b"<rss version='2.0'>",
        b"<channel>",
        b"<item>",
        b"</item>",
        b"<link>",
        b"</link>",
        b"<guid>",
    ),
    *(b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"</entry>", b"<pubDate>", b"9999-99-99"),
    *(b"<urlset>", b"<url>", b"<loc>", b"</loc>", b"</url>", b"<sitemapindex>", b"<sitemap>", b"<lastmod>"),
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"&#xD800;", b"&#0;", b"<![CDATA[", b"]]>", b"<?xml ?>"),
    *(b'<?xml version="1.0" encoding="utf-16"?>', b"<!--", b"-->", b"http://x.example/", b"http://[", b"//"),
    *(b'{"version": "https://jsonfeed.org/version/1", "items": [', b'{"id": 7, "url": 8, "tags": 9}', b"]}"),
    *(b'{"title": "\\ud800", "url": "x"}', b"[", b"{", b"null", b"1e999", b'{"authors": [1]}', b"\n", b","),
    *(
        b"WARC/1.0\r\n",
        b"WARC-Type: response\r\n",
        b"Content-Length: 9\r\n",
        b"Content-Length: -1\r\n",
        b"\r\n",
    ),
    *(
        b"WARC-Date: x\r\n",
        b"Content-Type: application/http\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"\x1f\x8b",
        b"\x00",
    ),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x0b", "ü أ 記".encode(), b"Content-Encoding: br\r\n"),
]
JUNK = st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join))
MARKUP = [
    *("<a href='/2026/11/22/a-b-c-d'>", "<a href='//['>", "<a href='?id=12345678'>", "</a>", "<h2>", "</h2>"),
    *("<base href='ftp://x/'>", "<link rel='feed' href='/feed'>", "<link rel='alternate' href='http://['>"),
    *("<html lang='\ud800'>".encode("utf-8", "replace").decode(), "<nav class=''>", "<main role=''>"),
    *('<script type=\'application/ld+json\'>{"@type": "Organization", "address": [1]}</script>', "T", "記事"),
    *("<a href='http://paper.example:99999/x'>", "<a href='/\x00'>", "<a rel='tag author' href='/x-y-z-1'>"),
]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(JUNK)
@example(b"<rss><channel><item>" * 3000)
@example(b"<a>" * 20_000)
@example(b"<!--" * 2000)
@example(b"<!doctype [" + b"]" * 5000)
@example(b" " * 8000 + b"<")
def test_any_bytes_as_a_feed_are_entries_or_unreadable(body: bytes) -> None:
    try:
        feed = read_feed(body)
    except Unreadable:
        return

    entries = feed.entries
    assert (feed.asked.seconds_after(datetime(2026, 11, 23, tzinfo=UTC)) or 1) > 0

    for entry in entries:
        assert all(text.encode() for text in entry.hints.values())
        assert entry.link is None or entry.link.encode()


@MANY
@given(JUNK)
@example(b"<urlset><url><loc>http://x.example/&#xDFFF;</loc></url></urlset>")
def test_any_bytes_as_a_sitemap_are_links_or_a_fault_of_ours(body: bytes) -> None:
    try:
        sitemap = read_sitemap(body, LIMITS)
    except Permanent:
        return

    assert all(link.url.encode() for link in (*sitemap.links, *sitemap.children))


@MANY
@given(JUNK, st.sampled_from([b"", b"<opml>", b"<opml version='1.0'><body>"]))
@example(b"<outline text='a' xmlUrl='http://x/'>" * 400, b"<opml>")
@example(b"<outline text='&#xD800;' xmlUrl='http://[/'/>", b"<opml>")
def test_any_bytes_as_a_list_of_feeds_are_feeds_or_a_fault_of_ours(body: bytes, start: bytes) -> None:
    try:
        outlines = read_opml(start + body)
    except Permanent:
        return

    assert write_opml(outlines, "t").startswith(b"<?xml")
    assert all(web_address(outline.url) != "" for outline in outlines)


@MANY
@given(JUNK, st.lists(st.sampled_from(MARKUP), max_size=12).map("".join))
@example(b"", "<a href='http://[/x'>T</a><base href='http://['><a href='/2026/11/22/a-b-c-d'>T</a>")
@example(b"\xff\xfe<\x00a\x00", "")
def test_any_bytes_as_a_front_page_are_links_or_a_fault_of_ours(body: bytes, markup: str) -> None:
    page = b"<!doctype html>" + markup.encode() + body
    answer = Fetched(
        url="http://paper.example/",
        status=200,
        headers={},
        content_type="text/html",
        charset=None,
        body=page,
        fetched_at=datetime.now(UTC),
        validators=Validators(),
    )
    try:
        tree = page_tree(ORIGIN, answer)
        reading = FrontPageReader(LinkRules()).read(ORIGIN, answer)
    except Permanent:
        return

    assert all(link.url.encode() and link.hints["front_page.score"] for link in reading.links)
    assert all(one.url.encode() for one in named_by_page(tree, answer.url))
    assert site_facts(tree, answer.url).domain == "paper.example"


@MANY
@given(st.text(max_size=80), st.text(max_size=80))
@example("http://x.example/\ud800", "T")
@example("http://x.example/%FF%FE?p=%", "T")
@example("http://x.example/" + "1" * 5000 + "?" + "id=1&" * 2000, "")
def test_any_address_has_a_score(path: str, text: str) -> None:
    for url in (f"http://x.example/{path}", f"http://x.example/?{path}"):
        assert str(score(Anchor(url=url, text=text)))


@MANY
@given(
    body=JUNK,
    suffix=st.sampled_from([".html", ".xml", ".json", ".ndjson", ".txt", ".warc", ""]),
    packed=st.booleans(),
)
@example(body=b"<rss><entry><_>&#xD800;", suffix=".xml", packed=False)
@example(
    body=b"<rss><channel><item><title>&#55296;</title></item></channel></rss>", suffix=".xml", packed=False
)
def test_any_file_ends_in_outcomes_that_can_be_written_down(
    tmp_path: Path, body: bytes, suffix: str, *, packed: bool
) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(gzip.compress(body) if packed else body)

    found = [visit.result for visit in FilesSource(path, limits=LIMITS).visits("r")]

    assert found or b"WARC/" in body
    assert all(isinstance(result, Drop) or encode(result) for result in found)


@MANY
@given(JUNK, st.sampled_from([None, "text/html", "application/json", "text/plain"]))
def test_any_content_becomes_documents_drops_or_dead_letters(body: bytes, content_type: str | None) -> None:
    content = Content(
        locator="x", name="", body=body, fetched_at=datetime.now(UTC), content_type=content_type
    )

    found = list(results(ORIGIN, content))

    assert found
    assert all(isinstance(result, Document | Drop | Rejected) for result in found)


@MANY
@given(st.text(max_size=60), st.text(max_size=60))
@example("http://[", "//[")
@example("http://x/", "\ud800")
def test_any_link_can_be_made_absolute_or_stays_what_it_is(base: str, url: str) -> None:
    (link,) = unique([Link(url=url, hints={"a": url})], base, 10)

    assert link.url.encode() is not None


@MANY
@given(JUNK)
def test_any_bytes_have_a_form(body: bytes) -> None:
    assert isinstance(sniff(body), Form)


@pytest.mark.parametrize("cut", [0, 1, 7, 100, 1000])
def test_a_form_does_not_change_with_what_comes_later(cut: int) -> None:
    html = b"<!doctype html>" + b" " * 9000

    assert sniff(html[: 8192 + cut]) is Form.HTML
