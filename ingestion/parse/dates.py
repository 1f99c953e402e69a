"""Times with their evidence: value, precision, ground for the time zone, place and raw string.

A day without a time is kept as that calendar day, at midnight UTC. A year alone is never a date.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from ingestion.article import Moment, Precision, Publisher, TimezoneBasis
from ingestion.parse.clues import Found
from ingestion.parse.data import table

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST_AHEAD = timedelta(days=1)
IMPLAUSIBLE = "implausible_date"
AMBIGUOUS = "ambiguous_date"
CONFLICT = "date_conflict"
_OF_WEIGHT = ("json-ld:", "meta:", "html:time", "html:datePublished", "feed:", "sitemap:")
_MOST_APART = timedelta(hours=36)

_DIGITS = str.maketrans(
    {chr(base + n): str(n) for base in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10) for n in range(10)}
)
_PUNCTUATION = str.maketrans(
    {"：": ":", "．": ".", "／": "/", "－": "-", "−": "-", "\u00a0": " ", "،": ",", "\u202f": " "}
)
_TIME = (
    r"(?P<hour>\d{1,2})[:.時h시点](?P<minute>\d{2})(?:[:.分](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?分?"
    r"(?:\s?(?P<half>[ap])\.?\s?m\b\.?)?(?:\s?Uhr\b)?"
)
_ZONE = (
    r"(?:\s?\(?(?P<zone>Z\b|(?:UTC|GMT)?\s?[+-]\d{2}:?\d{2}\b|(?:UTC|GMT)\s?[+-]\d{1,2}\b|[+-]\d{2}(?![\d:])|"
    r"\b(?:UTC|GMT|UT|EST|EDT|ET|CST|CDT|MST|MDT|PST|PDT|PT|CET|CEST|EET|EEST|MSK|JST|KST|HKT|WIB|MEZ|MESZ|BST|IST|"
    r"AEST|AEDT|SGT|PKT|WAT|SAST|EAT|NZST|NZDT|PHT|TRT|BRT)\b))?"
)
_CLOCK = re.compile(_TIME + _ZONE, re.IGNORECASE)
_YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<year>\d{4})\s?(?:[-/.]|年|년)\s?(?P<month>\d{1,2})\s?(?:[-/.]|月|월)\s?(?P<day>\d{1,2})(?!\d)"
)
_DAY_FIRST = re.compile(r"(?<!\d)(?P<day>\d{1,2})\s?[.|]\s?(?P<month>\d{1,2})\s?[.|]\s?(?P<year>\d{4})(?!\d)")
_SLASHED = re.compile(r"(?<!\d)(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})(?!\d)")
_COMPACT = re.compile(
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:T?(?P<clock>\d{6})(?P<zone>Z|[+-]\d{4})?)?$"
)
_EPOCH = re.compile(r"^\d{10}(?:\d{3})?(?:\.\d+)?$")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?$")
_HOURS: dict[str, float] = {
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "UT": 0,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
}
_HOURS |= {"PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3}
_HOURS |= {"JST": 9, "KST": 9, "HKT": 8, "WIB": 7, "BST": 1, "AEST": 10, "AEDT": 11, "SGT": 8, "PKT": 5}
_HOURS |= {"WAT": 1, "SAST": 2, "EAT": 3, "NZST": 12, "NZDT": 13, "PHT": 8, "TRT": 3, "BRT": -3, "IST": 5.5}
_PLACES = {"ET": "America/New_York", "PT": "America/Los_Angeles"}
"""Names that are one time in summer and another one in winter."""

_LONGEST = 200
_THAI = re.compile(r"[\u0e00-\u0e7f].*2[45]\d\d$")
_BUDDHIST_ERA = 543
"""Years ahead of the common era, as Thai dates with the name of the month are counted."""


class Printed(Struct, frozen=True):
    """A time as it was printed: `at` is naive where no zone was printed with it."""

    at: datetime
    precision: Precision


def first_moment(
    finds: Sequence[Found], publisher: Publisher, fetched_at: datetime, *, day_first: bool | None = None
) -> tuple[Moment | None, tuple[str, ...]]:
    """Return the first find that is a plausible time, with a warning where another was passed over.

    `day_first` is the order in which days and months are printed where the page is from, if that is known.
    """
    warnings: tuple[str, ...] = ()
    latest = fetched_at + LATEST_AHEAD
    for number, found in enumerate(finds):
        moment = moment_of(found, publisher, day_first=_order(found, finds, day_first=day_first))
        if moment and EARLIEST <= moment.at <= latest:
            others = (moment_of(other, publisher, day_first=day_first) for other in finds[number + 1 :])
            known = [other for other in others if other and EARLIEST <= other.at <= latest]
            return _refined(moment, known, publisher), (*warnings, *_conflict(moment, known))
        if moment or _names_far_year(found.value):
            warnings = (IMPLAUSIBLE,)
        elif _SLASHED.search(found.value):
            warnings = (AMBIGUOUS,)
    return None, warnings


def _order(found: Found, finds: Sequence[Found], *, day_first: bool | None) -> bool | None:
    """Tell the order of an ambiguous date by the days that other places name without doubt."""
    if not _SLASHED.search(found.value) or holds_day(found.value):
        return day_first
    days = {printed.at.date() for other in finds if (printed := _clear(other.value))}
    both = {order: _clear(found.value, day_first=order) for order in (True, False)}
    told = [order for order, printed in both.items() if printed and printed.at.date() in days]
    return told[0] if told else day_first


def _clear(raw: str, *, day_first: bool | None = None) -> Printed | None:
    try:
        return read(raw, day_first=day_first)
    except (ValueError, OverflowError):
        return None


def _refined(moment: Moment, others: Sequence[Moment], publisher: Publisher) -> Moment:
    """Of a day alone, take the time that another place gives for the same day."""
    if moment.precision is not Precision.DAY:
        return moment
    day = moment.at.date()
    exact = (other for other in others if other.precision is not Precision.DAY)
    return next((other for other in exact if day in _days(other, publisher)), moment)


def _conflict(moment: Moment, others: Sequence[Moment]) -> tuple[str, ...]:
    """Name a conflict where a place of weight gives a day that is more than a day off."""
    told = (other for other in others if other.source.startswith(_OF_WEIGHT))
    apart = any(abs(other.at - moment.at) > _MOST_APART for other in told)
    return (CONFLICT,) if apart else ()


def _days(moment: Moment, publisher: Publisher) -> set[date]:
    """Return the days that a moment falls on, in UTC, in the newsroom's zone and as it was printed."""
    zones = (UTC, zone_of(publisher) or UTC)
    printed = read(moment.raw)
    return {moment.at.astimezone(zone).date() for zone in zones} | ({printed.at.date()} if printed else set())


