"""How many articles a source brings, against what is expected of it and what was usual."""

from statistics import mean, median

from msgspec import Struct

from ingestion.sources.catalogue import Entry
from ingestion.sources.flow import Flow

WINDOW_DAYS = 7
HISTORY_DAYS = 35
"""The window and the four weeks before it, which say what is usual."""

DAYS_TO_JUDGE = 3
ENOUGH_A_DAY = 4
"""Fewer articles a day vary too much to say that they have become fewer."""

FEW = 0.25


class Publisher(Struct, frozen=True, kw_only=True):
    """All sources of a publisher together: an article that two of them list is counted for one of them."""

    flow: Flow = Flow()
    expected: float = 0.0


def news_labels(entry: Entry) -> tuple[str, ...]:
    """What counts as an article: a page that is visited for its changes brings its news as updates."""
    return ("new", "updated") if entry.kind == "page" else ("new",)


def articles_a_day(entry: Entry, flow: Flow) -> float | None:
    """Articles on a mean day of the last week; None where nothing was counted yet."""
    counts = flow.counts(0, WINDOW_DAYS, news_labels(entry))
    return mean(counts) if counts else None


def shortfall(entry: Entry, flow: Flow, publisher: Publisher) -> str | None:
    """Say in words that there are fewer articles than there should be; None where there are enough.

    There are also enough where the publisher's sources together bring what is expected of them.
    """
    labels = news_labels(entry)
    recent = flow.counts(0, WINDOW_DAYS, labels)
    if len(recent) < DAYS_TO_JUDGE:
        return None
    usual, expected = _usual(flow, labels), entry.articles_per_day or 0.0
    if _found(flow, labels) < expected and _found(publisher.flow, labels) < publisher.expected:
        return f"{_number(mean(recent))} articles a day, where {_number(expected)} are expected"
    if _is_few(flow, labels) and _is_few(publisher.flow, labels):
        return f"{_number(mean(recent))} articles a day, where {_number(usual)} were usual"
    return None


def _is_few(flow: Flow, labels: tuple[str, ...]) -> bool:
    usual = _usual(flow, labels)
    return usual >= ENOUGH_A_DAY and _found(flow, labels) < FEW * usual


def _found(flow: Flow, labels: tuple[str, ...]) -> float:
    """Articles of an ordinary day: weekends do not make it few, nor does one great day of many."""
    counts = flow.counts(0, WINDOW_DAYS, labels)
    return max(median(counts), mean(counts)) if counts else 0.0


def _usual(flow: Flow, labels: tuple[str, ...]) -> float:
    """Articles of an ordinary day before the window; 0 where too little is known. One backfill is no rule."""
    counts = flow.counts(WINDOW_DAYS, HISTORY_DAYS, labels)
    return median(counts) if len(counts) >= WINDOW_DAYS else 0.0


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
