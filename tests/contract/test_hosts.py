"""The budget of a host: one suite for that of a process, and for the one that processes share."""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.errors import Unreachable
from ingestion.fetch.manners import Clock, MemoryHosts
from ingestion.source_ports import Hosts, Lane, Turn
from ingestion.state.database import StateDatabase
from ingestion.state.hosts import SqlHosts

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
HOST = "paper.example"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUEUE_SECONDS = 60.0
PATIENCE_SECONDS = 60.0


@dataclass
class Time:
    """A clock that a test moves on."""

    seconds: float = 1_000.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Time:
    return Time()


class Lanes(NamedTuple):
    """One budget, as each lane sees it."""

    live: Hosts
    backfill: Hosts


@pytest.fixture(params=["memory", "sql"])
def lanes(request: pytest.FixtureRequest, clock: Time, tmp_path: Path) -> Lanes:
    if request.param == "memory":
        live = MemoryHosts(Clock(now=lambda: clock.seconds, sleep=clock.sleep, chance=lambda: 0.0))
        return Lanes(live, live.for_lane("backfill"))
    return Lanes(sql_hosts(tmp_path, clock), sql_hosts(tmp_path, clock, "backfill"))


@pytest.fixture
def hosts(lanes: Lanes) -> Hosts:
    return lanes.live


def sql_hosts(folder: Path, clock: Time, lane: Lane = "live") -> SqlHosts:
    database = StateDatabase(f"sqlite:{folder / 'state.sqlite'}")
    return SqlHosts(database, lane=lane, now=clock.now, chance=lambda: 0.0)


def test_the_first_turn_is_now_and_the_next_one_an_interval_later(hosts: Hosts) -> None:
    assert hosts.turn(HOST, 2.0) == Turn(0.0)
    assert hosts.turn(HOST, 2.0).wait_seconds == pytest.approx(2.0)
    assert hosts.turn(HOST, 2.0).wait_seconds == pytest.approx(4.0)


def test_hosts_have_their_turns_apart(hosts: Hosts) -> None:
    hosts.turn(HOST, 30.0)

    assert hosts.turn("other.example", 30.0) == Turn(0.0)


def test_the_pause_after_a_turn_is_the_one_that_it_asked_for(hosts: Hosts) -> None:
    hosts.turn(HOST, 7.0)

    assert hosts.turn(HOST, 1.0).wait_seconds == pytest.approx(7.0)
    assert hosts.turn(HOST, 1.0).wait_seconds == pytest.approx(8.0)


def test_a_host_that_was_left_alone_is_free(hosts: Hosts, clock: Time) -> None:
    hosts.turn(HOST, 5.0)
    clock.sleep(5.0)

    assert hosts.turn(HOST, 5.0) == Turn(0.0)


def test_turns_are_taken_ahead_up_to_a_minute(hosts: Hosts) -> None:
    for _ in range(7):
        hosts.turn(HOST, 10.0)

    with pytest.raises(Unreachable, match=HOST) as caught:
        hosts.turn(HOST, 10.0)
    assert caught.value.retry_after_seconds == pytest.approx(70.0)


def test_a_turn_that_was_too_far_away_was_not_taken(hosts: Hosts, clock: Time) -> None:
    hosts.turn(HOST, QUEUE_SECONDS + 5)
    for _ in range(3):
        with pytest.raises(Unreachable):
            hosts.turn(HOST, 1.0)
    clock.sleep(5.0)

    assert hosts.turn(HOST, 1.0).wait_seconds == pytest.approx(QUEUE_SECONDS)


def test_a_host_that_says_for_how_long_is_left_alone_for_as_long(hosts: Hosts, clock: Time) -> None:
    hosts.refused(HOST, 3600.0)

    with pytest.raises(Unreachable) as caught:
        hosts.turn(HOST, 1.0)
    assert caught.value.retry_after_seconds == pytest.approx(3600.0)
    clock.sleep(3600.0)
    assert hosts.turn(HOST, 1.0) == Turn(0.0)


