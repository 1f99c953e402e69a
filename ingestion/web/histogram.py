"""Articles over time as bars, by day, month or year, whichever fits."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from ingestion.search.query import FacetCount, Query
from ingestion.web.address import link
from ingestion.web.labels import MONTHS, day

MAX_BARS = 62
HEIGHT = 56
WIDTH = 248


class Bar(Struct, frozen=True, kw_only=True):
    """One bar; positions in pixels of the picture."""

    label: str
    count: int
    href: str
    active: bool
    x: float
    y: float
    width: float
    height: float


class Histogram(Struct, frozen=True, kw_only=True):
    """The picture and the ends of its axis in words."""

    unit: str
    bars: tuple[Bar, ...]
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT


class _Bin(Struct, frozen=True):
    start: date
    end: date
    label: str


def histogram(counts: Sequence[FacetCount], query: Query) -> Histogram | None:
    """Draw counts by day; None where no date is known."""
    by_day = {date.fromisoformat(count.value): count.count for count in counts}
    if not by_day:
        return None
    unit, bins = _bins(min(by_day), max(by_day))
    found: Counter[date] = Counter()
    for at, count in by_day.items():
        found[_start(at, unit)] += count
    bins = bins[-MAX_BARS:]
    highest = max(found[one.start] for one in bins)
    bars = tuple(
        _bar(one, found[one.start], (number, len(bins), highest), query) for number, one in enumerate(bins)
    )
    return Histogram(unit=unit, bars=bars, first=bins[0].label, last=bins[-1].label)


def _bar(one: _Bin, count: int, place: tuple[int, int, int], query: Query) -> Bar:
    number, total, highest = place
    step = min(WIDTH / total, 24)
    height = max(round(HEIGHT * count / highest, 1), 2.0) if count else 0.0
    return Bar(
        label=one.label,
        count=count,
        href=link(query, published_from=one.start, published_to=one.end),
        active=_is_within(one, query),
        x=round(number * step, 2),
        y=round(HEIGHT - height, 1),
        width=round(max(step - 1.5, 1), 2),
        height=height,
    )


def _is_within(one: _Bin, query: Query) -> bool:
    since, until = query.since, query.until
    return (since is None or since.date() <= one.end) and (until is None or until.date() > one.start)


def _bins(first: date, last: date) -> tuple[str, list[_Bin]]:
    days = (last - first).days + 1
    if days <= MAX_BARS:
        return "day", [_day(first + timedelta(days=number)) for number in range(days)]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months <= MAX_BARS:
        return "month", [_month(first.year * 12 + first.month - 1 + number) for number in range(months)]
    return "year", [_year(year) for year in range(first.year, last.year + 1)]


def _day(at: date) -> _Bin:
    return _Bin(at, at, day(at))


def _month(number: int) -> _Bin:
    year, month = divmod(number, 12)
    last = 31 if month == 11 else (date(year, month + 2, 1) - timedelta(days=1)).day
    return _Bin(date(year, month + 1, 1), date(year, month + 1, last), f"{MONTHS[month]} {year}")


def _year(year: int) -> _Bin:
    return _Bin(date(year, 1, 1), date(year, 12, 31), str(year))


def _start(at: date, unit: str) -> date:
    return {"day": at, "month": at.replace(day=1), "year": at.replace(month=1, day=1)}[unit]
