"""When something that was listed says that it is from."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PLACES = ("feed.published", "feed.updated", "sitemap.published", "sitemap.lastmod")
CHANGED = ("sitemap.lastmod", "feed.updated")


def changed_at(hints: Mapping[str, str]) -> datetime | None:
    """The latest time at which what was listed says that it changed."""
    times = (when(hints[place]) for place in CHANGED if place in hints)
    return max((time for time in times if time), default=None)


def newest(hints: Iterable[Mapping[str, str]], now: datetime) -> datetime | None:
    """The latest time that is not in the future; for showing, so that a time without a zone counts as UTC."""
    times = (when(told[place]) for told in hints for place in PLACES if place in told)
    return max((time for time in times if time and time <= now), default=None)


def when(text: str) -> datetime | None:
    """Read a time as feeds and sitemaps print it (RFC 5322, RFC 3339); None where that cannot be done."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = read(text.strip())
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
