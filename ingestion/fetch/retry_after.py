"""What a host says about when to come back (RFC 9110, section 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_SECONDS = 7 * 24 * 3600.0
"""A host that asks for more is asked again after a week."""


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read Retry-After in both its forms; None where it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:12]), MAX_RETRY_AFTER_SECONDS)
    then = http_date(text)
    return None if then is None else min(max(0.0, (then - now).total_seconds()), MAX_RETRY_AFTER_SECONDS)


def http_date(text: str) -> datetime | None:
    """Read a date of HTTP in any of its three forms (RFC 9110, section 5.6.7); None where it is none."""
    try:
        then = parsedate_to_datetime(text)
        return then.astimezone(UTC) if then.tzinfo else then.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
