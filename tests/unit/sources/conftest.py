"""A memory for one test, and a server that says what the test tells it to say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import stamina
from msgspec.structs import replace

from ingestion.article import Publisher, SourceRef
from ingestion.fetch.client import PoliteFetcher
from ingestion.fetch.manners import Clock
from ingestion.fetch.policy import FetchPolicy
from ingestion.source_ports import Bookmark, Listing, Source, SourceState, Visit, Visited
from ingestion.sources.catalogue import Entry
from tests.unit.fetch.conftest import ScriptedServer, Time

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
RUN = "run-1"


@dataclass
class InMemory:
    """What a `SourceMemory` keeps, for the length of a test."""

    listings: dict[str, Listing] = field(default_factory=dict)
    visits: dict[str, Visited] = field(default_factory=dict)
    states: list[SourceState] = field(default_factory=list)
    bookmarks: dict[tuple[str, str], Bookmark] = field(default_factory=dict)

    def listing(self, source_id: str) -> Listing | None:
        return self.listings.get(source_id)

    def keep_listing(self, source_id: str, listing: Listing) -> None:
        self.listings[source_id] = listing

    def visited(self, url: str) -> Visited | None:
        return self.visits.get(url)

    def visited_many(self, urls: Sequence[str]) -> dict[str, Visited]:
        return {url: self.visits[url] for url in urls if url in self.visits}

    def record_visits(self, visited: Sequence[Visited]) -> None:
        self.visits.update({visit.url: visit for visit in visited})

    @property
    def health(self) -> list[tuple[str, str | None]]:
        """The source and the failure of every attempt."""
        return [(state.source_id, state.failure) for state in self.states]

    def state(self, source_id: str) -> SourceState | None:
        return next((state for state in reversed(self.states) if state.source_id == source_id), None)

    def keep_state(self, state: SourceState) -> None:
        self.states.append(state)

    def bookmark(self, source_id: str, name: str) -> Bookmark | None:
        return self.bookmarks.get((source_id, name))

    def keep_bookmarks(self, bookmarks: Sequence[Bookmark]) -> None:
        self.bookmarks.update({(mark.source_id, mark.name): mark for mark in bookmarks})

    def age(self, seconds: float) -> None:
        """Make every visit older."""
        for url, visit in self.visits.items():
            self.visits[url] = replace(visit, visited_at=visit.visited_at - timedelta(seconds=seconds))


def collect(source: Source, memory: InMemory) -> list[Visit]:
    """Do what the walk does: visit, acknowledge, settle."""
    visits = list(source.visits(RUN))
    memory.record_visits([visit.visited for visit in visits if visit.visited])
    memory.keep_bookmarks([visit.bookmark for visit in visits if visit.bookmark])
    source.settle()
    return visits


def entry(kind: str, *urls: str, recheck_seconds: int | None = 3600) -> Entry:
    return Entry(
        ref=SourceRef(id=f"paper-{kind}", kind=kind, url=urls[0]),
        publisher=Publisher(id="paper", name="The Paper", timezone="Europe/London"),
        urls=urls,
        recheck_seconds=recheck_seconds,
    )


@pytest.fixture
def memory() -> InMemory:
    return InMemory()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def fetcher(server: ScriptedServer) -> Iterator[PoliteFetcher]:
    policy = FetchPolicy(
        user_agent="example-newsbot/1.0 (+https://bot.example/)",
        read_timeout_seconds=0.5,
        total_timeout_seconds=2.0,
        max_bytes=100_000,
        min_interval_seconds=0.0,
        attempts=2,
        connect_to={"*.example": server.endpoint},
    )
    waited = Time()
    clock = Clock(now=lambda: waited.seconds, sleep=waited.sleep)
    with (
        stamina.set_testing(testing=True, attempts=2, cap=True),
        PoliteFetcher(policy, clock=clock) as polite,
    ):
        yield polite


Samples = Callable[[str], Path]


@pytest.fixture
def samples() -> Samples:
    def folder(name: str) -> Path:
        if not (SAMPLES / name).is_dir():
            pytest.skip("the shared samples are not on this machine")
        return SAMPLES / name

    return folder
