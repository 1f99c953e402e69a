import gzip

import pytest

from ingestion.article import Document, DocumentKind, Drop, Outcome, Rejected, RejectedPayload
from ingestion.errors import Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.sources import open_source
from ingestion.sources.limits import Limits
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.conftest import InMemory, collect, entry

FEED = "http://paper.example/rss"
HTML = b"<!doctype html><html><body><p>News</p></body></html>"


def feed(*links: str) -> bytes:
    items = "".join(
        f"<item><title>T{n}</title><link>{link}</link><guid>g{n}</guid></item>"
        for n, link in enumerate(links)
    )
    return f"<rss version='2.0'><channel><title>Paper</title>{items}</channel></rss>".encode()


def test_each_link_becomes_one_document_with_what_the_feed_said(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("http://paper.example/1"), Content_Type="application/rss+xml")
    server.scripts["/1"] = answer(200, HTML, Content_Type="text/html; charset=utf-8", ETag='"v1"')

    (visit,) = collect(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory), memory)

    found = visit.result
    assert isinstance(found, Document)
    assert (found.kind, found.body, found.locator) == (DocumentKind.PAGE, HTML, "http://paper.example/1")
    assert (found.source.id, found.source.item_id, found.run_id) == ("paper-feed", "g0", "run-1")
    assert (found.hints["feed.title"], found.charset, found.http_status) == ("T0", "utf-8", 200)
    assert found.robots
    assert memory.visits["http://paper.example/1"].validators.etag == '"v1"'
    assert memory.health == [("paper-feed", None)]


def test_links_are_visited_once_per_listing_whatever_their_fragments(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("http://paper.example/1#top", "/1", "http://paper.example/1"))
    server.scripts["/1"] = answer(200, HTML)

    visits = collect(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory), memory)

    assert len(visits) == len(server.asked("/1")) == 1


def test_a_link_visited_a_moment_ago_is_left_out_until_it_is_due(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("/1"))
    server.scripts["/1"] = answer(200, HTML)
    source = open_source(entry("feed", FEED, recheck_seconds=600), fetcher=fetcher, memory=memory)

    counts = [len(collect(source, memory)), len(collect(source, memory))]
    memory.age(600)
    counts.append(len(collect(source, memory)))

    assert counts == [1, 0, 1]


def test_unchanged_pages_are_asked_for_with_their_validators(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("/1"), ETag='"list"')
    server.scripts["/1"] = answer(200, HTML, ETag='"v1"')
    source = open_source(entry("feed", FEED, recheck_seconds=0), fetcher=fetcher, memory=memory)
    collect(source, memory)
    server.scripts["/rss"] = answer(304)
    server.scripts["/1"] = answer(304)

    (visit,) = collect(source, memory)
    collect(source, memory)

    assert visit.result == Drop(Outcome.UNCHANGED, "")
    assert all('If-None-Match: "v1"' in request for request in server.asked("/1")[1:])
    assert all('If-None-Match: "list"' in request for request in server.asked("/rss")[1:])
    assert len(server.asked("/rss")) == 3


def test_what_robots_disallow_is_dropped(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("/private/1"))
    server.scripts["/robots.txt"] = answer(200, b"User-agent: *\nDisallow: /private/")

    (visit,) = collect(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory), memory)

    assert visit.result == Drop(Outcome.DROPPED, "robots_disallowed")


@pytest.mark.parametrize(
    ("script", "error", "kind", "transient"),
    [
        (answer(404, b"gone away"), "HttpFailure", RejectedPayload.BYTES, False),
        (answer(410), "HttpFailure", RejectedPayload.LINK, False),
        (answer(503), "Unreachable", RejectedPayload.LINK, True),
        (answer(302, Location="http://127.0.0.1:9/"), "Refused", RejectedPayload.LINK, False),
        (
            answer(200, gzip.compress(b"0" * 5_000_000, mtime=0), Content_Encoding="gzip"),
            "TooLarge",
            RejectedPayload.LINK,
            False,
        ),
        (answer(200, b"\x89PNG\r\n\x1a\n" + bytes(99)), "Unreadable", RejectedPayload.BYTES, False),
        (answer(200, feed("/1")), "Unreadable", RejectedPayload.BYTES, False),
    ],
)
def test_a_link_that_fails_is_told_and_the_next_is_visited(  # noqa: PLR0913
    server: ScriptedServer,
    fetcher: PoliteFetcher,
    memory: InMemory,
    *,
    script: bytes,
    error: str,
    kind: RejectedPayload,
    transient: bool,
) -> None:
    server.scripts["/rss"] = answer(200, feed("/bad", "/good"))
    server.scripts["/bad"] = script
    server.scripts["/good"] = answer(200, HTML)

    bad, good = collect(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory), memory)

    assert isinstance(bad.result, Rejected)
    assert isinstance(good.result, Document)
    assert (bad.result.error, bad.result.payload_kind, bad.result.transient) == (error, kind, transient)
    assert bad.result.payload
    assert (bad.visited is None) is transient


