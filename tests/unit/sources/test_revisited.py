"""Published articles are visited again by a plan: a real server, a real state, and a clock of the test's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import stamina

from ingestion import stages
from ingestion.article import Article, ChangeKind, Document, Drop, Gone, Outcome, Rejected
from ingestion.codec import encode
from ingestion.fetch.client import PoliteFetcher
from ingestion.fetch.policy import FetchPolicy
from ingestion.parse import parse
from ingestion.pipeline import gone_or, placed
from ingestion.ports import Record
from ingestion.source_ports import Visit
from ingestion.sources.feed import FeedReader
from ingestion.sources.limits import Limits
from ingestion.sources.links import Visitor
from ingestion.sources.listing import ListingSource
from ingestion.sources.revisited import RevisitedSource
from ingestion.state.claims import SqlMemory
from ingestion.state.database import StateDatabase
from ingestion.state.rechecks import SqlRechecks
from tests.unit.fetch.conftest import BEGIN, ScriptedServer, Time, answer
from tests.unit.sources.conftest import RUN, InMemory, collect, entry

FEED = "http://paper.example/rss"
UNCHANGED = Drop(Outcome.UNCHANGED, "")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = (
    "The night boat to the outer islands will run again from Friday, the harbour board said on Thursday.",
    "It had been laid up since March, when an inspector found rust in the hull of the Marigold.",
    "Tickets cost 12 crowns, and children under the age of seven travel with their parents for nothing.",
)


def rss(*paths: str, updated: datetime | None = None) -> bytes:
    told = f"<a:updated>{updated.isoformat()}</a:updated>" if updated else ""
    items = "".join(
        f"<item><title>Boat {path}</title><link>http://paper.example{path}</link>{told}</item>"
        for path in paths
    )
    feed = f"<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel>{items}</channel></rss>"
    return answer(200, feed.encode(), Content_Type="application/rss+xml")


def page(path: str, *more: str, published: datetime = BEGIN) -> bytes:
    body = "".join(f"<p>{text}</p>" for text in (f"This is the story of {path}.", *TEXT, *more))
    html = f"""<html lang="en"><head><title>Boat {path}</title>
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Boat {path}",
"datePublished": "{published.isoformat()}"}}</script></head>
<body><article><h1>Boat {path}</h1>{body}</article></body></html>"""
    return answer(200, html.encode(), Content_Type="text/html; charset=utf-8")


@dataclass
class Desk:
    """A source that is read and transformed at the times a test chooses."""

    server: ScriptedServer
    fetcher: PoliteFetcher
    database: StateDatabase
    time: Time
    memory: InMemory = field(default_factory=InMemory)
    recheck_seconds: int | None = None
    most_per_host: int = 50
    records: list[Record] = field(default_factory=list)

    @property
    def source(self) -> RevisitedSource:
        rechecks = SqlRechecks(self.database)
        told = entry("feed", FEED, recheck_seconds=self.recheck_seconds)
        visitor = Visitor(told, self.fetcher, self.memory, Limits(), self.time.utc, rechecks)
        listing = ListingSource(told, FeedReader(), visitor, self.memory)
        return RevisitedSource(listing, visitor, self.memory, rechecks, self.most_per_host)

    def read(self, after: timedelta = timedelta(0)) -> list[Visit]:
        self.time.seconds += after.total_seconds()
        visits = collect(self.source, self.memory)
        self.transform([visit.result for visit in visits if isinstance(visit.result, Document)])
        return visits

    def transform(self, documents: Sequence[Document]) -> list[object]:
        """Do what `pipeline.transform` does with what came in."""
        results = [_prepared(self._logged(document), document) for document in documents]
        with SqlMemory(self.database).claims() as claims:
            return list(stages.claim_all(results, claims))

    def _logged(self, document: Document) -> Record:
        record = Record(
            topic="news.raw",
            partition=0,
            offset=len(self.records),
            key=b"",
            value=encode(document),
            headers={},
            timestamp=self.time.utc(),
        )
        self.records.append(record)
        return record

    def outcomes(self, after: timedelta) -> list[object]:
        """Read once, and tell what became of each visit: the kind of change, or the drop."""
        self.time.seconds += after.total_seconds()
        visits = collect(self.source, self.memory)
        documents = [visit.result for visit in visits if isinstance(visit.result, Document)]
        others = [visit.result for visit in visits if not isinstance(visit.result, Document)]
        return [*(_kind(result) for result in self.transform(documents)), *others]


def _prepared(record: Record, document: Document) -> Article | Gone | Drop:
    parsed = parse(document)
    if isinstance(parsed, Drop):
        return gone_or(parsed, document, record)
    return stages.prepare(placed(parsed, record))


def _kind(result: object) -> object:
    return (result.change and result.change.kind) if isinstance(result, Article) else result


@pytest.fixture
def desk(server: ScriptedServer, tmp_path: Path) -> Iterator[Desk]:
    policy = FetchPolicy(
        user_agent="example-newsbot/1.0 (+https://bot.example/)",
        min_interval_seconds=0.0,
        attempts=1,
        connect_to={"*.example": server.endpoint},
    )
    time, database = Time(), StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")
    with stamina.set_testing(testing=True, attempts=1), PoliteFetcher(policy, clock=time.clock()) as fetcher:
        yield Desk(server, fetcher, database, time)
    database.close()


def visited_at(desk: Desk, path: str, *, hours: int, every: timedelta = HOUR) -> list[float]:
    """The ages in hours at which a page was asked for, where the source is read so often."""
    ages = []
    for _ in range(round(hours * HOUR / every)):
        before = len(desk.server.asked(path))
        desk.read(every)
        if len(desk.server.asked(path)) > before:
            ages.append((desk.time.utc() - BEGIN) / HOUR)
    return ages


def test_a_listed_article_is_visited_by_its_plan_and_not_with_every_reading(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()

    assert visited_at(desk, "/1", hours=8 * 24) == [1, 6, 24, 168]


def test_an_article_that_is_listed_no_more_is_visited_all_the_same(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.server.scripts["/rss"] = rss("/2")

    assert visited_at(desk, "/1", hours=30) == [1, 6, 24]


def test_an_operator_may_ask_for_listed_pages_more_often_than_the_plan(desk: Desk) -> None:
    desk.recheck_seconds = 7_200
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()

    assert visited_at(desk, "/1", hours=8) == [1, 3, 5, 6, 8]


def test_a_page_that_the_listing_says_has_changed_does_not_wait_for_its_step(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.read(HOUR)
    desk.server.scripts["/rss"] = rss("/1", updated=BEGIN + 2 * HOUR)

    assert visited_at(desk, "/1", hours=4) == [2]


def test_an_article_that_has_just_changed_is_visited_within_the_hour(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.read(HOUR)
    desk.server.scripts["/1"] = page("/1", "The first crossing was sold out within an hour.")

    assert visited_at(desk, "/1", hours=12)[:4] == [6, 7, 8, 9]


def test_what_was_old_when_it_was_first_seen_has_no_plan(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1", published=BEGIN - 30 * DAY)}
    desk.read()

    assert visited_at(desk, "/1", hours=48) == []


def test_what_is_no_article_is_looked_at_again_after_a_day(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": answer(200, b"<html><body><p>Soon.</p></body></html>")}
    desk.read()

    assert visited_at(desk, "/1", hours=50) == [24, 48]


@pytest.mark.parametrize("status", [404, 410])
def test_a_withdrawal_is_told_once_and_so_is_the_return(desk: Desk, status: int) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.server.scripts["/rss"] = rss("/2")
    desk.server.scripts["/2"] = answer(200, b"<html><body><p>Soon.</p></body></html>")
    desk.read()
    desk.server.scripts["/1"] = answer(status, b"not here")

    told = desk.outcomes(after=HOUR), desk.outcomes(after=HOUR), desk.outcomes(after=3 * HOUR)
    desk.server.scripts["/1"] = page("/1")
    back = desk.outcomes(after=2 * HOUR)

    assert told == ([ChangeKind.WITHDRAWAL], [UNCHANGED], [UNCHANGED])
    assert back == [ChangeKind.UPDATE]


@pytest.mark.parametrize("between", [answer(403), answer(500), answer(200, b"\x89PNG\r\n\x1a\n" + bytes(99))])
def test_a_fault_between_does_not_hide_a_withdrawal(desk: Desk, between: bytes) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.server.scripts["/1"] = between
    (fault,) = desk.outcomes(after=HOUR)
    desk.server.scripts["/1"] = answer(404)

    assert isinstance(fault, Rejected)
    assert desk.outcomes(after=5 * HOUR) == [ChangeKind.WITHDRAWAL]


def test_another_way_of_being_gone_is_no_news(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.server.scripts["/1"] = answer(404)
    gone = desk.outcomes(after=HOUR)
    desk.server.scripts["/1"] = answer(410)

    assert (gone, desk.outcomes(after=5 * HOUR)) == ([ChangeKind.WITHDRAWAL], [UNCHANGED])


@pytest.mark.parametrize(
    "emptied",
    [
        answer(200),
        answer(
            200,
            b'<html><head><script type="application/ld+json">{"@type": "NewsArticle", "headline": "Boat /1"}'
            b"</script></head><body><h1>Boat /1</h1></body></html>",
            Content_Type="text/html",
        ),
    ],
)
def test_a_page_that_was_emptied_is_a_withdrawal(desk: Desk, emptied: bytes) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.server.scripts["/1"] = emptied

    assert desk.outcomes(after=HOUR) == [ChangeKind.WITHDRAWAL]


def test_a_page_that_was_never_read_is_a_dead_letter_and_no_withdrawal(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": answer(410)}

    (letter,) = desk.outcomes(after=timedelta(0))

    assert isinstance(letter, Rejected)


def test_a_host_is_visited_within_its_budget_and_the_rest_comes_next(desk: Desk) -> None:
    desk.most_per_host = 2
    paths = [f"/{number}" for number in range(5)]
    desk.server.scripts |= {"/rss": rss(*paths), **{path: page(path) for path in paths}}
    desk.read()

    assert [len(desk.read(after)) for after in (HOUR, *[timedelta(minutes=1)] * 3)] == [2, 2, 1, 0]


def test_an_address_that_cannot_be_had_does_not_hold_up_the_others_for_ever(desk: Desk) -> None:
    paths = [f"/{number}" for number in range(3)]
    desk.server.scripts |= {"/rss": rss(*paths), **{path: page(path) for path in paths}}
    desk.read()
    desk.server.scripts["/0"] = answer(503)

    first, second = desk.read(HOUR), desk.read(timedelta(minutes=20))

    assert [visit.visited is None for visit in first] == [True]
    assert [visit.visited and visit.visited.url for visit in second] == [
        "http://paper.example/1",
        "http://paper.example/2",
    ]


def test_a_run_that_is_killed_before_it_has_settled_does_not_visit_twice(desk: Desk) -> None:
    desk.server.scripts |= {"/rss": rss("/1"), "/1": page("/1")}
    desk.read()
    desk.time.seconds += HOUR.total_seconds()
    killed = list(desk.source.visits(RUN))
    desk.memory.record_visits([visit.visited for visit in killed if visit.visited])

    assert [visit.result for visit in killed] == [UNCHANGED]
    assert visited_at(desk, "/1", hours=6) == [6]
