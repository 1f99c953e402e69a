"""What robots.txt allows (RFC 9309): each origin is asked once a day, and the answer is remembered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from ingestion.errors import (
    Cause,
    HttpFailure,
    NewsError,
    Refused,
    TooLarge,
    Transient,
    Unreachable,
    cause_of,
)
from ingestion.fetch.manners import MAX_HOSTS, Clock, Ruling
from ingestion.fetch.places import Places
from ingestion.fetch.recent import Recent
from ingestion.fetch.robots_text import RobotsText
from ingestion.fetch.web_address import origin_of
from ingestion.source_ports import RobotsCopy, RobotsMemory

ROBOTS_AGE = timedelta(hours=24)
"""RFC 9309, section 2.4: a copy is not used for longer, unless a new one cannot be had."""

UNREACHABLE_AGE = timedelta(minutes=5)
"""A robots.txt that cannot be had is not asked for again before this."""

OLD_COPY_AGE = timedelta(days=30)
"""RFC 9309, section 2.3.1.4: how long an older copy stands in for one that cannot be had."""

MAX_PARSED_BYTES = 16 * 1024 * 1024
"""Files that are kept parsed, by their size as they came."""

MAX_NOTE_CHARS = 500
NO_MORE_REDIRECTS = 310
_OF_THE_NETWORK = frozenset({Cause.DNS, Cause.CONNECTION, Cause.TIMEOUT, Cause.TLS, Cause.RATE_LIMITED})


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A copy, read; `rules` None where there is none to rely on, and `cause` which kind of failure it was."""

    copy: RobotsCopy
    rules: RobotsText | None
    cause: Cause = Cause.ROBOTS


class Robots:
    """Decides on addresses for one crawler. Safe for several threads.

    `read` returns the bytes at the address of a robots.txt, and raises what a `Fetcher` raises.
    """

    def __init__(
        self, user_agent: str, read: Callable[[httpx.URL], bytes], memory: RobotsMemory, clock: Clock
    ) -> None:
        self._agent = user_agent
        self._read = read
        self._memory = memory
        self._clock = clock
        self._known: Recent[_Known] = Recent(max_items=MAX_HOSTS, max_bytes=MAX_PARSED_BYTES)
        self._asking = Places()

    def ruling(self, url: httpx.URL) -> Ruling:
        """Decide on one address.

        Raises `Unreachable` where robots.txt cannot be had, which means wait; `Refused`.
        """
        known = self._known_of(url)
        if known.rules is None:
            pause = (known.copy.until - self._clock.utc()).total_seconds()
            raise Unreachable(known.copy.note, retry_after_seconds=max(0.0, pause), cause=known.cause)
        allowed = known.rules.allows(str(url))
        return Ruling(
            allowed=allowed,
            rule=_in_words(known.rules, str(url), known.copy.note, allowed=allowed),
            crawl_delay_seconds=known.rules.crawl_delay_seconds,
        )

    def _known_of(self, url: httpx.URL) -> _Known:
        """Return what is known, and ask where it is too old; of several threads that need it, one asks."""
        origin = origin_of(url)
        known = self._known.get(origin)
        if known and known.copy.until > self._clock.utc():
            return known
        with self._asking.taken(origin):
            known = self._known.get(origin)
            if known is None or known.copy.until <= self._clock.utc():
                known = self._remembered(origin) or self._ask(url.copy_with(path="/robots.txt", query=None))
                self._known.put(origin, known, len(known.copy.body or b""))
        return known

    def _remembered(self, origin: str) -> _Known | None:
        copy = self._memory.robots(origin)
        return self._parsed(copy) if copy and copy.until > self._clock.utc() else None

    def _ask(self, url: httpx.URL) -> _Known:
        before, now = self._memory.robots(origin_of(url)), self._clock.utc()
        cause = Cause.ROBOTS
        try:
            copy = RobotsCopy(body=self._read(url), note=str(url), read_at=now, until=now + ROBOTS_AGE)
        except (HttpFailure, TooLarge, Transient) as fault:
            cause = cause_of(fault)
            copy = _without(url, fault, before, now)
        self._memory.keep_robots(origin_of(url), copy)
        return self._parsed(copy, cause if cause in _OF_THE_NETWORK else Cause.ROBOTS)

    def _parsed(self, copy: RobotsCopy, cause: Cause = Cause.ROBOTS) -> _Known:
        rules = None if copy.body is None else RobotsText(copy.body, self._agent)
        return _Known(copy=copy, rules=rules, cause=cause)


def _without(url: httpx.URL, fault: NewsError, before: RobotsCopy | None, now: datetime) -> RobotsCopy:
    """Decide what holds where there is no new copy."""
    if _means_no_rules(fault):
        note = f"{url}, which is not there ({fault})"
        return RobotsCopy(body=b"", note=note[:MAX_NOTE_CHARS], read_at=now, until=now + ROBOTS_AGE)
    asked = getattr(fault, "retry_after_seconds", None) or 0.0
    until = now + min(max(UNREACHABLE_AGE, timedelta(seconds=asked)), ROBOTS_AGE)
    if before is not None and before.body is not None and now - before.read_at <= OLD_COPY_AGE:
        note = f"{url} as of {before.read_at:%Y-%m-%d %H:%M} UTC, as it cannot be had now: {fault}"
        return RobotsCopy(body=before.body, note=note[:MAX_NOTE_CHARS], read_at=before.read_at, until=until)
    note = f"{url} cannot be had: {fault}"
    return RobotsCopy(body=None, note=note[:MAX_NOTE_CHARS], read_at=now, until=until)


def _means_no_rules(fault: NewsError) -> bool:
    """RFC 9309, section 2.3.1: 4xx and redirects without end mean no rules; all else, and 429, means wait."""
    if not isinstance(fault, HttpFailure) or fault.status == 429:
        return False
    return 400 <= fault.status < 500 or fault.status == NO_MORE_REDIRECTS


def refused_on_the_way(url: httpx.URL, fault: Refused) -> Unreachable:
    """Take a robots.txt that is redirected to where we do not go for one that cannot be had."""
    return Unreachable(f"{url} is redirected to where this crawler does not go: {fault}", cause=Cause.ROBOTS)


def _in_words(rules: RobotsText, url: str, where: str, *, allowed: bool) -> str:
    line = rules.line(url)
    if line:
        return f"{'allowed' if allowed else 'disallowed'} by {line} of {where}"
    if not allowed:
        return f"disallowed by {where}"
    return f"allowed, as no rule speaks of it in {where}{' (a web page)' if rules.is_web_page else ''}"
