"""The crew: side by side, bounded, one reader at a host, faults where they belong, and a quick end."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from ingestion.article import Document, DocumentKind, Drop, Outcome, Publisher, SourceRef
from ingestion.errors import ConfigurationError, Unavailable, Unreachable
from ingestion.source_ports import Batch, Source, Visit
from ingestion.sources.crew import Bounds, Crew, Orders
from ingestion.sources.interrupt import Interrupt
from ingestion.sources.schedule import Planned, Schedule

PATIENCE_SECONDS = 20.0
OFFERED = Visit(result=Drop(Outcome.DROPPED, "offered"))
PUBLISHER = Publisher(id="paper")


def page(size_bytes: int) -> Visit:
    return Visit(
        result=Document(
            document_id="0" * 64,
            run_id="run",
            source=SourceRef(id="paper", kind="feed"),
            publisher=PUBLISHER,
            kind=DocumentKind.PAGE,
            locator="https://paper.example/",
            body=b"x" * size_bytes,
            fetched_at=datetime.now(UTC),
        )
    )


@dataclass
class Paper:
    """A `Source` whose test says what it offers, and what happens meanwhile."""

    name: str
    offers: Callable[[], Iterator[Visit]]
    publisher: Publisher = PUBLISHER

    @property
    def ref(self) -> SourceRef:
        return SourceRef(id=self.name, kind="feed")

    def visits(self, run_id: str) -> Iterator[Visit]:
        assert run_id == "run"
        return self.offers()

    def settle(self) -> None:
        """The walk settles; the crew does not."""
        raise AssertionError


def offering(count: int, visit: Visit = OFFERED) -> Callable[[], Iterator[Visit]]:
    return lambda: iter([visit] * count)


@dataclass
class Newsstand:
    """Papers on a schedule, each on a host of its own unless it is said."""

    papers: dict[str, Paper] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)

    def add(self, name: str, offers: Callable[[], Iterator[Visit]], host: str | None = None) -> Planned:
        self.papers[name] = Paper(name, offers)
        one = Planned(source_id=name, host=host or name, due_at=datetime.now(UTC))
        self.schedule.put(one)
        return one

    def open(self, source_id: str) -> Source:
        return self.papers[source_id]

    def crew(self, bounds: Bounds | None = None, **orders: object) -> Crew:
        bounds = bounds or Bounds(readers=8, linger_seconds=0.05)
        return Crew(self.schedule, Orders(open_source=self.open, **orders), bounds, run_id="run")  # type: ignore[arg-type]


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    before = set(threading.enumerate())
    yield Newsstand()
    assert [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()] == []


def visits_in(batches: list[Batch]) -> Counter[str]:
    return Counter(source.ref.id for batch in batches for source, _ in batch.visits)


def ended_in(batches: list[Batch]) -> Counter[str]:
    return Counter(source.ref.id for batch in batches for source in batch.ended)


def meet(*events: threading.Event) -> Callable[[], Iterator[Visit]]:
    """Set the first event, and wait for the others, which other sources set."""

    def offers() -> Iterator[Visit]:
        events[0].set()
        assert all(event.wait(PATIENCE_SECONDS) for event in events)
        yield OFFERED

    return offers


def test_every_visit_of_every_source_comes_out_and_each_source_ends_once(stand: Newsstand) -> None:
    for number in range(40):
        stand.add(f"paper-{number}", offering(number), host=f"host-{number % 7}")
    with stand.crew(Bounds(readers=5, batch_records=16, linger_seconds=0.01)) as crew:
        batches = list(crew.batches())

    assert visits_in(batches) == Counter({f"paper-{number}": number for number in range(1, 40)})
    assert ended_in(batches) == Counter({f"paper-{number}": 1 for number in range(40)})
    assert all(len(batch.visits) <= 16 for batch in batches)
    assert crew.failures == {}


def test_sources_of_several_hosts_are_read_at_the_same_time(stand: Newsstand) -> None:
    events = [threading.Event() for _ in range(4)]
    for number in range(4):
        stand.add(f"paper-{number}", meet(*events[number:], *events[:number]))
    with stand.crew() as crew:
        batches = list(crew.batches())

    assert sum(visits_in(batches).values()) == 4


def test_the_sources_of_one_host_are_read_one_after_the_other(stand: Newsstand) -> None:
    readers: list[str] = []
    most = 0

    def offers(name: str) -> Callable[[], Iterator[Visit]]:
        def visit() -> Iterator[Visit]:
            nonlocal most
            readers.append(name)
            for _ in range(5):
                most = max(most, len(readers))
                time.sleep(0.001)
                yield OFFERED
            readers.remove(name)

        return visit

    for number in range(12):
        stand.add(f"paper-{number}", offers(f"paper-{number}"), host="one-host")
    with stand.crew() as crew:
        batches = list(crew.batches())

    assert most == 1
    assert len(ended_in(batches)) == 12


def test_the_next_source_of_a_host_begins_when_the_one_before_is_acknowledged(stand: Newsstand) -> None:
    begun = threading.Event()

    def second() -> Iterator[Visit]:
        begun.set()
        yield OFFERED

    stand.add("first", offering(3), host="one-host")
    stand.add("second", second, host="one-host")
    with stand.crew() as crew:
        batches = crew.batches()
        found = next(batches)
        while not found.ended:
            found = next(batches)
        begun_too_early = begun.wait(0.2)
        rest = list(batches)

    assert not begun_too_early
    assert begun.is_set()
    assert ended_in(rest) == Counter(["second"])


def test_a_source_that_cannot_be_reached_does_not_keep_the_others_back(stand: Newsstand) -> None:
    def half_read() -> Iterator[Visit]:
        yield OFFERED
        raise Unreachable("half-read.example did not answer")

    stand.add("half-read", half_read)
    stand.add("well", offering(2))
    with stand.crew() as crew:
        batches = list(crew.batches())

    assert visits_in(batches) == Counter({"half-read": 1, "well": 2})
    assert ended_in(batches) == Counter(["well"])
    assert crew.failures == {"half-read": "half-read.example did not answer"}


@pytest.mark.parametrize(
    "fault", [ConfigurationError("a bad file"), ZeroDivisionError("a bug"), Unavailable("no disk")]
)
def test_a_stop_a_bug_and_a_broken_store_end_the_job_and_every_reader(
    stand: Newsstand, fault: Exception
) -> None:
    def broken() -> Iterator[Visit]:
        yield OFFERED
        raise fault

    def endless() -> Iterator[Visit]:
        while True:
            yield OFFERED

    stand.add("broken", broken)
    for number in range(5):
        stand.add(f"endless-{number}", endless)

    with pytest.raises(type(fault), match=str(fault)), stand.crew() as crew:
        list(crew.batches())


def test_a_fault_of_the_one_who_writes_ends_every_reader(stand: Newsstand) -> None:
    stand.add("large", offering(100_000))

    with pytest.raises(Unavailable), stand.crew() as crew:
        next(crew.batches())
        raise Unavailable("the log")


def test_a_slow_source_does_not_hold_back_what_others_found(stand: Newsstand) -> None:
    acknowledged = threading.Event()

    def slow() -> Iterator[Visit]:
        yield OFFERED
        assert acknowledged.wait(PATIENCE_SECONDS)

    stand.add("slow", slow)
    stand.add("quick", offering(3))
    ended: list[str] = []
    with stand.crew(Bounds(readers=2, batch_records=1_000, linger_seconds=0.05)) as crew:
        for batch in crew.batches():
            ended += [source.ref.id for source in batch.ended]
            if "quick" in ended:
                acknowledged.set()

    assert ended == ["quick", "slow"]


def test_readers_wait_when_nothing_is_taken(stand: Newsstand) -> None:
    read = Counter[str]()

    def offers() -> Iterator[Visit]:
        for _ in range(50):
            read["visits"] += 1
            yield page(1_000)

    for number in range(4):
        stand.add(f"paper-{number}", offers)
    with stand.crew(Bounds(readers=4, batch_bytes=10_000, linger_seconds=60)) as crew:
        batches = crew.batches()
        first = next(batches)
        time.sleep(0.2)
        waiting = read["visits"] - len(first.visits)
        rest = list(batches)

    assert len(first.visits) == 10
    assert waiting <= 10 + 4
    assert sum(visits_in([first, *rest]).values()) == 200


def test_a_visit_larger_than_the_bound_passes_alone(stand: Newsstand) -> None:
    stand.add("large", offering(3, page(5_000)))
    with stand.crew(Bounds(readers=1, batch_bytes=1_000, linger_seconds=60)) as crew:
        sizes = [len(batch.visits) for batch in crew.batches()]

    assert sum(sizes) == 3
    assert max(sizes) == 1


def test_told_to_stop_the_visits_at_hand_come_out_and_nothing_new_begins(stand: Newsstand) -> None:
    def endless() -> Iterator[Visit]:
        while True:
            yield OFFERED

    told = threading.Event()
    stand.add("endless", endless, host="one-host")
    stand.add("next", offering(1), host="one-host")
    batches: list[Batch] = []
    with stand.crew(stop=told.is_set) as crew:
        for batch in crew.batches():
            batches.append(batch)
            told.set()

    assert set(visits_in(batches)) == {"endless"}
    assert ended_in(batches) == Counter()
    assert crew.abandoned == {"endless"}
    assert stand.schedule.source_ids == ("next",)


def test_told_to_stop_a_reader_that_sleeps_wakes_up(stand: Newsstand) -> None:
    interrupt, asleep = Interrupt(), threading.Event()

    def sleeping() -> Iterator[Visit]:
        asleep.set()
        interrupt.sleep(PATIENCE_SECONDS * 10)
        yield OFFERED

    stand.add("sleeping", sleeping)
    orders = Orders(open_source=stand.open, stop=asleep.is_set)
    begun = time.monotonic()
    with Crew(stand.schedule, orders, Bounds(readers=1), run_id="run", interrupt=interrupt) as crew:
        batches = list(crew.batches())

    assert batches == []
    assert time.monotonic() - begun < PATIENCE_SECONDS


def test_told_to_stop_what_others_brought_comes_out_though_a_request_hangs(stand: Newsstand) -> None:
    brought, hangs, answer = threading.Event(), threading.Event(), threading.Event()

    def quick() -> Iterator[Visit]:
        yield from [OFFERED] * 3
        brought.set()

    def hanging() -> Iterator[Visit]:
        assert brought.wait(PATIENCE_SECONDS)
        hangs.set()
        answer.wait(PATIENCE_SECONDS * 10)
        yield OFFERED

    stand.add("quick", quick)
    stand.add("hanging", hanging)
    bounds = Bounds(readers=2, linger_seconds=math.inf, grace_seconds=0.2)
    with stand.crew(bounds, stop=hangs.is_set) as crew:
        batches = list(crew.batches())
    answer.set()
    wait_for_readers()

    assert visits_in(batches) == Counter({"quick": 3})


def wait_for_readers() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("reader-"):
            thread.join(PATIENCE_SECONDS)


def test_an_interrupted_job_does_not_wait_for_a_request_that_hangs(stand: Newsstand) -> None:
    hangs, answer = threading.Event(), threading.Event()

    def hanging() -> Iterator[Visit]:
        hangs.set()
        answer.wait(PATIENCE_SECONDS * 10)
        yield OFFERED

    stand.add("hanging", hanging)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), stand.crew(Bounds(readers=1, grace_seconds=0.1)):
        assert hangs.wait(PATIENCE_SECONDS)
        raise KeyboardInterrupt
    took = time.monotonic() - begun
    answer.set()
    wait_for_readers()

    assert took < PATIENCE_SECONDS


def test_a_source_is_read_again_when_it_is_due_and_never_by_two_at_once(stand: Newsstand) -> None:
    under_way, most, reads = Counter[str](), 0, Counter[str]()

    def offers(name: str) -> Callable[[], Iterator[Visit]]:
        def visit() -> Iterator[Visit]:
            nonlocal most
            under_way[name] += 1
            most = max(most, *under_way.values())
            yield OFFERED
            under_way[name] -= 1
            reads[name] += 1

        return visit

    for number in range(5):
        stand.add(f"paper-{number}", offers(f"paper-{number}"))
    soon = timedelta(milliseconds=5)
    crew = stand.crew(
        Bounds(readers=4, linger_seconds=0.0),
        again=lambda one: replace(one, due_at=datetime.now(UTC) + soon),
        stop=lambda: len(reads) == 5 and min(reads.values()) >= 5,
    )
    with crew:
        batches = list(crew.batches())

    assert min(ended_in(batches).values()) >= 5
    assert most == 1


def test_a_source_that_can_be_reached_again_is_no_failure_any_more(stand: Newsstand) -> None:
    readings = 0

    def offers() -> Iterator[Visit]:
        nonlocal readings
        readings += 1
        if readings == 1:
            raise Unreachable("not now")
        yield OFFERED

    stand.add("paper", offers)
    seen: list[dict[str, str]] = []

    def again(one: Planned) -> Planned:
        seen.append(dict(crew.failures))
        return replace(one, due_at=datetime.now(UTC))

    crew = stand.crew(again=again, stop=lambda: readings >= 3)
    with crew:
        list(crew.batches())

    assert seen[:2] == [{"paper": "not now"}, {}]