def test_a_dead_link_that_stays_in_the_feed_makes_one_dead_letter(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("/1"))
    server.scripts["/1"] = answer(404, b"gone away")
    source = open_source(entry("feed", FEED, recheck_seconds=0), fetcher=fetcher, memory=memory)
    results = [visit.result for _ in range(3) for visit in collect(source, memory)]
    server.scripts["/1"] = answer(410, b"gone for good")
    results += [visit.result for visit in collect(source, memory)]

    assert isinstance(results[0], Rejected)
    assert results[1:3] == [Drop(Outcome.UNCHANGED, "")] * 2
    assert isinstance(results[3], Rejected)


def test_a_link_of_another_scheme_is_refused_and_told(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("mailto:desk@paper.example"))

    (visit,) = collect(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Rejected)
    assert (visit.result.error, visit.result.payload) == ("Refused", b"mailto:desk@paper.example")


def test_a_run_takes_its_limit_and_the_next_run_the_rest(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("/1", "/2", "/3"), ETag='"list"')
    server.scripts |= {f"/{n}": answer(200, HTML) for n in (1, 2, 3)}
    source = open_source(entry("feed", FEED), fetcher=fetcher, memory=memory, limits=Limits(max_visits=2))

    first = collect(source, memory)
    server.scripts["/rss"] = answer(304)
    second = collect(source, memory)

    assert (len(first), len(second)) == (2, 1)
    assert [len(server.asked(f"/{n}")) for n in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_a_listing_that_is_something_else_is_told_once_with_its_bytes(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, kind: str
) -> None:
    server.scripts["/rss"] = answer(200, HTML, Content_Type="application/rss+xml")

    (visit,) = collect(open_source(entry(kind, FEED), fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Rejected)
    assert visit.result.message == f"not a {kind}: an HTML page was found instead"
    assert (visit.result.payload, visit.result.payload_kind) == (HTML, RejectedPayload.BYTES)
    (again,) = collect(open_source(entry(kind, FEED), fetcher=fetcher, memory=memory), memory)
    assert again.result == Drop(Outcome.UNCHANGED, "")
    assert memory.health[-1][0] == f"paper-{kind}"
    assert visit.result.message in (memory.health[-1][1] or "")


def test_a_listing_that_is_gone_is_told_once(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(410, b"no more")

    (visit,) = collect(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Rejected)
    assert (visit.result.error, visit.result.payload) == ("HttpFailure", b"no more")
    assert memory.health[-1][1]


def test_a_listing_that_cannot_be_reached_is_raised_and_noted(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(503)

    with pytest.raises(Unreachable):
        list(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory).visits("run-1"))

    assert "503" in (memory.health[-1][1] or "")


def test_nothing_is_remembered_before_the_source_is_settled(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/rss"] = answer(200, feed("/1"), ETag='"list"')
    server.scripts["/1"] = answer(200, HTML)

    list(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory).visits("run-1"))

    assert memory == InMemory()


def test_pages_are_visited_as_they_are_listed(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts |= {"/1": answer(200, HTML), "/2": answer(200, b'{"headline": "x"}')}
    pages = entry("page", "http://paper.example/1", "http://paper.example/2", "http://paper.example/3")

    visits = collect(open_source(pages, fetcher=fetcher, memory=memory), memory)

    kinds = [getattr(visit.result, "kind", None) for visit in visits]
    assert kinds == [DocumentKind.PAGE, DocumentKind.JSON, None]
    assert memory.health[-1][1] == "http://paper.example/3: HttpFailure: 404 Status from paper.example"


def test_an_entry_without_a_link_is_taken_for_what_it_carries(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    body = b"<rss version='2.0'><channel><item><title>A</title><description>Text</description></item>"
    server.scripts["/rss"] = answer(200, body + b"<item><title>B</title></item></channel></rss>")

    visits = collect(open_source(entry("feed", FEED), fetcher=fetcher, memory=memory), memory)

    carried, bare = (visit.result for visit in visits)
    assert isinstance(carried, Document)
    assert (carried.kind, carried.body) == (DocumentKind.FRAGMENT, b"Text")
    assert bare == Drop(Outcome.DROPPED, "no_link")
