"""How a source is doing, in a word and a sentence, by its state and by what came of its documents."""

import re
from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from ingestion.errors import Cause
from ingestion.source_ports import SourceState
from ingestion.sources.catalogue import Entry
from ingestion.sources.flow import ARTICLES, Flow
from ingestion.sources.remedies import REMEDIES
from ingestion.sources.volume import WINDOW_DAYS, Publisher, news_labels, shortfall

PASSING = frozenset({Cause.DNS, Cause.CONNECTION, Cause.TIMEOUT, Cause.SERVER_ERROR, Cause.ROBOTS})
PATIENCE_ATTEMPTS = 3
"""What may pass is waited for; the third failure in a row is taken for a lasting one."""

LIMITED = timedelta(days=3)
"""Who limits us for longer than this keeps us out."""

QUIET_GAPS, QUIET_AFTER = 5, timedelta(days=3)
FROZEN_GAPS, FROZEN_AFTER = 15, timedelta(days=7)
"""Silence, in mean gaps and at least so long: past a weekend, and past the longest holiday of a newsroom."""

LONGEST_USUAL = 1.5
"""A source that was silent for longer before is given so many times that."""

FAILED_TO_JUDGE = ((1, 5), (WINDOW_DAYS, 3))
"""Documents that failed within days, without a single article, that tell of a parser that finds nothing."""

DISALLOWED = "dropped/robots_disallowed"
FAULT = re.compile(r"\b(?:HttpFailure|Invalid|Refused|TooLarge|Unreachable|Unreadable): ")
WORDS = {
    DISALLOWED: "robots.txt does not let this crawler read it",
    "dropped/empty_body": "it answers with nothing",
}


class Verdict(StrEnum):
    """How a source is doing; the worst first."""

    BROKEN = "broken"
    BLOCKED = "blocked"
    GONE = "gone"
    FROZEN = "frozen"
    WAITING = "waiting"
    MOVED = "moved"
    QUIET = "quiet"
    NEW = "new"
    WELL = "well"


TROUBLE = frozenset({Verdict.BROKEN, Verdict.BLOCKED, Verdict.GONE, Verdict.FROZEN})
"""Those after which news is missing until a person has looked."""


class Judgement(Struct, frozen=True, kw_only=True):
    """A verdict with what was seen and what to do. `since` is None where nobody can say."""

    verdict: Verdict
    seen: str
    remedy: str = ""
    since: datetime | None = None


def judge(
    entry: Entry, state: SourceState | None, flow: Flow, now: datetime, publisher: Publisher | None = None
) -> Judgement:
    """Judge one source; `publisher` is what all sources of its publisher bring, where there are others."""
    if state is None:
        return Judgement(
            verdict=Verdict.NEW, seen="it was never read", remedy=f"`news collect {entry.id}` reads it now"
        )
    if state.failures_in_a_row:
        return _of_failure(entry, state, now)
    return (
        _of_yield(entry, state, flow, now)
        or _of_silence(entry, state, flow, Verdict.FROZEN)
        or _of_part(state)
        or _of_move(entry, state)
        or _of_silence(entry, state, flow, Verdict.QUIET)
        or _of_volume(entry, flow, publisher or Publisher(flow=flow, expected=entry.articles_per_day or 0.0))
        or Judgement(verdict=Verdict.WELL, seen=_doing(state, now), remedy=_overdue(state, now))
    )


def _of_failure(entry: Entry, state: SourceState, now: datetime) -> Judgement:
    verdict, since = _failure_verdict(state, now), state.succeeded_at
    if verdict is Verdict.GONE and state.gone_at:
        told = f"it says that it is gone, since {state.gone_at:%Y-%m-%d}: {_words(state.failure)}"
        return Judgement(
            verdict=verdict, seen=told, remedy=_remedy(entry, Cause.GONE), since=since or state.gone_at
        )
    remedy = _remedy(entry, state.cause)
    if verdict is Verdict.WAITING:
        remedy = f"nothing to do yet: it is asked again at {_minute(state.due_at)}"
    times = "once" if state.failures_in_a_row == 1 else f"{state.failures_in_a_row} times"
    ever = f"since {_minute(since)}" if since else "it was never read"
    return Judgement(
        verdict=verdict, seen=f"{_words(state.failure)} ({times}; {ever})", remedy=remedy, since=since
    )


def _remedy(entry: Entry, cause: Cause | None) -> str:
    domain = entry.publisher.domain
    site = entry.site or (f"https://{domain}/" if domain else "SITE")
    return REMEDIES[cause].replace("SITE", site) if cause else "see `news rejected`"


def _words(failure: str | None) -> str:
    """Say a failure without the names that faults have in the program."""
    return WORDS.get(failure or "", FAULT.sub("", failure or "it failed"))


