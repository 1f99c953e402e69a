"""When a source is to be read again: as often as it publishes, and no more often than it asks for.

    interval = clamp(max(own rhythm, what the feed and the server ask for), cadence, slowest)

The source's own rhythm is the mean time between two new items, the recent ones counting more. It is read
several times in that mean, so that an item waits for an eighth of it, on the average. Silence makes the
pauses longer by degrees, new items make them short at once. Failures double the pause up to a week;
a source that is gone (410) is asked for again after weeks. None is ever given up.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from ingestion.errors import Cause
from ingestion.source_ports import SourceState
from ingestion.sources.catalogue import Entry

DAY_SECONDS = 86_400.0
WEEK_SECONDS = 7 * DAY_SECONDS

LONGEST_ASKED_SECONDS = WEEK_SECONDS
"""What a server or a feed asks for is granted up to here, beyond `slowest_seconds` too."""

LONGEST_BACKOFF_SECONDS = WEEK_SECONDS
LONGEST_RETIREMENT_SECONDS = 4 * WEEK_SECONDS
"""A source that said 410 is asked after one week, two, and then every four."""

LEAST_BACKOFF_SECONDS = 60.0
READINGS_IN_A_GAP = 4
SILENCE_SHARE = 1 / 16
"""A reading that finds nothing new is followed by a pause of at least this share of the silence so far."""

NEWEST_SHARE = 0.25
"""How much one new gap counts against the mean of those before."""

LONGEST_LESSON = 4
"""A night or a holiday counts as no more than so many mean gaps."""

LEAST_GAP_SECONDS = 60.0
RELAXATION = 2
"""A pause is at most so many times the one before, so that news after a burst is found soon too."""

SPREAD = 0.05
FAILURE_SPREAD = 0.25


class Attempt(Struct, frozen=True, kw_only=True):
    """One reading of a source, as the rhythm sees it.

    `links` is how many it offered, `new_links` how many of them it had not offered the time before;
    `left_over` says that there are more that are due than were visited. `asked_seconds` is for how long
    the feed wants to be left alone now, `ttl_seconds` after every reading, `fresh_seconds` for how long
    its answer may be cached, `retry_after_seconds` what a server asked for that refused. `moved_to` is
    the address to read from next time, where it is not the catalogue's.

    `failure` in words and `cause` are of an attempt that came to nothing; with `partial`, the failure is
    one of a part, and the rest was read. `gone` is an answer of 410.
    """

    at: datetime
    failure: str | None = None
    cause: Cause | None = None
    partial: bool = False
    new_links: int = 0
    links: int = 0
    left_over: bool = False
    asked_seconds: float | None = None
    ttl_seconds: float | None = None
    fresh_seconds: float | None = None
    retry_after_seconds: float | None = None
    moved_to: str | None = None
    gone: bool = False


class _Pause(Struct, frozen=True, kw_only=True):
    """The shortest and the longest that will do; each source has its own place between the two."""

    shortest: float
    longest: float

    def of(self, source_id: str) -> float:
        return self.shortest + _place(source_id) * max(0.0, self.longest - self.shortest)


def after_attempt(entry: Entry, before: SourceState | None, attempt: Attempt) -> SourceState:
    """Note an attempt at the source, and choose the next."""
    if attempt.failure is not None and not attempt.partial:
        return _failed(entry, before, attempt)
    known = before or _unread(entry, attempt)
    noted = replace(
        known,
        succeeded_at=attempt.at,
        failures_in_a_row=0,
        failure=attempt.failure,
        cause=attempt.cause,
        gap_seconds=_gap_after(before, attempt),
        new_item_at=attempt.at if attempt.new_links else known.new_item_at,
        ttl_seconds=attempt.ttl_seconds,
        moved_to=attempt.moved_to,
        moved_from=entry.urls[0] if attempt.moved_to else None,
        gone_at=None,
    )
    return _due_after(noted, attempt, _success_pause(entry, before, attempt))


def moved_address(entry: Entry, state: SourceState | None) -> str | None:
    """Where a source is read from instead of the catalogue's address, unless that was changed since."""
    if state is None or state.moved_from not in entry.urls[:1]:
        return None
    return state.moved_to


def _failed(entry: Entry, before: SourceState | None, attempt: Attempt) -> SourceState:
    known = before or _unread(entry, attempt)
    noted = replace(
        known,
        failures_in_a_row=known.failures_in_a_row + 1,
        failure=attempt.failure,
        cause=attempt.cause,
        gone_at=known.gone_at or (attempt.at if attempt.gone else None),
    )
    return _due_after(noted, attempt, _failure_pause(entry, noted, attempt))