def moment_of(found: Found, publisher: Publisher, *, day_first: bool | None = None) -> Moment | None:
    """Return what was printed, in UTC; None where it is no date, or one that no calendar can hold."""
    try:
        printed = read(found.value, day_first=day_first)
        if printed is None:
            return None
        at, basis = _in_utc(printed, zone_of(publisher))
    except (ValueError, OverflowError):
        return None
    return Moment(
        at=at, precision=printed.precision, timezone_basis=basis, source=found.place, raw=found.value
    )


def zone_of(publisher: Publisher) -> tzinfo | None:
    """Return the newsroom's time zone; None where it is unknown to us or to the time zone database."""
    try:
        return ZoneInfo(publisher.timezone) if publisher.timezone else None
    except (KeyError, ValueError, OSError):
        return None


def read(raw: str, *, day_first: bool | None = None) -> Printed | None:
    """Read one printed time: ISO 8601, RFC 5322, Unix time, or a date in words. Raises `ValueError`."""
    text = raw[:_LONGEST].translate(_DIGITS).translate(_PUNCTUATION).strip()
    if _EPOCH.match(text):
        seconds = float(text) / (1000 if len(text.partition(".")[0]) == 13 else 1)
        return Printed(datetime.fromtimestamp(seconds, UTC), Precision.SECOND)
    if compact := _COMPACT.match(text):
        return _compact(compact)
    day, rest = _day(text, day_first=day_first)
    return None if day is None else _with_clock(day, rest)


def holds_day(text: str) -> bool:
    """Whether a line holds a day with its month and year, in figures that can be read one way or in words."""
    try:
        return read(text) is not None and not _EPOCH.match(text)
    except (ValueError, OverflowError):
        return False


def names_month(text: str) -> bool:
    """Whether a word before the first figure of a line is the name of a month."""
    ahead = re.split(r"\d", text, maxsplit=1)[0]
    return any(word.casefold() in _months() for word in re.findall(r"[^\W\d]+", ahead))


def may_hold_day(text: str) -> bool:
    """Whether a line holds a day, also one that the place it is from has to decide."""
    return holds_day(text) or bool(_SLASHED.search(text))


def _day(text: str, *, day_first: bool | None) -> tuple[datetime | None, str]:
    for pattern in (_YEAR_FIRST, _DAY_FIRST, *_named_days()):
        if match := pattern.search(text):
            parts = match.groupdict()
            month = _month(parts.get("month") or parts.get("name") or "")
            year = int(parts["year"]) - (_BUDDHIST_ERA if _THAI.search(match.group()) else 0)
            day = datetime(year, month, int(parts["day"]))  # noqa: DTZ001 - naive as printed
            return day, text[: match.start()] + " " + text[match.end() :].removeprefix("T")
    slashed = _SLASHED.search(text)
    found = _slashed(slashed, day_first=day_first) if slashed else None
    return (
        (found, text[: slashed.start()] + " " + text[slashed.end() :]) if slashed and found else (None, text)
    )