def test_a_short_refusal_is_waited_for(hosts: Hosts) -> None:
    hosts.refused(HOST, 20.0)

    assert hosts.turn(HOST, 1.0).wait_seconds == pytest.approx(20.0)


def test_a_shorter_refusal_does_not_end_a_longer_one(hosts: Hosts) -> None:
    hosts.refused(HOST, 600.0)
    hosts.refused(HOST, 1.0)

    with pytest.raises(Unreachable) as caught:
        hosts.turn(HOST, 1.0)
    assert caught.value.retry_after_seconds == pytest.approx(600.0)


def held_seconds(hosts: Hosts, clock: Time) -> float:
    """Refuse once without a word for how long, and see when the next turn is."""
    hosts.refused(HOST, None)
    begun = clock.seconds
    while True:
        try:
            clock.sleep(hosts.turn(HOST, 0.0).wait_seconds)
        except Unreachable as fault:
            clock.sleep(fault.retry_after_seconds or 1.0)
        else:
            return clock.seconds - begun


def test_every_refusal_in_a_row_keeps_us_away_for_longer(hosts: Hosts, clock: Time) -> None:
    held = [held_seconds(hosts, clock) for _ in range(6)]

    assert all(longer > shorter for shorter, longer in pairwise(held))
    assert held[0] >= 1.0


def test_a_good_answer_makes_the_next_refusal_the_first_again(hosts: Hosts, clock: Time) -> None:
    first = held_seconds(hosts, clock)
    for _ in range(3):
        held_seconds(hosts, clock)
    hosts.answered(HOST)

    assert held_seconds(hosts, clock) == pytest.approx(first)


def test_refusals_in_a_row_have_a_bound(hosts: Hosts, clock: Time) -> None:
    for _ in range(60):
        hosts.refused(HOST, None)
    with pytest.raises(Unreachable) as caught:
        hosts.turn(HOST, 1.0)

    assert (caught.value.retry_after_seconds or 0.0) <= 7 * 24 * 3600
    del clock


