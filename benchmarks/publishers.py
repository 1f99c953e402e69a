"""Invented publishers with the habits of real ones, for the simulated day: the same at every run.

A host belongs to one publisher and carries several feeds. Each feed has its own rhythm: some steady, some
in bursts, most of them quiet at night by the clock of their country, some once a week, some dead. Hosts
are quick or slow, patient or quick to say 429; a few feeds have moved, or are gone.
"""

import random
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp

HOUR, DAY = 3_600.0, 86_400.0
NIGHT_SHARE = 0.08
"""What is published in an hour of the night, against one of the day."""

IN_THE_FEED = 25
"""A feed shows so many of its newest items."""


class Habit(StrEnum):
    """How a feed publishes."""

    STEADY = "steady"
    BURSTY = "bursty"
    WEEKLY = "weekly"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Host:
    """One server.

    It answers 429 to more than `most_a_minute` requests in a minute, with `retry_after_seconds` or without.
    It is down within `outage`, in seconds from the beginning.
    """

    name: str
    interval_seconds: float
    latency_seconds: float
    most_a_minute: int | None
    retry_after_seconds: float | None
    outage: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One feed: when its items appear, in seconds from the beginning, in order."""

    name: str
    host: Host
    habit: Habit
    items: list[float] = field(repr=False)
    ttl_seconds: float | None
    fresh_seconds: float | None
    moved_to: Host | None
    gone_at: float

    def published(self, seconds: float) -> int:
        """How many items there were by then."""
        return bisect_right(self.items, seconds)


def publishers(feeds: int, hosts: int, days: float, *, seed: int = 7) -> list[Feed]:
    """Invent feeds on hosts, for so many days."""
    chance = random.Random(seed)  # noqa: S311 - invented, not secret
    servers = [_host(chance, number, days) for number in range(hosts)]
    return [_feed(chance, number, servers, days) for number in range(feeds)]


def _host(chance: random.Random, number: int, days: float) -> Host:
    interval = chance.choices((1.0, 2.0, 5.0, 10.0), (70, 15, 10, 5))[0]
    is_slow, is_strict = chance.random() < 0.06, chance.random() < 0.08
    begins = chance.uniform(0.0, days * DAY)
    outage = (begins, begins + chance.uniform(0.3, 5.0) * HOUR) if chance.random() < 0.1 else (-1.0, -1.0)
    return Host(
        name=f"paper-{number}.example",
        interval_seconds=interval,
        latency_seconds=chance.uniform(4.0, 15.0) if is_slow else chance.uniform(0.05, 0.8),
        # Fewer than the pause that we were told of would come to.
        most_a_minute=max(3, int(20 / interval)) if is_strict else None,
        retry_after_seconds=chance.choice((None, 30.0, 120.0, 900.0)),
        outage=outage,
    )


def _feed(chance: random.Random, number: int, hosts: list[Host], days: float) -> Feed:
    habit = chance.choices(list(Habit), (62, 15, 13, 10))[0]
    zone_seconds = chance.choice((-8, -5, -3, 0, 1, 2, 3, 5, 8, 9)) * HOUR
    other = chance.choice(hosts)
    return Feed(
        name=f"feed-{number}",
        host=hosts[number % len(hosts)],
        habit=habit,
        items=_items(chance, habit, zone_seconds, days),
        ttl_seconds=chance.choices((None, 900.0, 3_600.0), (80, 15, 5))[0],
        fresh_seconds=chance.choices((None, 60.0, 300.0, 1_800.0), (60, 20, 15, 5))[0],
        moved_to=other if chance.random() < 0.03 else None,
        gone_at=chance.uniform(0.0, days * DAY) if chance.random() < 0.01 else float("inf"),
    )


def _items(chance: random.Random, habit: Habit, zone_seconds: float, days: float) -> list[float]:
    """The items of the time before, as many as the feed shows, and those of these days."""
    if habit is Habit.DEAD:
        return [-chance.uniform(30, 900) * DAY]
    a_day = 1 / 7 if habit is Habit.WEEKLY else min(200.0, 6.0 * exp(chance.gauss(0.0, 1.2)))
    begin = -IN_THE_FEED / a_day * DAY
    if habit is Habit.BURSTY:
        return _bursts(chance, a_day, begin, days)
    return _thinned(chance, a_day, begin, days, zone_seconds)


def _thinned(chance: random.Random, a_day: float, begin: float, days: float, zone: float) -> list[float]:
    """Publish by chance, seldom at night: a Poisson process whose rate follows the clock."""
    found, now = [], begin
    highest = a_day / DAY * 24 / (15 + 9 * NIGHT_SHARE)
    while (now := now + chance.expovariate(highest)) < days * DAY:
        hour = ((now + zone) / HOUR) % 24
        if 7 <= hour < 22 or chance.random() < NIGHT_SHARE:
            found.append(now)
    return found


def _bursts(chance: random.Random, a_day: float, begin: float, days: float) -> list[float]:
    """Publish several items within minutes, and then nothing for hours."""
    found: list[float] = []
    now, size = begin, 6
    while (now := now + chance.expovariate(a_day / size / DAY)) < days * DAY:
        found += [now + chance.uniform(0.0, 900.0) for _ in range(chance.randint(2, 2 * size - 2))]
    return sorted(when for when in found if when < days * DAY)