def _slashed(match: re.Match[str], *, day_first: bool | None) -> datetime | None:
    """Read 03/12/2025 only where one order alone is possible or known, or both are the same day."""
    first, second, year = (int(match[name]) for name in ("first", "second", "year"))
    either = first <= 12 and second <= 12
    if (first > 12 >= second or first == second) or (either and day_first):
        return datetime(year, second, first)  # noqa: DTZ001 - naive as printed
    month_first = second > 12 or (either and day_first is False)
    return datetime(year, first, second) if month_first else None  # noqa: DTZ001 - naive as printed


def _with_clock(day: datetime, rest: str) -> Printed:
    clock = _CLOCK.search(rest)
    if not clock:
        return Printed(day, Precision.DAY)
    hour = int(clock["hour"])
    half = (clock["half"] or _half_of(rest)).lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    micros = int((clock["fraction"] or "0").ljust(6, "0")[:6])
    second = min(59, int(clock["second"] or 0))
    at = day.replace(hour=hour, minute=int(clock["minute"]), second=second, microsecond=micros)
    precision = Precision.SECOND if clock["second"] else Precision.MINUTE
    return Printed(at.replace(tzinfo=_zone(clock["zone"])), precision)


def _half_of(rest: str) -> str:
    """Tell the half of the day where it is printed in Arabic, Japanese or Korean."""
    if re.search(r"午後|오후|下午|مساء|\d\s?م\b", rest):
        return "p"
    return "a" if re.search(r"午前|오전|上午|صباح|\d\s?ص\b", rest) else ""


def _compact(match: re.Match[str]) -> Printed:
    day = datetime(int(match["year"]), int(match["month"]), int(match["day"]))  # noqa: DTZ001 - as printed
    if not match["clock"]:
        return Printed(day, Precision.DAY)
    clock = datetime.strptime(match["clock"], "%H%M%S").time()  # noqa: DTZ007 - the zone is joined next
    return Printed(datetime.combine(day, clock, _zone(match["zone"])), Precision.SECOND)


def _zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    if match := _OFFSET.search(name):
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        return timezone(timedelta(minutes=minutes if match["sign"] == "+" else -minutes))
    name = name.strip(" (").upper()
    if name in _PLACES:
        return zone_of(Publisher(id="", timezone=_PLACES[name]))
    hours = _HOURS.get(name)
    return None if hours is None else timezone(timedelta(hours=hours))


def _in_utc(printed: Printed, zone: tzinfo | None) -> tuple[datetime, TimezoneBasis]:
    at = printed.at
    if at.tzinfo is not None:
        return at.astimezone(UTC), TimezoneBasis.EXPLICIT
    if printed.precision is Precision.DAY or zone is None:
        return at.replace(tzinfo=UTC), TimezoneBasis.ASSUMED_UTC
    return at.replace(tzinfo=zone).astimezone(UTC), TimezoneBasis.PUBLISHER


def _names_far_year(raw: str) -> bool:
    """Tell a date that no calendar can hold (month 13, year 0) from words that are no date."""
    text = raw[:_LONGEST].translate(_DIGITS).translate(_PUNCTUATION)
    return bool(_YEAR_FIRST.search(text) or _EPOCH.match(text.strip()))


@cache
def _months() -> dict[str, int]:
    return {name: int(number) for number, names in table("months").items() for name in names}


def _month(name: str) -> int:
    return int(name) if name.isdigit() else _months()[name.casefold().rstrip(".")]


@cache
def _named_days() -> tuple[re.Pattern[str], ...]:
    names = "|".join(re.escape(name) for name in sorted(_months(), key=len, reverse=True))
    # The second name in the bracket is the same month in the other Arabic calendar of names.
    name = rf"(?P<name>{names})(?![^\W\d_])\.?(?:\s?[/(]\s?[^\W\d]+(?:\s[^\W\d]+)?\s?\)?)?"
    before, year = r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º|ª)?,?[\s-]", r"(?P<year>\d{4})(?!\d)"
    day_first = rf"{before}(?:de\s|of\s|d['’])?{name},?[\s-](?:de\s|del\s)?{year}"
    month_first = rf"\b{name}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s{year}"
    year_first = rf"(?<!\d)(?P<year>\d{{4}})\.?\s{name}\s(?P<day>\d{{1,2}})(?!\d)"
    # As `date` of Unix and `Date` of Java print it: the year behind the clock and its zone.
    year_last = rf"\b{name}\s+(?P<day>\d{{1,2}})(?=\s\d\d:\d\d:\d\d\s(?:[A-Z]{{1,5}}\s)?{year})"
    orders = (day_first, month_first, year_first, year_last)
    return tuple(re.compile(order, re.IGNORECASE) for order in orders)