def turn_or_pause(hosts: Hosts, interval_seconds: float) -> float:
    """How long until the turn, or until it is worth asking again."""
    try:
        return hosts.turn(HOST, interval_seconds).wait_seconds
    except Unreachable as fault:
        return fault.retry_after_seconds or 0.0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("turn"), st.floats(0.0, 90.0)),
        st.tuples(st.just("refused"), st.one_of(st.none(), st.floats(0.0, 200.0))),
        st.tuples(st.just("answered"), st.none()),
        st.tuples(st.just("pass"), st.floats(0.0, 100.0)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_turn_comes_earlier_than_the_one_before_it_and_its_interval(
    steps: list[tuple[str, float | None]], hosts: Hosts, clock: Time
) -> None:
    """Turns that are taken before a refusal stay; those taken after it come when it is over."""
    clock.sleep(10 * 24 * 3600)
    free_at = held_until = 0.0
    for step, seconds in steps:
        if step == "pass":
            clock.sleep(seconds or 0.0)
        elif step == "answered":
            hosts.answered(HOST)
        elif step == "refused":
            hosts.refused(HOST, seconds)
            held_until = max(held_until, clock.seconds + (seconds or 0.0))
        else:
            wait_seconds = turn_or_pause(hosts, seconds or 0.0)
            at = clock.seconds + wait_seconds
            assert at >= max(free_at, held_until) - 1e-3
            if wait_seconds <= QUEUE_SECONDS:
                free_at = at + (seconds or 0.0)


def test_many_threads_get_turns_apart(hosts: Hosts, clock: Time) -> None:
    with ThreadPoolExecutor(16) as threads:
        turns = list(threads.map(lambda _: hosts.turn(HOST, 1.0), range(50)))
    waits = sorted(turn.wait_seconds for turn in turns)

    assert waits == pytest.approx([float(number) for number in range(50)])
    del clock


def test_backfill_takes_a_turn_only_where_the_host_is_free(lanes: Lanes, clock: Time) -> None:
    live, backfill = lanes

    assert backfill.turn(HOST, 5.0) == Turn(0.0)
    assert backfill.turn(HOST, 5.0) == Turn(5.0, taken=False)
    assert live.turn(HOST, 5.0) == Turn(5.0)
    clock.sleep(5.0)
    assert backfill.turn(HOST, 5.0) == Turn(5.0, taken=False)
    clock.sleep(5.0)
    assert backfill.turn(HOST, 5.0) == Turn(0.0)


def test_backfill_waits_for_all_live_turns_that_are_taken_ahead(lanes: Lanes) -> None:
    for _ in range(4):
        lanes.live.turn(HOST, 10.0)

    assert lanes.backfill.turn(HOST, 1.0) == Turn(40.0, taken=False)


def test_a_host_that_refused_is_left_alone_by_backfill_too(lanes: Lanes) -> None:
    lanes.live.refused(HOST, 900.0)

    with pytest.raises(Unreachable):
        lanes.backfill.turn(HOST, 1.0)


def test_turns_and_refusals_outlive_the_process(tmp_path: Path, clock: Time) -> None:
    first = sql_hosts(tmp_path, clock)
    first.turn(HOST, 30.0)
    first.turn("busy.example", 1.0)
    first.refused("busy.example", None)
    again = sql_hosts(tmp_path, clock)

    assert again.turn(HOST, 30.0) == Turn(30.0)
    once = again.turn("busy.example", 0.0).wait_seconds
    clock.sleep(once)
    again.refused("busy.example", None)
    assert sql_hosts(tmp_path, clock).turn("busy.example", 0.0).wait_seconds > once


INTERVAL_SECONDS = 0.05
MANY = 20


def taker(folder: Path, count: int) -> subprocess.Popen[str]:
    """Start a worker that takes turns."""
    state = f"sqlite:{folder / 'state.sqlite'}"
    command = [sys.executable, str(Path(__file__).with_name("turns.py")), state, str(INTERVAL_SECONDS)]
    return subprocess.Popen(
        [*command, str(count)], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT
    )


def turn_in(line: str) -> tuple[str, float, float]:
    host, earliest, latest = line.split()
    return host, float(earliest), float(latest)


@pytest.mark.slow
def test_several_processes_share_one_budget(tmp_path: Path) -> None:
    workers = [taker(tmp_path, MANY) for _ in range(3)]
    lines = [
        line for worker in workers for line in worker.communicate(timeout=PATIENCE_SECONDS)[0].splitlines()
    ]
    times: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for host, earliest, latest in map(turn_in, lines):
        times[host][0].append(earliest)
        times[host][1].append(latest)

    assert len(lines) == 3 * MANY
    for earliest_of_all, latest_of_all in times.values():
        # The n-th turn was between the n-th of both.
        pauses = zip(sorted(earliest_of_all), sorted(latest_of_all)[1:], strict=False)
        assert all(latest - earliest >= INTERVAL_SECONDS - 1e-3 for earliest, latest in pauses)


@pytest.mark.slow
def test_a_killed_process_leaves_no_turn_that_comes_too_early(tmp_path: Path) -> None:
    worker = taker(tmp_path, 100_000)
    assert worker.stdout
    turns = [turn_in(worker.stdout.readline()) for _ in range(30)]
    worker.kill()
    rest = worker.communicate(timeout=PATIENCE_SECONDS)[0].splitlines()
    host, earliest, _ = [*turns, *map(turn_in, rest)][-1]
    wait_seconds = SqlHosts(StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")).turn(host, 1.0).wait_seconds

    assert worker.returncode == -signal.SIGKILL
    assert time.time() + wait_seconds >= earliest + INTERVAL_SECONDS - 1e-3
