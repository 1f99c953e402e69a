"""The schedule: one host by one worker, the oldest due first, live before backfill, and nothing starves."""

from datetime import UTC, datetime, timedelta
from itertools import count
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestion.source_ports import Lane, SourceState
from ingestion.sources.schedule import Planned, Schedule, Wait, deal, planned
from tests.unit.sources.conftest import entry

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def source(name: str, host: str, due_seconds: float = 0, lane: Lane = "live") -> Planned:
    return Planned(source_id=name, host=host, due_at=at(due_seconds), lane=lane)


def given_out(schedule: Schedule, now: datetime = NOON) -> list[str]:
    """Take all that can be taken now."""
    taken = []
    while isinstance(found := schedule.next(now), Planned):
        taken.append(found.source_id)
    return taken


def test_the_oldest_due_is_read_first() -> None:
    schedule = Schedule([source("b", "b", -5), source("c", "c", -9), source("a", "a", -1)])

    assert given_out(schedule) == ["c", "b", "a"]


def test_what_is_not_due_is_waited_for() -> None:
    schedule = Schedule([source("later", "a", 60), source("soon", "b", 7)])

    assert schedule.next(NOON) == Wait(7)
    assert given_out(schedule, at(7)) == ["soon"]


def test_a_host_is_given_out_once_until_it_is_done() -> None:
    schedule = Schedule([source("one", "a", -2), source("two", "a", -1), source("other", "b", 0)])
    first = schedule.next(NOON)

    assert first == source("one", "a", -2)
    assert isinstance(first, Planned)
    assert given_out(schedule) == ["other"]
    assert schedule.next(NOON) == Wait(None)
    schedule.done(first)
    assert given_out(schedule) == ["two"]


def test_a_source_that_is_due_earlier_than_the_first_of_its_host_goes_before_it() -> None:
    schedule = Schedule([source("late", "a", 60)])

    assert schedule.next(NOON) == Wait(60)
    schedule.put(source("early", "a", 1))
    assert schedule.next(NOON) == Wait(1)
    assert given_out(schedule, at(60)) == ["early"]


def test_live_goes_before_backfill_however_old_that_is() -> None:
    backfill = [source("old", "a", -9_999, "backfill"), source("older", "b", -99_999, "backfill")]
    schedule = Schedule([*backfill, source("live", "a", -1)])

    assert given_out(schedule) == ["live", "older"]


def test_backfill_does_not_wait_for_what_is_live_but_not_due() -> None:
    schedule = Schedule([source("live", "a", 30), source("old", "a", -1, "backfill")])

    assert given_out(schedule) == ["old"]


def test_a_source_comes_back_with_its_new_time_and_host() -> None:
    schedule = Schedule([source("one", "a")])
    first = schedule.next(NOON)
    assert isinstance(first, Planned)
    schedule.done(first, replace(first, host="b", due_at=at(900)))

    assert schedule.next(NOON) == Wait(900)
    assert (len(schedule), schedule.hosts, schedule.reading) == (1, 1, ())
    assert given_out(schedule, at(900)) == ["one"]


@pytest.mark.parametrize("being_read", [False, True])
def test_a_source_is_not_on_the_schedule_twice(being_read: bool) -> None:  # noqa: FBT001 - a parameter
    schedule = Schedule([source("one", "a")])
    if being_read:
        schedule.next(NOON)

    with pytest.raises(ValueError, match="'one' is on the schedule already"):
        schedule.put(source("one", "b"))


def test_what_is_due_is_listed_live_first_and_oldest_first() -> None:
    sources = [
        source("b", "h", -2, "backfill"),
        source("a", "h", -1),
        source("c", "i", -5),
        source("d", "i", 5),
    ]

    assert [one.source_id for one in Schedule(sources).due(NOON)] == ["c", "a", "b"]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4),  # host
        st.sampled_from(["live", "live", "backfill"]),
        st.integers(0, 40),  # due at
        st.integers(1, 12),  # how long a reading takes
        st.integers(1, 30),  # pause after it
    ),
    min_size=1,
    max_size=14,
)


@given(sources=STEPS, workers=st.integers(1, 4))
def test_no_host_is_shared_no_order_broken_and_nothing_starves(
    sources: list[tuple[int, Lane, int, int, int]], workers: int
) -> None:
    facts = {str(number): facts for number, facts in enumerate(sources)}
    schedule = Schedule(source(n, f"h{host}", due, lane) for n, (host, lane, due, _, _) in facts.items())
    waiting = {n: (lane, due) for n, (_, lane, due, _, _) in facts.items()}
    under_way: dict[str, tuple[Planned, int]] = {}
    reads = dict.fromkeys(facts, 0)
    for now in range(1_000):
        for name in [n for n, (_, ends) in under_way.items() if ends <= now]:
            one, _ = under_way.pop(name)
            again = now + facts[name][4]
            schedule.done(one, replace(one, due_at=at(again)))
            waiting[name] = (one.lane, again)
        while len(under_way) < workers and isinstance(found := schedule.next(at(now)), Planned):
            one = found
            busy = {other.host for other, _ in under_way.values()}
            ready = {
                n: facts
                for n, facts in waiting.items()
                if facts[1] <= now and f"h{sources[int(n)][0]}" not in busy
            }
            assert one.host not in busy
            first = min(ready.values(), key=lambda ready_one: (ready_one[0] != "live", ready_one[1]))
            assert waiting.pop(one.source_id) == first
            under_way[one.source_id] = (one, now + facts[one.source_id][3])
            reads[one.source_id] += 1

    if all(lane == "live" for _, lane, _, _, _ in sources):
        assert min(reads.values()) > 0


def test_a_source_that_was_never_read_is_due_now_and_a_known_one_when_it_says() -> None:
    state = SourceState(source_id="paper-feed", attempted_at=NOON, due_at=at(300), interval_seconds=300)
    known = entry("feed", "https://news.example/rss.xml")

    assert planned(known, None, NOON).due_at == NOON
    assert planned(known, state, NOON).due_at == at(300)


def test_a_source_that_has_moved_is_planned_with_the_host_it_is_read_from() -> None:
    known = entry("feed", "https://old.example/rss.xml")
    state = SourceState(
        source_id=known.id,
        attempted_at=NOON,
        due_at=NOON,
        interval_seconds=300,
        moved_to="https://New.example/feed",
        moved_from=known.urls[0],
    )

    assert planned(known, state, NOON).host == "new.example"


@given(hosts=st.lists(st.integers(0, 9), max_size=40), buckets=st.integers(1, 12))
def test_all_sources_of_a_host_are_dealt_into_one_bucket(hosts: list[int], buckets: int) -> None:
    numbers = count()
    due = [source(f"{host}/{next(numbers)}", f"h{host}") for host in hosts]
    dealt = deal(due, buckets)
    where = {(urlsplit(f"//{name}").netloc, number) for number, ids in enumerate(dealt) for name in ids}

    assert sorted(name for ids in dealt for name in ids) == sorted(one.source_id for one in due)
    assert len(where) == len(set(hosts))
    assert all(dealt)
    assert len(dealt) == min(buckets, len(set(hosts)))
