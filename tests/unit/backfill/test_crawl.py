"""A crawl of sitemaps that is stopped between any two files ends with the same listing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import msgspec
import pytest

from ingestion.article import Publisher, Rejected, SourceRef
from ingestion.backfill import crawl as crawling
from ingestion.backfill.crawl import Crawl, Failed, Listing, Window, told
from ingestion.errors import HttpFailure, Permanent, Transient, Unreachable
from ingestion.source_ports import Disallowed, Fetched, Validators
from ingestion.sources.catalogue import LinkRules
from ingestion.sources.documents import Origin
from ingestion.sources.interrupt import Interrupted
from ingestion.sources.limits import Limits
from ingestion.sources.link_rules import LinkChoice

ROOT = "http://p.example/sitemap.xml"
JANUARY = Window(since=date(2026, 1, 1), until=date(2026, 1, 31))
NOWHERE: dict[str, str] = {}


def index(*paths: str) -> str:
    found = "".join(f"<sitemap><loc>http://p.example{path}</loc></sitemap>" for path in paths)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{found}</sitemapindex>'


def pages(*paths: str) -> str:
    found = "".join(f"<url><loc>http://p.example{path}</loc></url>" for path in paths)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{found}</urlset>'


@dataclass
class Server:
    """Answers by address; an answer may be a fault."""

    answers: Mapping[str, str | Permanent | Transient | Disallowed]
    asked: list[str] = field(default_factory=list)

    def fetch(
        self, url: str, known: Validators | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | Disallowed:
        assert known is None
        assert headers is None
        path = url.removeprefix("http://p.example")
        self.asked.append(path)
        found = self.answers.get(path, HttpFailure("404 from p.example", status=404))
        if isinstance(found, Permanent | Transient):
            raise found
        if isinstance(found, Disallowed):
            return found
        return Fetched(
            url=url,
            status=200,
            headers={},
            content_type="application/xml",
            charset=None,
            body=found.encode(),
            fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
            validators=Validators(),
        )


TREE: dict[str, str | Permanent | Transient | Disallowed] = {
    "/sitemap.xml": index("/a.xml", "/b.xml", "/deep.xml", "/gone.xml", "/down.xml", "/shut.xml", "/bad.xml"),
    "/a.xml": pages("/2026/01/02/x", "/2026/01/09/y", "/2025/12/31/z", "/about"),
    "/b.xml": pages("/2026/01/09/y", "/2026/01/01/w"),
    "/deep.xml": index("/deeper.xml", "/a.xml", "/sitemap.xml"),
    "/deeper.xml": pages("/2026/01/31/v"),
    "/down.xml": Unreachable("p.example did not answer"),
    "/shut.xml": Disallowed("disallowed by robots.txt"),
    "/bad.xml": "no sitemap at all",
}


def crawl(server: Server, listing: Listing | None = None, *, window: Window = JANUARY) -> Crawl:
    made = Crawl(server, LinkChoice(LinkRules()), Limits(), window, listing or Listing())
    made.begin(ROOT)
    return made


def whole(**changes: object) -> Listing:
    found = crawl(Server(TREE), **changes)  # type: ignore[arg-type]
    found.run(lambda: None)
    return found.listing


def paths(listing: Listing) -> list[str]:
    return [address.url.removeprefix("http://p.example") for address in listing.addresses]


def test_the_addresses_of_the_days_are_found_once_and_in_the_order_of_their_days() -> None:
    listing = whole()

    assert listing.complete
    assert paths(listing) == ["/2026/01/01/w", "/2026/01/02/x", "/2026/01/09/y", "/2026/01/31/v"]
    assert (listing.outside, listing.undated) == (1, 1)
    assert {(failed.url.rpartition("/")[2], failed.error) for failed in listing.failed} == {
        ("gone.xml", "HttpFailure"),
        ("down.xml", "Unreachable"),
        ("shut.xml", "robots_disallowed"),
        ("bad.xml", "Unreadable"),
    }


def test_pages_without_a_day_come_last_when_they_are_asked_for() -> None:
    listing = whole(window=Window(since=JANUARY.since, until=JANUARY.until, undated=True))

    assert paths(listing)[-1] == "/about"
    assert listing.undated == 0


@pytest.mark.parametrize("stop_after", range(1, 9))
def test_stopped_between_two_files_it_goes_on_and_finds_the_same(stop_after: int) -> None:
    server, files = Server(TREE), 0

    def between() -> None:
        nonlocal files
        files += 1
        if files == stop_after:
            raise Interrupted

    begun = crawl(server)
    with pytest.raises(Interrupted):
        begun.run(between)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(begun.listing), type=Listing)
    resumed = crawl(server, kept)
    resumed.run(lambda: None)

    assert paths(resumed.listing) == paths(whole())
    assert sorted(server.asked) == sorted({*TREE, "/gone.xml"})


def test_a_first_sitemap_that_does_not_answer_is_asked_again_another_time() -> None:
    begun = crawl(Server({"/sitemap.xml": Unreachable("not now")}))
    with pytest.raises(Unreachable):
        begun.run(lambda: None)

    resumed = crawl(Server(TREE), begun.listing)
    resumed.run(lambda: None)

    assert paths(resumed.listing) == paths(whole())


def test_a_crawl_has_bounds_and_tells_what_is_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "MAX_ADDRESSES", 2)
    monkeypatch.setattr(crawling, "MAX_SITEMAPS", 4)

    listing = whole()

    assert len(listing.addresses) == 2
    assert listing.left_out == 1
    assert len(listing.seen) == 4
    assert [failed.error for failed in listing.failed].count("TooLarge") == 5


@pytest.mark.parametrize("error", ["HttpFailure", "Unreachable", "TooLarge", "Refused", "Unreadable", "Else"])
def test_a_failed_sitemap_is_a_dead_letter_with_its_address(error: str) -> None:
    origin = Origin(source=SourceRef(id="s", kind="sitemap"), publisher=Publisher(id="p"), run_id="r")

    letter = told(origin, Failed(ROOT, error, "why"))

    assert isinstance(letter, Rejected)
    assert (letter.locator, letter.payload, letter.message) == (ROOT, ROOT.encode(), "why")
    assert letter.error == (error if error != "Else" else "Permanent")
    assert letter.transient is (error == "Unreachable")
