from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.article import Moment, Precision, TimezoneBasis
from ingestion.source_ports import Habit, Recheck
from ingestion.stages.recheck import (
    OFTEN,
    SELDOM,
    STEPS,
    chosen,
    first_due,
    last_changed,
    next_due,
    soonest_due,
    steps,
)
from tests.builders import article

SEEN = datetime(2026, 11, 20, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def walk(habit: Habit) -> list[timedelta]:
    """Visit an article at the very times that are planned for it."""
    ages, now = [], SEEN
    while due := next_due(SEEN, now, habit):
        ages.append(due - SEEN)
        now = due
    return ages


def test_an_article_is_visited_at_an_hour_six_hours_a_day_and_a_week() -> None:
    assert walk(Habit()) == [HOUR, 6 * HOUR, DAY, 7 * DAY] == list(STEPS)


@pytest.mark.parametrize(
    ("habit", "expected"),
    [(Habit(49, 49), STEPS), (Habit(50, 10), OFTEN), (Habit(50, 0), SELDOM), (Habit(100, 10), STEPS)],
)
def test_the_habit_of_a_publisher_decides_how_often(habit: Habit, expected: tuple[timedelta, ...]) -> None:
    assert steps(habit) == expected


def test_steps_that_have_passed_are_not_made_up_for() -> None:
    assert next_due(SEEN, SEEN + 2 * DAY, Habit()) == SEEN + 7 * DAY
    assert next_due(SEEN, SEEN + 8 * DAY, Habit()) is None


def test_an_article_that_changed_lately_is_visited_within_the_hour() -> None:
    now = SEEN + 2 * DAY

    assert next_due(SEEN, now, Habit(), changed_at=now - 2 * HOUR) == now + HOUR
    assert next_due(SEEN, now, Habit(), changed_at=now - 7 * HOUR) == SEEN + 7 * DAY
    assert next_due(SEEN, SEEN + 8 * DAY, Habit(), changed_at=SEEN + 8 * DAY) is None


def moment(at: datetime | None) -> Moment | None:
    if at is None:
        return None
    basis = TimezoneBasis.EXPLICIT
    return Moment(at=at, precision=Precision.SECOND, timezone_basis=basis, source="", raw="")


@pytest.mark.parametrize(
    ("published", "expected"),
    [(None, SEEN + HOUR), (SEEN - 6 * DAY, SEEN + HOUR), (SEEN + HOUR, SEEN + HOUR), (SEEN - 8 * DAY, None)],
)
def test_what_was_a_week_old_when_it_was_first_seen_has_no_plan(
    published: datetime | None, expected: datetime | None
) -> None:
    assert first_due(article(fetched_at=SEEN, published=moment(published))) == expected


@pytest.mark.parametrize(
    ("published", "modified", "version", "expected"),
    [
        (SEEN - 2 * HOUR, SEEN - HOUR, 1, SEEN - HOUR),
        (SEEN - 2 * HOUR, SEEN - 2 * HOUR, 1, None),
        (None, SEEN - HOUR, 1, None),
        (SEEN - 2 * HOUR, None, 1, None),
        (SEEN - 2 * HOUR, None, 2, SEEN),
        (SEEN - 2 * HOUR, SEEN - 2 * HOUR, 2, SEEN),
    ],
)
def test_an_article_changed_when_it_says_so_or_when_a_later_version_was_seen(
    published: datetime | None, modified: datetime | None, version: int, expected: datetime | None
) -> None:
    seen = article(
        fetched_at=SEEN,
        first_seen=SEEN,
        published=moment(published),
        modified=moment(modified),
        version=version,
    )

    assert last_changed(seen) == expected
    assert soonest_due(seen) == (SEEN + HOUR if expected else None)


def test_a_change_of_long_ago_hurries_nobody() -> None:
    seen = article(fetched_at=SEEN, published=moment(SEEN - 2 * DAY), modified=moment(SEEN - DAY))

    assert soonest_due(seen) is None


def recheck(name: str, *, host: str = "a.example", age_hours: int = 1, changes: int = 0) -> Recheck:
    first_seen = SEEN - age_hours * HOUR
    return Recheck(url=name, host=host, first_seen=first_seen, due_at=SEEN, changes=changes)


def test_a_host_is_visited_within_its_budget_the_restless_first_then_the_young() -> None:
    due = [recheck("old", age_hours=9), recheck("young"), recheck("restless", age_hours=30, changes=1)]
    other = recheck("elsewhere", host="b.example", age_hours=50)

    assert [one.url for one in chosen([*due, other], 2)] == ["restless", "young", "elsewhere"]


@given(st.integers(0, 10_000), st.integers(0, 20), st.integers(0, 200), st.none() | st.integers(0, 20))
def test_the_next_visit_is_always_ahead_and_comes_to_an_end(
    minutes: int, checks: int, changes: int, changed_hours: int | None
) -> None:
    now = SEEN + timedelta(minutes=minutes)
    changed_at = None if changed_hours is None else now - changed_hours * HOUR
    due = next_due(SEEN, now, Habit(checks, min(checks, changes)), changed_at)

    assert due is None or now < due <= max(SEEN + 7 * DAY, now + HOUR)
