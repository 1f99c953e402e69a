"""Manners towards a host: whose turn it is, how long it is left alone, and what its robots.txt said.

These are the memories of one process; those that processes share are in `state`.
"""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion.errors import Cause, Unreachable
from ingestion.fetch.backoff import JITTER_SHARE, refusal_seconds
from ingestion.fetch.recent import Recent
from ingestion.source_ports import Lane, RobotsCopy, Turn

LONGEST_WAIT_SECONDS = 60.0
"""A turn further away than this is for a later run."""

MAX_HOSTS = 10_000
MAX_ROBOTS_MEMORY_BYTES = 64 * 1024 * 1024


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time, sleep and chance, so that tests need none of them."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    utc: Callable[[], datetime] = utc_now


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What robots.txt says about one address, in words for a person."""

    allowed: bool
    rule: str
    crawl_delay_seconds: float = 0.0


@dataclass
class _Budget:
    """When the next turn is, and until when the host is left alone."""

    next_at: float
    held_until: float
    refusals: int = 0


class MemoryHosts:
    """`source_ports.Hosts` within one process."""

    def __init__(self, clock: Clock | None = None, *, lane: Lane = "live") -> None:
        self._clock = clock or Clock()
        self._lane = lane
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._budgets)

    def for_lane(self, lane: Lane) -> "MemoryHosts":
        """The same budgets, for the turns of another lane."""
        other = MemoryHosts(self._clock, lane=lane)
        other._budgets, other._lock = self._budgets, self._lock
        return other

    def turn(self, host: str, interval_seconds: float) -> Turn:
        """Take the host's next turn; the one after it comes no earlier than `interval_seconds` later.

        The backfill lane takes one only where the host is free at this moment. Raises `Unreachable`.
        """
        with self._lock:
            now, budget = self._clock.now(), self._budget(host)
            at = max(now, budget.next_at, budget.held_until)
            wait = at - now
            if wait > LONGEST_WAIT_SECONDS:
                raise _left_alone(host, wait, held=budget.held_until >= at)
            if self._lane == "backfill" and wait > 0:
                return Turn(wait, taken=False)
            budget.next_at = at + interval_seconds * (1 + JITTER_SHARE * self._clock.chance())
            return Turn(wait)

    def answered(self, host: str) -> None:
        """Note that the host is well: its next refusal is the first again."""
        with self._lock:
            if host in self._budgets:
                self._budgets[host].refusals = 0

    def refused(self, host: str, retry_after_seconds: float | None) -> None:
        """Leave the host alone: as long as it said, else twice as long with every refusal in a row."""
        with self._lock:
            budget = self._budget(host)
            pause = retry_after_seconds
            if pause is None:
                pause = refusal_seconds(budget.refusals, self._clock.chance())
            budget.held_until = max(budget.held_until, self._clock.now() + pause)
            budget.refusals += 1

    def _budget(self, host: str) -> _Budget:
        if host not in self._budgets:
            now = self._clock.now()
            self._budgets[host] = _Budget(next_at=now, held_until=now)
            self._forget(now)
        self._budgets.move_to_end(host)
        return self._budgets[host]

    def _forget(self, now: float) -> None:
        """Forget hosts that are free again, those first that were not asked for the longest time."""
        if len(self._budgets) <= MAX_HOSTS:
            return
        free = (host for host, known in self._budgets.items() if max(known.next_at, known.held_until) < now)
        for host in [host for _, host in zip(range(MAX_HOSTS // 10 + 1), free, strict=False)]:
            del self._budgets[host]


def _left_alone(host: str, wait_seconds: float, *, held: bool) -> Unreachable:
    why = "is to be left alone for" if held else "has no turn for"
    return Unreachable(
        f"{host} {why} another {wait_seconds:.0f} s",
        retry_after_seconds=wait_seconds,
        cause=Cause.RATE_LIMITED,
    )


class MemoryRobots:
    """`source_ports.RobotsMemory` within one process."""

    def __init__(self) -> None:
        self._copies: Recent[RobotsCopy] = Recent(max_items=MAX_HOSTS, max_bytes=MAX_ROBOTS_MEMORY_BYTES)

    def robots(self, origin: str) -> RobotsCopy | None:
        """Return the copy of an origin, however old it is."""
        return self._copies.get(origin)

    def keep_robots(self, origin: str, copy: RobotsCopy) -> None:
        """Remember it."""
        self._copies.put(origin, copy, len(copy.body or b""))
