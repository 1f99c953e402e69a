"""Manners towards a host: what its robots.txt allows (RFC 9309), and how often it is asked."""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from protego import Protego

from ingestion.errors import HttpFailure, NewsError, TooLarge, Transient, Unreachable

MAX_ROBOTS_BYTES = 512 * 1024
"""RFC 9309, section 2.5: at least 500 KiB are parsed; the rest is left out."""

ROBOTS_AGE_SECONDS = 24 * 3600.0
"""RFC 9309, section 2.4: a cached copy is not used for longer."""

UNREACHABLE_AGE_SECONDS = 300.0
"""An unreachable robots.txt is not asked for again before this."""

MAX_PAUSE_SECONDS = 60.0
"""A host that asks for a longer pause is left for a later run."""

MAX_HOSTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time, sleep and chance, so that tests need none of them."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class Pace:
    """Spaces the requests to one host. Safe for several threads."""

    def __init__(self, min_interval_seconds: float, clock: Clock) -> None:
        self._interval = min_interval_seconds
        self._clock = clock
        self._next: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, host: str, crawl_delay_seconds: float = 0.0) -> None:
        """Sleep until the host may be asked again. Raises `Unreachable` where that is too long."""
        pause = self._reserve(host, max(self._interval, crawl_delay_seconds))
        if pause > 0:
            self._clock.sleep(pause)

    def hold(self, host: str, seconds: float) -> None:
        """Leave the host alone for at least this long, because it said so."""
        with self._lock:
            self._keep(host, max(self._next.get(host, 0.0), self._clock.now() + seconds))

    def _reserve(self, host: str, interval: float) -> float:
        with self._lock:
            now = self._clock.now()
            at = max(self._next.get(host, now), now)
            if at - now > MAX_PAUSE_SECONDS:
                raise Unreachable(
                    f"{host} asks for a pause of another {at - now:.0f} s", retry_after_seconds=at - now
                )
            self._keep(host, at + interval * (1 + self._clock.chance() / 4))
            return at - now

    def _keep(self, host: str, at: float) -> None:
        self._next[host] = at
        self._next.move_to_end(host)
        if len(self._next) > MAX_HOSTS:
            self._next.popitem(last=False)


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What robots.txt says about one address, in words for a person."""

    allowed: bool
    rule: str
    crawl_delay_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class _Copy:
    """robots.txt of one origin; `rules` None where it may not be relied on, `note` tells why."""

    rules: Protego | None
    note: str
    until: float


class Robots:
    """Asks each origin for its robots.txt once, and remembers the answer for a bounded time."""

    def __init__(self, user_agent: str, read: Callable[[httpx.URL], bytes], clock: Clock) -> None:
        self._agent = user_agent
        self._read = read
        self._clock = clock
        self._copies: OrderedDict[str, _Copy] = OrderedDict()

    def ruling(self, url: httpx.URL) -> Ruling:
        """Decide on one address.

        Raises `Unreachable` where robots.txt cannot be had, which means wait; `Refused`.
        """
        copy = self._copy(url)
        if copy.rules is None:
            raise Unreachable(copy.note, retry_after_seconds=max(0.0, copy.until - self._clock.now()))
        allowed = copy.rules.can_fetch(str(url), self._agent)
        return Ruling(
            allowed=allowed,
            rule=f"{'allowed' if allowed else 'disallowed'} by {copy.note}",
            crawl_delay_seconds=copy.rules.crawl_delay(self._agent) or 0.0,
        )

    def _copy(self, url: httpx.URL) -> _Copy:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        copy = self._copies.get(origin)
        if copy is None or copy.until <= self._clock.now():
            copy = self._ask(url.copy_with(path="/robots.txt", query=None))
            self._copies[origin] = copy
            if len(self._copies) > MAX_HOSTS:
                self._copies.popitem(last=False)
        return copy

    def _ask(self, url: httpx.URL) -> _Copy:
        try:
            text, note = self._read(url)[:MAX_ROBOTS_BYTES].decode("utf-8", "replace"), f"{url}"
        except (HttpFailure, TooLarge, Transient) as fault:
            if _means_wait(fault):
                return self._remember(None, f"{url} cannot be had: {fault}", UNREACHABLE_AGE_SECONDS)
            text, note = "", f"{url} (no such file: {fault})"
        return self._remember(Protego.parse(text), note, ROBOTS_AGE_SECONDS)

    def _remember(self, rules: Protego | None, note: str, seconds: float) -> _Copy:
        return _Copy(rules=rules, note=note, until=self._clock.now() + seconds)


def _means_wait(fault: NewsError) -> bool:
    """RFC 9309, section 2.3.1: 4xx means no rules; 5xx, and 429, mean complete disallow for now."""
    if isinstance(fault, HttpFailure):
        return fault.status >= 500
    return True
