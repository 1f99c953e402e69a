"""Which days an address, an entry of a sitemap, or a sitemap itself is about."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from msgspec import Struct

from ingestion.source_ports import Link

A_DAY = timedelta(days=1)
PRINTED = re.compile(r"\s*(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
"""A W3C date or the beginning of one; the day is taken as it is printed, whatever its zone."""

DAY_IN_ADDRESS = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_/.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?(?!\d)"
)
MONTH_IN_ADDRESS = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_/.](0?[1-9]|1[0-2])(?!\d)")
YEAR_IN_ADDRESS = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
ASKED_FOR = re.compile(
    r"(?:yyyy|year|y)=(\d{4})(?:&(?:mm|month|m)=(\d\d?))?(?:&(?:dd|day|d)=(\d\d?))?", re.IGNORECASE
)
"""Sitemaps by query, as in sitemap.xml?yyyy=2026&mm=01&dd=15."""


class Days(Struct, frozen=True):
    """From the first day to the last, both included."""

    first: date
    last: date

    def meets(self, since: date, until: date) -> bool:
        """Whether the two have a day in common."""
        return self.first <= until and since <= self.last

    def wider(self) -> "Days":
        """A day more at both ends: where it is midnight depends on who looks."""
        return Days(self.first - A_DAY, self.last + A_DAY)


def days_of_entry(link: Link) -> Days | None:
    """Find when a page was published; None where nobody says.

    The time of publication goes first, then a day in the address, then lastmod, then a month in the
    address: lastmod is when a page was touched last, which may be years later.
    """
    address = path_of(link.url)
    return (
        printed(link.hints.get("sitemap.published", ""))
        or _days(DAY_IN_ADDRESS, address, (1, 3, 4))
        or printed(link.hints.get("sitemap.lastmod", ""))
        or _days(MONTH_IN_ADDRESS, address, (1, 2))
    )


def days_of_sitemap(url: str, *, years: bool = True) -> Days | None:
    """Find which days a sitemap is about by its name; None where it does not say.

    Without `years`, four digits alone are a number and not a year.
    """
    asked = ASKED_FOR.search(url)
    if asked:
        return days_between(*(int(part) if part else None for part in asked.groups()))
    address = path_of(url)
    return (
        _days(DAY_IN_ADDRESS, address, (1, 3, 4))
        or _days(MONTH_IN_ADDRESS, address, (1, 2))
        or (_days(YEAR_IN_ADDRESS, address, (1,)) if years else None)
    )


def chosen_sitemaps(children: Iterable[Link], since: date, until: date) -> Iterator[Link]:
    """Leave out the sitemaps that cannot hold anything of these days, by their names and by lastmod."""
    children = list(children)
    numbered = {_shape(child.url) for child in children if _has_small_number(child.url)}
    for child in children:
        days = days_of_sitemap(child.url, years=_shape(child.url) not in numbered)
        changed = printed(child.hints.get("sitemap.lastmod", ""))
        if days and not days.wider().meets(since, until):
            continue
        if changed and changed.wider().last < since:
            continue
        yield child


def printed(text: str) -> Days | None:
    """Read a W3C date: a year, a month, a day, or a time of which the day counts."""
    found = PRINTED.match(text)
    return days_between(*(int(part) if part else None for part in found.groups())) if found else None


def days_between(year: int | None, month: int | None = None, day: int | None = None) -> Days | None:
    """Make the days of a year, a month or a day; None where there is no such day."""
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return Days(first, first)
    month = month or 12
    return Days(first, first.replace(month=month, day=monthrange(first.year, month)[1]))


def path_of(url: str) -> str:
    """Leave the host out: a date in its name means nothing."""
    return url.partition("://")[2].partition("/")[2]


def _days(pattern: re.Pattern[str], text: str, groups: tuple[int, ...]) -> Days | None:
    for found in pattern.finditer(text):
        days = days_between(*(int(found[group]) for group in groups))
        if days:
            return days
    return None


def _shape(url: str) -> str:
    return re.sub(r"\d+", "#", url)


def _has_small_number(url: str) -> bool:
    """Beside sitemap-7.xml, sitemap-2007.xml is the two thousand and seventh."""
    numbers = re.findall(r"\d+", path_of(url))
    return bool(numbers) and not YEAR_IN_ADDRESS.search(path_of(url))
