"""The simulated day in small: hosts are treated as their manners say, and no source is forgotten."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks import day
from benchmarks.publishers import DAY, Feed, Habit, publishers
from ingestion.source_ports import SourceState
from ingestion.sources.rhythm import after_attempt

FEEDS, HOSTS, DAYS = 200, 20, 2


@pytest.fixture(scope="module")
def feeds() -> list[Feed]:
    return publishers(FEEDS, HOSTS, DAYS)


@pytest.fixture(scope="module")
def world(feeds: list[Feed]) -> day.World:
    world = day.World(feeds, readers=8, since=(DAYS - 1) * DAY)
    world.run(DAYS * DAY)
    return world


def test_the_publishers_are_the_same_at_every_run_and_of_every_kind(feeds: list[Feed]) -> None:
    assert publishers(FEEDS, HOSTS, DAYS) == feeds
    assert {feed.habit for feed in feeds} == set(Habit)
    assert {feed.moved_to is None for feed in feeds} == {True, False}
    assert any(feed.gone_at < DAYS * DAY for feed in feeds)
    assert {feed.host.most_a_minute is None for feed in feeds} == {True, False}


def test_no_host_is_hit_faster_than_its_manners(world: day.World) -> None:
    assert world.judge.offences == []
    assert world.judge.requests > 10 * FEEDS
    assert world.judge.closest_share >= 1 - 1e-9


def test_no_source_starves(world: day.World) -> None:
    assert world.states.keys() == {f"feed-{number}" for number in range(FEEDS)}
    assert max((world.time() - state.due_at).total_seconds() for state in world.states.values()) < 600
    assert world.count.latest_seconds < 600


def test_news_is_fresh_and_dead_feeds_are_asked_seldom(world: day.World, feeds: list[Feed]) -> None:
    dead = {feed.name for feed in feeds if feed.habit is Habit.DEAD}
    pauses = {name: state.interval_seconds for name, state in world.states.items()}

    assert sorted(world.count.waits)[len(world.count.waits) // 2] < 30 * 60
    assert min(pauses[name] for name in dead) > 4 * 3600


def test_the_judge_sees_what_is_wrong() -> None:
    """A judge that cannot condemn proves nothing."""
    host = replace(publishers(1, 1, 1)[0].host, interval_seconds=10.0, retry_after_seconds=60.0)
    judge = day.Judge()
    judge.asked(host, 0.0)
    judge.asked(host, 9.9)
    judge.asked(host, 19.9)
    judge.begins(host.name)
    judge.begins(host.name)

    judge.refused(host, 20.0)
    judge.asked(host, 79.0)

    assert [offence.removeprefix(host.name) for offence in judge.offences] == [
        " was asked after 9.900 s, not 10.0 s",
        " was read by 2 at once",
        " was asked at 79.000 while it wanted to be left alone",
    ]


@pytest.mark.parametrize("polling", [day.fixed(1_800.0), after_attempt], ids=["fixed", "rhythm"])
def test_a_day_is_reported(polling: Callable[..., SourceState]) -> None:
    report = day.day(publishers(40, 8, DAYS), readers=4, days=DAYS, after=polling)

    assert report.unread == 0
    assert report.polls > 40
    assert 0 < report.p50_seconds <= report.p95_seconds
