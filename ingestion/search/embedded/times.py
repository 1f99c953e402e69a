"""Times as the index counts them: microseconds since 1970-01-01T00:00Z, 64 bits with a sign."""

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MICROS = 86_400_000_000

EARLIEST = -(10**18)
LATEST = 10**18
"""Beyond any `datetime`."""


def micros(at: datetime) -> int:
    """Count, without the rounding of floats."""
    return (at - EPOCH) // MICROSECOND


def day(at: float) -> date:
    """The UTC day that begins at a count."""
    return (EPOCH + timedelta(days=round(at / DAY_MICROS))).date()
