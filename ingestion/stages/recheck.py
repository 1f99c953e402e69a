"""When a published article is visited again: an hour, six hours, a day and a week after it was first seen.

A publisher that is known to change what it has published is visited more often, one that hardly ever
does less often. An article that changed lately by its own account, or by that of the sitemap, does not
wait for the next step.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from ingestion.article import Article
from ingestion.source_ports import Habit, Recheck

FIRST = timedelta(hours=1)
STEPS = (FIRST, timedelta(hours=6), timedelta(days=1), timedelta(days=7))
OFTEN = (
    FIRST,
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
SELDOM = (timedelta(hours=6), timedelta(days=7))

OFTEN_SHARE = 0.2
SELDOM_SHARE = 0.02
ENOUGH_CHECKS = 50
"""Fewer rechecks say nothing about a publisher's habit."""

STILL_CHANGING = timedelta(hours=6)
TOUCHED = timedelta(minutes=10)
"""Publishing itself changes the time of the last change by so much."""


def steps(habit: Habit) -> tuple[timedelta, ...]:
    """Choose the ages at which articles of a source are visited again."""
    if habit.checks < ENOUGH_CHECKS:
        return STEPS
    share = habit.changes / habit.checks
    if share >= OFTEN_SHARE:
        return OFTEN
    return SELDOM if share < SELDOM_SHARE else STEPS


def first_due(article: Article) -> datetime | None:
    """Say when to go back first; None for what was a week old when it was first seen, as in an archive."""
    first_seen = article.first_seen or article.fetched_at
    if article.published and first_seen - article.published.at > STEPS[-1]:
        return None
    return first_seen + FIRST


def last_changed(article: Article) -> datetime | None:
    """Say when it changed last: by its own account, and without one when a later version was seen."""
    begin = article.published.at + TOUCHED if article.published else article.first_seen
    if article.modified and begin and article.modified.at > begin:
        return article.modified.at
    return article.fetched_at if article.version > 1 else None


def soonest_due(article: Article) -> datetime | None:
    """Say when to go back at the latest to a version that changed lately; None where the plan decides."""
    changed_at = last_changed(article)
    if changed_at and timedelta(0) <= article.fetched_at - changed_at < STILL_CHANGING:
        return article.fetched_at + FIRST
    return None


def next_due(
    first_seen: datetime, now: datetime, habit: Habit, changed_at: datetime | None = None
) -> datetime | None:
    """Say when to go there after a visit at `now`; None where the last step was taken.

    Steps that have passed are not made up for. `changed_at` is when the article changed last: while that
    is less than six hours ago, one goes there an hour after the visit at the latest.
    """
    ahead = [first_seen + step for step in steps(habit) if first_seen + step > now]
    planned = min(ahead, default=None)
    if changed_at and timedelta(0) <= now - changed_at < STILL_CHANGING and now - first_seen < STEPS[-1]:
        return min(planned or now + FIRST, now + FIRST)
    return planned


def chosen(due: Iterable[Recheck], most_per_host: int) -> list[Recheck]:
    """Choose whom to visit where there are more than the budget of a host allows.

    What has changed before comes first, then the youngest: most changes are made on the first day.
    """
    taken: Counter[str] = Counter()
    urgency = sorted(due, key=lambda one: (one.changes == 0, -one.first_seen.timestamp(), one.url))
    found: list[Recheck] = []
    for one in urgency:
        if taken[one.host] < most_per_host:
            taken[one.host] += 1
            found.append(one)
    return found