def _failure_verdict(state: SourceState, now: datetime) -> Verdict:
    if state.gone_at:
        return Verdict.GONE
    if state.cause is Cause.BLOCKED or state.failure == DISALLOWED:
        return Verdict.BLOCKED
    if state.cause is Cause.RATE_LIMITED:
        for_long = state.succeeded_at is not None and now - state.succeeded_at >= LIMITED
        return Verdict.BLOCKED if for_long else Verdict.WAITING
    if state.cause in PASSING and state.failures_in_a_row < PATIENCE_ATTEMPTS:
        return Verdict.WAITING
    return Verdict.BROKEN


def _of_yield(entry: Entry, state: SourceState, flow: Flow, now: datetime) -> Judgement | None:
    """Find a source whose documents make no articles, though it offers new ones."""
    for days, enough in FAILED_TO_JUDGE:
        failed = flow.failures(days)
        offered = state.new_item_at is not None and now - state.new_item_at <= timedelta(days=days)
        if offered and failed.total() >= enough and not sum(flow.counts(0, days, ARTICLES)):
            age = flow.days_since(ARTICLES)
            return _fruitless(entry, failed, days, since=None if age is None else now - timedelta(days=age))
    return None


def _fruitless(entry: Entry, failed: Counter[str], days: int, since: datetime | None) -> Judgement:
    reasons = ", ".join(f"{count} {label}" for label, count in failed.most_common(3))
    within = "the last day" if days == 1 else f"the last {days} days"
    if set(failed) == {DISALLOWED}:
        seen = f"robots.txt keeps us from the articles it lists ({failed.total()} in {within})"
        return Judgement(verdict=Verdict.BLOCKED, seen=seen, remedy=REMEDIES[Cause.ROBOTS], since=since)
    return Judgement(
        verdict=Verdict.BROKEN,
        seen=f"it is read, but no document of {within} became an article ({reasons})",
        remedy=f"`news rejected`, and `news trace` on an address of {entry.id}, show what the parser sees",
        since=since,
    )


def _of_silence(entry: Entry, state: SourceState, flow: Flow, verdict: Verdict) -> Judgement | None:
    """Judge silence up to the last reading that was answered: what nobody asked for, nobody could miss."""
    if state.new_item_at is None or state.succeeded_at is None or entry.kind in ("files", "warc"):
        return None
    gaps, least = (FROZEN_GAPS, FROZEN_AFTER) if verdict is Verdict.FROZEN else (QUIET_GAPS, QUIET_AFTER)
    patience = max(
        least,
        gaps * timedelta(seconds=state.gap_seconds or 0.0),
        LONGEST_USUAL * timedelta(days=flow.longest_pause(news_labels(entry))),
    )
    silence = state.succeeded_at - state.new_item_at
    if silence < patience:
        return None
    seen = f"it answers, but has had nothing new for {duration(silence.total_seconds())}"
    if state.gap_seconds:
        seen += f"; usually there is something every {duration(state.gap_seconds)}"
    return Judgement(
        verdict=verdict,
        seen=seen,
        remedy=_silence_remedy(entry, verdict),
        since=state.new_item_at + patience,
    )


def _silence_remedy(entry: Entry, verdict: Verdict) -> str:
    if verdict is Verdict.QUIET:
        return "nothing to do where the newsroom rests; else look at its site"
    return f"look at {entry.site or entry.urls[0]}: does the site go on without this {entry.kind}?"


def _of_part(state: SourceState) -> Judgement | None:
    if not state.failure:
        return None
    if state.cause is None:
        return Judgement(verdict=Verdict.QUIET, seen=state.failure, remedy="look at its address")
    seen = f"a part of it fails: {_words(state.failure)}"
    return Judgement(
        verdict=Verdict.BROKEN, seen=seen, remedy=REMEDIES[state.cause], since=state.attempted_at
    )


def _of_move(entry: Entry, state: SourceState) -> Judgement | None:
    if state.moved_to is None:
        return None
    written = entry.file.name if entry.file else "its file of the catalogue"
    return Judgement(
        verdict=Verdict.MOVED,
        seen=f"it has moved to {state.moved_to}, and is read from there",
        remedy=f"write that address into {written}",
    )


def _of_volume(entry: Entry, flow: Flow, publisher: Publisher) -> Judgement | None:
    seen = shortfall(entry, flow, publisher)
    if seen is None:
        return None
    remedy = "compare it with the site; if this is its rhythm now, mend expect.articles_per_day"
    return Judgement(verdict=Verdict.QUIET, seen=seen, remedy=remedy)


def _doing(state: SourceState, now: datetime) -> str:
    news = _ago(state.new_item_at, now) if state.new_item_at else "nothing yet"
    return f"last news {news}; read again after {duration(state.interval_seconds)}"


def _ago(at: datetime, now: datetime) -> str:
    return f"{duration((now - at).total_seconds())} ago"


def _overdue(state: SourceState, now: datetime) -> str:
    late = (now - state.due_at).total_seconds()
    if late < max(3600.0, state.interval_seconds):
        return ""
    return f"it has been due for {duration(late)}: see that something collects"


def duration(seconds: float) -> str:
    """Say how long, in the largest unit of which there are two."""
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