def _unread(entry: Entry, attempt: Attempt) -> SourceState:
    return SourceState(source_id=entry.id, attempted_at=attempt.at, due_at=attempt.at, interval_seconds=0.0)


def _due_after(noted: SourceState, attempt: Attempt, pause: _Pause) -> SourceState:
    seconds = pause.of(noted.source_id)
    due_at = attempt.at + timedelta(seconds=seconds)
    return replace(noted, attempted_at=attempt.at, due_at=due_at, interval_seconds=seconds)


def _success_pause(entry: Entry, before: SourceState | None, attempt: Attempt) -> _Pause:
    shortest = float(entry.cadence_seconds)
    longest = max(shortest, float(entry.slowest_seconds))
    own = shortest if attempt.left_over else _own_seconds(before, attempt)
    cached = min(attempt.fresh_seconds or 0.0, longest)
    asked = 0.0 if attempt.left_over else max(_asked_seconds(attempt), cached)
    target = max(min(max(own, shortest), longest), asked)
    if before is None:
        # All sources of a new catalogue are read at once; from then on each has its own time.
        return _Pause(shortest=target, longest=min(2 * target, max(longest, asked)))
    within = max(longest, asked)
    return _Pause(
        shortest=max(shortest, asked, (1 - SPREAD) * target), longest=min(within, (1 + SPREAD) * target)
    )


def _asked_seconds(attempt: Attempt) -> float:
    asked = max(attempt.asked_seconds or 0.0, attempt.ttl_seconds or 0.0, attempt.retry_after_seconds or 0.0)
    return min(asked, LONGEST_ASKED_SECONDS)


def _failure_pause(entry: Entry, noted: SourceState, attempt: Attempt) -> _Pause:
    cadence = float(entry.cadence_seconds)
    first, longest = max(cadence, LEAST_BACKOFF_SECONDS), LONGEST_BACKOFF_SECONDS
    if noted.gone_at:
        first, longest = max(cadence, WEEK_SECONDS), LONGEST_RETIREMENT_SECONDS
    elif attempt.cause is Cause.RATE_LIMITED:
        # It is alive and says when; the host's own budget sees to the rest.
        longest = min(longest, float(entry.slowest_seconds))
    longest = max(first, longest, _asked_seconds(attempt))
    target = min(first * 2.0 ** min(noted.failures_in_a_row - 1, 64), longest)
    shortest = max(first, _asked_seconds(attempt), (1 - FAILURE_SPREAD) * target)
    return _Pause(shortest=shortest, longest=min(longest, (1 + FAILURE_SPREAD) * target))


def _own_seconds(before: SourceState | None, attempt: Attempt) -> float:
    """What the source's own rhythm, and its silence, have to say about the next pause."""
    if before is None or before.new_item_at is None:
        return 0.0
    known = before.gap_seconds
    if before.failures_in_a_row:
        return known / READINGS_IN_A_GAP if known else 0.0
    silence = _seconds(before.new_item_at, attempt.at)
    gap = _lesson(known, silence, max(1, attempt.new_links))
    if attempt.new_links == 0:
        own = max(known or gap, gap) / READINGS_IN_A_GAP
        own = max(own, silence * SILENCE_SHARE)
    else:
        own = min(gap, _burst_gap(before, attempt)) / READINGS_IN_A_GAP
    return min(own, RELAXATION * before.interval_seconds)


def _burst_gap(before: SourceState, attempt: Attempt) -> float:
    """Several items since the last reading are no further apart than that reading is away."""
    if attempt.new_links < 2:
        return float("inf")
    return _seconds(before.attempted_at, attempt.at) / (attempt.new_links - 1)


def _gap_after(before: SourceState | None, attempt: Attempt) -> float | None:
    """The mean gap with what this attempt taught; an outage teaches nothing."""
    known = before.gap_seconds if before else None
    if before is None or before.new_item_at is None or not attempt.new_links or before.failures_in_a_row:
        return known
    return _lesson(known, _seconds(before.new_item_at, attempt.at), attempt.new_links)


def _lesson(known: float | None, elapsed: float, items: int) -> float:
    """Take so many items in so many seconds into the mean: shorter gaps at once, longer ones by degrees."""
    observed = max(elapsed / items, LEAST_GAP_SECONDS)
    if known is None:
        return observed
    if observed <= known:
        kept = (1 - NEWEST_SHARE) ** items
        return known * kept + observed * (1 - kept)
    return known + NEWEST_SHARE * (min(observed, LONGEST_LESSON * known) - known)


def _seconds(since: datetime, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds())


def _place(source_id: str) -> float:
    """A number from 0 to 1 that is this source's for ever, so that readings of many spread out."""
    digest = sha256(source_id.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8]) / 2**64
