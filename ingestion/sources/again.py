"""Whether a page that was visited, and is listed still, is visited again."""

from datetime import datetime, timedelta
from typing import NamedTuple

from ingestion.source_ports import Link, Visited
from ingestion.sources.ages import changed_at, newest

SOONEST_SECONDS = 600
"""A page that is said to have changed is not asked for sooner: some say so with every reading."""

FAILED_SECONDS = 3_600
UNPLANNED_SECONDS = 86_400
YOUNG = timedelta(days=7)
"""What the listing says is older, and has no plan, is visited again only where it is said to have changed."""


class Offer(NamedTuple):
    """A link, its last visit, and whether an article was read there, so that a plan says when to go back."""

    link: Link
    known: Visited | None
    is_planned: bool = False


def is_due(offer: Offer, now: datetime, recheck_seconds: int | None) -> bool:
    """Tell for a page that was visited before. `recheck_seconds` None leaves articles to their plan."""
    if offer.known is None:
        return True
    age_seconds = (now - offer.known.visited_at).total_seconds()
    if age_seconds >= SOONEST_SECONDS and _has_changed_since(offer.known.visited_at, offer.link, now):
        return True
    if recheck_seconds is not None:
        return age_seconds >= recheck_seconds
    if offer.is_planned:
        return False
    if offer.known.failure is not None:
        return age_seconds >= FAILED_SECONDS
    return age_seconds >= UNPLANNED_SECONDS and _is_young(offer.link, now)


def _has_changed_since(visited_at: datetime, link: Link, now: datetime) -> bool:
    told = changed_at(link.hints)
    return told is not None and visited_at < told <= now


def _is_young(link: Link, now: datetime) -> bool:
    told = newest([link.hints], now)
    return told is None or now - told <= YOUNG
