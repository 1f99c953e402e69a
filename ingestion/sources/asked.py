"""How often a feed asks to be read: ttl, skipHours and skipDays of RSS, sy:updatePeriod of RDF.

RSS 2.0 (rssboard.org) gives ttl in minutes, hours in GMT and days by their English names; the syndication
module of RDF (web.resource.org/rss/1.0/modules/syndication) gives a period and how often in it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from ingestion.sources.xml import local_name, whole_text

if TYPE_CHECKING:
    from lxml import etree

PERIODS_SECONDS = {
    "hourly": 3600.0,
    "daily": 86_400.0,
    "weekly": 7 * 86_400.0,
    "monthly": 30 * 86_400.0,
    "yearly": 365 * 86_400.0,
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS_A_WEEK = 7 * 24
MOST_SECONDS = 7 * 86_400.0
"""A feed that asks for more is mistaken, or as good as dead: it is asked again after a week."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a feed says of its own rhythm. `skip_hours` are hours of the day (UTC), days count from Monday."""

    ttl_minutes: float | None = None
    period_seconds: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()

    @property
    def pause_seconds(self) -> float | None:
        """The pause that is asked for after every reading, whatever the hour; None if it is silent."""
        pauses = [self.ttl_minutes * 60 if self.ttl_minutes else None, self.period_seconds]
        return min(max((p for p in pauses if p), default=0.0), MOST_SECONDS) or None

    def seconds_after(self, at: datetime) -> float | None:
        """Seconds from a reading at `at` to the earliest one that the feed asks for; None if it is silent."""
        earliest = at.astimezone(UTC) + timedelta(seconds=self.pause_seconds or 0.0)
        seconds = (self._awake(earliest) - at).total_seconds()
        return min(seconds, MOST_SECONDS) or None

    def _awake(self, earliest: datetime) -> datetime:
        """The first time from `earliest` on that is in no hour and no day that is to be left out."""
        then = earliest
        for _ in range(HOURS_A_WEEK + 1):
            if then.hour not in self.skip_hours and then.weekday() not in self.skip_days:
                return then
            then = then.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return earliest


def read_asked(root: "etree._Element") -> Asked:
    """Read what a feed asks for; what makes no sense is passed over."""
    told = {local_name(fact): fact for fact in _facts(root)}
    return Asked(
        ttl_minutes=_number(told.get("ttl")),
        period_seconds=_period_seconds(told.get("updateperiod"), told.get("updatefrequency")),
        skip_hours=frozenset(_hours(told.get("skiphours"))),
        skip_days=frozenset(_days(told.get("skipdays"))),
    )


def _facts(root: "etree._Element") -> "Iterator[etree._Element]":
    """What stands in the feed itself, outside of its entries."""
    channels = [child for child in root if local_name(child) == "channel"]
    for holder in (root, *channels):
        yield from holder


def _period_seconds(period: "etree._Element | None", frequency: "etree._Element | None") -> float | None:
    if period is None and frequency is None:
        return None
    named = (whole_text(period) or "").lower() if period is not None else "daily"
    times = _number(frequency) or 1.0
    return PERIODS_SECONDS[named] / times if named in PERIODS_SECONDS else None


def _number(element: "etree._Element | None") -> float | None:
    try:
        number = float(whole_text(element) or "") if element is not None else 0.0
    except ValueError:
        return None
    return number if isfinite(number) and number > 0 else None


def _hours(element: "etree._Element | None") -> Iterator[int]:
    for hour in element if element is not None else ():
        text = whole_text(hour) or ""
        if text.isascii() and text.isdecimal() and len(text) < 3 and int(text) <= 24:
            yield int(text) % 24


def _days(element: "etree._Element | None") -> Iterator[int]:
    for day in element if element is not None else ():
        name = (whole_text(day) or "").lower()
        if name in DAYS:
            yield DAYS.index(name)
