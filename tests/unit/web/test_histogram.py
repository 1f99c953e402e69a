from datetime import date, timedelta

import pytest

from ingestion.search.query import FacetCount, Query
from ingestion.web.histogram import HEIGHT, MAX_BARS, WIDTH, histogram


def counts(*days: date) -> list[FacetCount]:
    return [FacetCount(day.isoformat(), number + 1) for number, day in enumerate(days)]


FIRST = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("last", "unit", "bars"),
    [
        (FIRST, "day", 1),
        (FIRST + timedelta(days=61), "day", 62),
        (FIRST + timedelta(days=62), "month", 4),
        (date(2031, 2, 1), "month", 62),
        (date(2031, 3, 1), "year", 6),
        (date(2999, 1, 1), "year", MAX_BARS),
    ],
)
def test_the_unit_fits_the_range(last: date, unit: str, bars: int) -> None:
    drawn = histogram(counts(FIRST, last) if last > FIRST else counts(FIRST), Query())

    assert drawn is not None
    assert (drawn.unit, len(drawn.bars)) == (unit, bars)
    assert all(bar.x + bar.width <= WIDTH and 0 <= bar.y <= HEIGHT for bar in drawn.bars)
    assert drawn.bars[-1].height == HEIGHT


def test_bars_lead_to_their_span_and_know_whether_they_are_chosen() -> None:
    drawn = histogram(counts(FIRST, date(2026, 12, 31)), Query(published_from=date(2026, 12, 5)))

    assert drawn is not None
    assert drawn.bars[1].href == "?from=2026-02-01&to=2026-02-28"
    assert [bar.active for bar in drawn.bars] == [False] * 11 + [True]
    assert (drawn.first, drawn.last) == ("Jan 2026", "Dec 2026")


def test_no_dates_no_picture() -> None:
    assert histogram([], Query()) is None
