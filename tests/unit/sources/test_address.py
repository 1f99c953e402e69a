import pytest

from ingestion.article import Document, DocumentKind, Drop, Outcome, Rejected
from ingestion.errors import Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.sources.address import from_url
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.conftest import InMemory, collect

URL = "http://paper.example/x"
PAGE = b"<!doctype html><p>News</p>"
RSS = b"<rss><channel><item><link>http://paper.example/1</link></item></channel></rss>"
URLSET = b"<urlset><url><loc>http://paper.example/1</loc></url></urlset>"


@pytest.mark.parametrize(
    ("body", "kind", "locator"),
    [
        (PAGE, "page", URL),
        (b"plain words", "page", URL),
        (RSS, "feed", "http://paper.example/1"),
        (URLSET, "sitemap", "http://paper.example/1"),
    ],
)
def test_an_address_is_what_comes_back_from_it(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, *, body: bytes, kind: str, locator: str
) -> None:
    server.scripts |= {"/x": answer(200, body), "/1": answer(200, PAGE)}

    source = from_url(URL, fetcher=fetcher, memory=memory)
    (visit,) = collect(source, memory)

    assert source.ref.kind == kind
    assert source.publisher.id == "paper.example"
    assert isinstance(visit.result, Document)
    assert visit.result.locator == locator
    assert len(server.asked("/x")) == 1


def test_robots_txt_leads_to_the_sitemaps_that_it_names(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts |= {
        "/robots.txt": answer(200, b"Sitemap: http://paper.example/map.xml"),
        "/map.xml": answer(200, URLSET),
        "/1": answer(200, PAGE),
    }

    source = from_url("http://paper.example/robots.txt", fetcher=fetcher, memory=memory)
    (visit,) = collect(source, memory)

    assert source.ref.kind == "sitemap"
    assert isinstance(visit.result, Document)


@pytest.mark.parametrize("body", [PAGE, RSS])
def test_a_second_time_everything_is_unchanged(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, body: bytes
) -> None:
    server.scripts |= {"/x": answer(200, body, ETag='"1"'), "/1": answer(200, PAGE, ETag='"2"')}
    collect(from_url(URL, fetcher=fetcher, memory=memory), memory)
    server.scripts |= {"/x": answer(304), "/1": answer(304)}

    (visit,) = collect(from_url(URL, fetcher=fetcher, memory=memory), memory)

    assert visit.result == Drop(Outcome.UNCHANGED, "")
    assert len(server.asked("/x")) == 2


def test_a_failure_comes_out_when_the_source_is_read(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/x"] = answer(404, b"no")

    (visit,) = collect(from_url(URL, fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Rejected)
    assert (visit.result.error, visit.result.payload) == ("HttpFailure", b"no")


def test_an_unreachable_address_is_a_dead_letter_that_may_be_tried_again(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/x"] = answer(503)

    (visit,) = collect(from_url(URL, fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Rejected)
    assert visit.result.error == Unreachable.__name__
    assert visit.result.transient


def test_an_address_given_with_a_fragment_is_asked_for_once(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/x"] = answer(200, PAGE)

    (visit,) = collect(from_url(URL + "#part", fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Document)
    assert visit.result.kind is DocumentKind.PAGE
    assert len(server.asked("/x")) == 1
