"""A listing that is read for years: what is news, what is noted of each reading, where it is read from."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion.article import Document, Drop, Outcome, Rejected
from ingestion.errors import Cause, Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.source_ports import (
    Listing,
    Source,
    SourceState,
    Visit,
)
from ingestion.sources import open_source
from ingestion.sources.limits import Limits
from ingestion.sources.listing import NOTHING_LISTED
from ingestion.state.database import StateDatabase
from ingestion.state.sources import SqlSourceMemory
from tests.unit.fetch.conftest import Script, ScriptedServer, answer
from tests.unit.sources.conftest import RUN, entry
from tests.unit.sources.test_links import FEED, HTML

MOVED = "http://new.example/feed"
OLD, NEW = "/rss", "/feed"


def feed(*links: str) -> bytes:
    """A feed whose items are named by the path of their page."""
    items = "".join(
        f"<item><title>{link.partition('?')[0]}</title><link>http://paper.example{link}</link>"
        f"<guid>{link.partition('?')[0]}</guid></item>"
        for link in links
    )
    return f"<rss version='2.0'><channel><title>Paper</title>{items}</channel></rss>".encode()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[SqlSourceMemory]:
    database = StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")
    yield SqlSourceMemory(database)
    database.close()


class Reader:
    """Reads one source again and again, as the walk does, and hands back what was noted of it."""

    def __init__(self, server: ScriptedServer, fetcher: PoliteFetcher, memory: SqlSourceMemory) -> None:
        self.server = server
        self.memory = memory
        self.fetcher = fetcher
        self.entry = entry("feed", FEED)
        self.limits = Limits()
        self.visits: list[Visit] = []
        server.scripts |= {f"/{n}": answer(200, HTML + str(n).encode()) for n in range(1, 10)}

    def source(self) -> Source:
        return open_source(self.entry, fetcher=self.fetcher, memory=self.memory, limits=self.limits)

    def read(self, script: bytes | None = None) -> SourceState:
        if script:
            self.server.scripts[OLD] = script
        source = self.source()
        self.visits = list(source.visits(RUN))
        self.memory.record_visits([visit.visited for visit in self.visits if visit.visited])
        source.settle()
        return self.state

    @property
    def state(self) -> SourceState:
        state = self.memory.state(self.entry.id)
        assert state
        return state

    def listing(self) -> Listing:
        listing = self.memory.listing(self.entry.id)
        assert listing
        return listing

    def results(self) -> list[object]:
        return [visit.result for visit in self.visits]


@pytest.fixture
def reader(server: ScriptedServer, fetcher: PoliteFetcher, memory: SqlSourceMemory) -> Reader:
    return Reader(server, fetcher, memory)


def test_new_links_are_those_that_the_last_listing_had_not(reader: Reader) -> None:
    first = reader.read(answer(200, feed("/1", "/2")))
    same = reader.read(answer(200, feed("/2", "/1")))
    more = reader.read(answer(200, feed("/3", "/1", "/2")))

    assert first.new_item_at == first.attempted_at
    assert same.new_item_at == first.attempted_at
    assert more.new_item_at == more.attempted_at
    assert (first.gap_seconds, same.gap_seconds) == (None, None)
    assert more.gap_seconds == 60


def test_an_item_that_keeps_its_name_under_another_address_is_not_new(reader: Reader) -> None:
    first = reader.read(answer(200, feed("/1?session=1")))
    second = reader.read(answer(200, feed("/1?session=2")))

    assert second.new_item_at == first.attempted_at


def test_an_unchanged_listing_is_a_success_without_news_whose_due_links_are_visited(reader: Reader) -> None:
    reader.limits = Limits(max_visits=1)
    first = reader.read(answer(200, feed("/1", "/2"), ETag='"1"'))
    second = reader.read(answer(304))

    assert [visit.visited and visit.visited.url for visit in reader.visits] == ["http://paper.example/2"]
    assert (second.succeeded_at, second.new_item_at) == (second.attempted_at, first.attempted_at)


def test_addresses_never_visited_come_before_those_that_are_visited_again(reader: Reader) -> None:
    reader.entry = entry("feed", FEED, recheck_seconds=0)
    reader.limits = Limits(max_visits=2)
    reader.read(answer(200, feed("/1", "/2", "/3", "/4", "/5")))
    reader.read()
    visited = [visit.visited.url[-1] for visit in reader.visits if visit.visited]
    reader.read()
    visited += [visit.visited.url[-1] for visit in reader.visits if visit.visited]

    assert visited == ["3", "4", "5", "1"]


def test_a_listing_with_more_links_than_a_run_visits_is_read_again_soon(reader: Reader) -> None:
    reader.limits = Limits(max_visits=1)
    first = reader.read(answer(200, feed("/1", "/2", "/3"), Cache_Control="max-age=80000"))
    second = reader.read()
    third = reader.read()

    assert max(first.interval_seconds, second.interval_seconds) <= 1800
    assert len(reader.server.asked("/3")) == 1
    assert third.failure is None


@pytest.mark.parametrize("broken", [answer(404), answer(200, HTML), answer(410), answer(403)])
def test_the_links_known_before_a_failure_are_not_news_after_it(reader: Reader, broken: bytes) -> None:
    first = reader.read(answer(200, feed("/1", "/2")))
    failed = reader.read(broken)
    kept = reader.listing()
    back = reader.read(answer(200, feed("/1", "/2")))

    assert [link.url[-1] for link in kept.links] == ["1", "2"]
    assert kept.failure
    assert (failed.failures_in_a_row, failed.new_item_at) == (1, first.attempted_at)
    assert failed.succeeded_at == first.succeeded_at
    assert (back.failure, back.cause, back.new_item_at) == (None, None, first.attempted_at)
    assert reader.listing().failure is None
    assert reader.visits == []


def test_links_that_have_vanished_are_noted_and_are_not_news_when_they_are_back(reader: Reader) -> None:
    first = reader.read(answer(200, feed("/1", "/2"), ETag='"1"'))
    empty = reader.read(answer(200, feed(), ETag='"2"'))
    still = reader.read(answer(304))
    back = reader.read(answer(200, feed("/1", "/2"), ETag='"3"'))

    assert (empty.failure, empty.failures_in_a_row, empty.succeeded_at) == (
        NOTHING_LISTED,
        0,
        empty.attempted_at,
    )
    assert still.failure == NOTHING_LISTED
    assert (back.failure, back.new_item_at) == (None, first.attempted_at)


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (answer(401), Cause.BLOCKED),
        (answer(403), Cause.BLOCKED),
        (answer(404), Cause.CLIENT_ERROR),
        (answer(410), Cause.GONE),
        (answer(451), Cause.BLOCKED),
        (answer(500), Cause.SERVER_ERROR),
        (answer(200, HTML), Cause.UNREADABLE),
        (answer(200, b"x" * 200_000), Cause.TOO_LARGE),
        (answer(302, Location="http://127.0.0.1:9/"), Cause.ADDRESS),
    ],
)
def test_each_failure_has_its_cause_and_is_told_once(reader: Reader, script: bytes, cause: Cause) -> None:
    first = reader.read(script)
    told = reader.results()
    second = reader.read(script)

    assert (first.cause, first.failures_in_a_row) == (cause, 1)
    assert isinstance(told[0], Rejected)
    assert (second.cause, second.failures_in_a_row) == (cause, 2)
    assert second.interval_seconds >= first.interval_seconds
    assert reader.results() == [Drop(Outcome.UNCHANGED, "")]


def test_a_broken_listing_that_is_said_to_be_unchanged_is_broken_still(reader: Reader) -> None:
    reader.read(answer(200, HTML, ETag='"1"'))
    state = reader.read(answer(304))

    assert (state.cause, state.failures_in_a_row) == (Cause.UNREADABLE, 2)
    assert reader.results() == [Drop(Outcome.UNCHANGED, "")]


def test_a_listing_that_robots_disallow_is_a_failure_of_that_cause(reader: Reader) -> None:
    reader.server.scripts["/robots.txt"] = answer(200, b"User-agent: *\nDisallow: /rss")
    state = reader.read(answer(200, feed("/1")))

    assert (state.cause, state.failures_in_a_row) == (Cause.ROBOTS, 1)
    assert reader.results() == [Drop(Outcome.DROPPED, "robots_disallowed")]


def test_what_cannot_be_reached_is_noted_at_once_and_keeps_the_listing(reader: Reader) -> None:
    reader.read(answer(200, feed("/1"), ETag='"1"'))
    before = reader.listing()
    with pytest.raises(Unreachable):
        reader.read(answer(503, Retry_After="7200"))

    assert reader.state.failures_in_a_row == 1
    assert reader.state.interval_seconds > 7000
    assert reader.listing() == before


def hang_up(connection: socket.socket, request: str) -> None:
    del request
    connection.close()


def stall(connection: socket.socket, request: str) -> None:
    del request
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    connection.recv(1)


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (hang_up, Cause.CONNECTION),
        (stall, Cause.TIMEOUT),
        (answer(500), Cause.SERVER_ERROR),
        (answer(503), Cause.SERVER_ERROR),
        (answer(429), Cause.RATE_LIMITED),
    ],
)
def test_what_may_pass_has_its_cause_too(reader: Reader, script: Script | bytes, cause: Cause) -> None:
    reader.server.scripts[OLD] = script
    with suppress(Unreachable):
        reader.read()

    assert (reader.state.cause, reader.state.failures_in_a_row) == (cause, 1)


def test_an_answer_that_is_fresh_is_not_asked_for_again(reader: Reader) -> None:
    reader.read(answer(200, feed("/1")))
    fresh = reader.read(answer(200, feed("/1"), Cache_Control="max-age=7200"))
    stale = reader.read(answer(200, feed("/1"), Cache_Control="max-age=0"))
    for_ever = reader.read(answer(200, feed("/1"), Cache_Control="max-age=31536000"))

    assert 7200 <= fresh.interval_seconds <= 7600
    assert stale.interval_seconds < 7200
    assert for_ever.interval_seconds == reader.entry.slowest_seconds


def test_a_source_that_says_it_is_gone_is_retired_and_comes_back(reader: Reader) -> None:
    reader.read(answer(200, feed("/1")))
    gone = reader.read(answer(410))
    back = reader.read(answer(200, feed("/2")))

    assert gone.gone_at == gone.attempted_at
    assert gone.due_at - gone.attempted_at >= timedelta(days=7)
    assert (back.gone_at, back.failures_in_a_row) == (None, 0)
    assert back.interval_seconds <= 1800


def test_what_the_feed_asks_for_holds_also_while_it_is_unchanged(reader: Reader) -> None:
    asking = feed("/1").replace(b"<channel>", b"<channel><ttl>90</ttl>")
    first = reader.read(answer(200, asking, ETag='"1"'))
    second = reader.read(answer(304))
    third = reader.read(answer(200, feed("/1", "/2"), ETag='"2"'))

    assert (first.ttl_seconds, second.ttl_seconds, third.ttl_seconds) == (5400, 5400, None)
    assert min(first.interval_seconds, second.interval_seconds) >= 5400
    assert third.interval_seconds < 5400


def test_nothing_is_noted_until_the_visits_are_acknowledged(reader: Reader) -> None:
    reader.read(answer(200, feed("/1"), ETag='"1"'))
    state, listing = reader.state, reader.listing()
    reader.server.scripts[OLD] = answer(200, feed("/1", "/2"), ETag='"2"')
    crashed = list(reader.source().visits(RUN))

    assert (reader.state, reader.listing()) == (state, listing)
    assert 'If-None-Match: "1"' in reader.server.asked(OLD)[-1]
    again = reader.read()
    assert [isinstance(result, Document) for result in reader.results()] == [True]
    assert reader.visits[0].result.locator == crashed[0].result.locator  # type: ignore[union-attr]
    assert again.new_item_at == again.attempted_at


def test_a_crash_between_the_visits_and_the_listing_visits_nothing_twice(reader: Reader) -> None:
    reader.server.scripts[OLD] = answer(200, feed("/1", "/2"), ETag='"1"')
    visits = list(reader.source().visits(RUN))
    reader.memory.record_visits([visit.visited for visit in visits if visit.visited])
    state = reader.read()

    assert reader.visits == []
    assert (len(reader.server.asked("/1")), state.new_item_at) == (1, state.attempted_at)


def test_a_source_that_has_moved_is_read_from_its_new_address(reader: Reader) -> None:
    reader.server.scripts[NEW] = answer(200, feed("/1"), ETag='"1"')
    first = reader.read(answer(301, Location=MOVED))
    reader.server.scripts[NEW] = answer(304)
    second = reader.read()

    assert (first.moved_to, first.moved_from) == (MOVED, FEED)
    assert (second.moved_to, second.failure) == (MOVED, None)
    assert (len(reader.server.asked(OLD)), len(reader.server.asked(NEW))) == (1, 2)
    assert 'If-None-Match: "1"' in reader.server.asked(NEW)[-1]


@pytest.mark.parametrize("broken", [answer(404), answer(410), answer(503), answer(200, HTML)])
def test_a_new_address_that_fails_gives_way_to_the_one_of_the_catalogue(
    reader: Reader, broken: bytes
) -> None:
    reader.server.scripts[NEW] = answer(200, feed("/1"), ETag='"1"')
    reader.read(answer(301, Location=MOVED))
    reader.server.scripts[NEW] = broken
    state = reader.read(answer(200, feed("/1", "/2"), ETag='"other"'))

    assert (state.moved_to, state.failure, state.gone_at) == (None, None, None)
    assert [isinstance(result, Document) for result in reader.results()] == [True]
    assert "If-None-Match" not in reader.server.asked(OLD)[-1]


def test_where_both_addresses_fail_it_is_the_catalogues_that_is_told(reader: Reader) -> None:
    reader.server.scripts[NEW] = answer(200, feed("/1"))
    reader.read(answer(301, Location=MOVED))
    reader.server.scripts[NEW] = answer(404)
    state = reader.read(answer(403))

    assert (state.cause, state.failures_in_a_row, state.moved_to) == (Cause.BLOCKED, 1, MOVED)


def test_an_address_that_leads_to_no_feed_is_not_moved_to(reader: Reader) -> None:
    reader.server.scripts[NEW] = answer(200, HTML)
    state = reader.read(answer(301, Location=MOVED))

    assert (state.cause, state.moved_to) == (Cause.UNREADABLE, None)


def test_a_new_link_that_cannot_be_had_now_is_tried_again_soon(reader: Reader) -> None:
    reader.server.scripts["/1"] = answer(503)
    state = reader.read(answer(200, feed("/1"), Cache_Control="max-age=80000"))
    reader.server.scripts["/1"] = answer(200, HTML)
    reader.read()

    assert state.interval_seconds <= 1800
    assert [isinstance(result, Document) for result in reader.results()] == [True]


def test_a_part_of_a_listing_that_is_offered_again_is_no_news(reader: Reader) -> None:
    reader.entry = entry("sitemap", FEED)
    index = b"<sitemapindex><sitemap><loc>http://paper.example/a.xml</loc></sitemap></sitemapindex>"
    pages = b"<urlset><url><loc>http://paper.example/1</loc></url></urlset>"
    more = pages.replace(b"</urlset>", b"<url><loc>http://paper.example/2</loc></url></urlset>")
    reader.server.scripts["/a.xml"] = answer(200, pages)
    first = reader.read(answer(200, index))
    second = reader.read(answer(200, index + b" "))
    third = reader.read(answer(200, index + b"  "))
    reader.server.scripts["/a.xml"] = answer(200, more)
    fourth = reader.read(answer(200, index + b"   "))

    assert {second.new_item_at, third.new_item_at} == {first.attempted_at}
    assert fourth.new_item_at == fourth.attempted_at


def test_a_list_of_pages_has_news_when_a_page_has_changed(reader: Reader) -> None:
    reader.entry = entry("page", "http://paper.example/1", recheck_seconds=0)
    reader.server.scripts["/1"] = answer(200, HTML, ETag='"1"')
    first = reader.read()
    reader.server.scripts["/1"] = answer(304)
    second = reader.read()
    reader.server.scripts["/1"] = answer(200, HTML + b"more", ETag='"2"')
    third = reader.read()

    assert first.new_item_at == second.new_item_at == first.attempted_at
    assert third.new_item_at == third.attempted_at


def test_one_page_of_several_that_fails_is_a_failure_of_a_part(reader: Reader) -> None:
    urls = ("http://paper.example/1", "http://paper.example/dead")
    reader.entry = entry("page", *urls, recheck_seconds=0)
    part = reader.read()
    again = reader.read()
    reader.server.scripts["/1"] = answer(404)
    whole = reader.read()

    assert (part.failures_in_a_row, again.failures_in_a_row, whole.failures_in_a_row) == (0, 0, 1)
    assert part.failure == again.failure
    assert (part.failure or "").startswith("http://paper.example/dead: ")
    assert (part.cause, whole.cause) == (Cause.CLIENT_ERROR, Cause.CLIENT_ERROR)


def test_pages_are_read_no_sooner_than_they_are_to_be_visited_again(reader: Reader) -> None:
    reader.entry = entry("page", "http://paper.example/dead", recheck_seconds=7200)
    first = reader.read()
    early = reader.read()

    assert first.interval_seconds >= 900
    assert (early.failure, early.attempted_at) == (first.failure, first.attempted_at)
    assert reader.visits == []
    assert early.due_at >= first.due_at
