"""When to come back: both forms of Retry-After, and everything that is neither."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.fetch.retry_after import MAX_RETRY_AFTER_SECONDS, http_date, retry_after_seconds

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        (format_datetime(NOW + timedelta(minutes=1), usegmt=True), 60.0),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
        ("Monday, 02-Nov-26 10:00:30 GMT", 30.0),
        ("Mon Nov  2 10:00:45 2026", 45.0),
        ("Mon, 02 Nov 2026 12:00:00 +0200", 0.0),
        ("99999999999", MAX_RETRY_AFTER_SECONDS),
        ("9" * 400, MAX_RETRY_AFTER_SECONDS),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER_SECONDS),
        *((said, None) for said in (None, "", "soon", "-5", "1.5", "٣", "1e3", "Mon, 99 Nov 2026")),
    ],
)
def test_retry_after_is_read_in_both_forms(said: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(said, NOW) == seconds


@given(st.text(max_size=60) | st.text("0123456789+-: GMTMonNov,", max_size=40))
def test_nothing_escapes_from_a_header(said: str) -> None:
    seconds = retry_after_seconds(said, NOW)
    found = http_date(said)

    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_SECONDS
    assert found is None or found.tzinfo is UTC


@given(st.integers(0, 10**7))
def test_both_forms_say_the_same(seconds: int) -> None:
    as_date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)

    assert retry_after_seconds(str(seconds), NOW) == retry_after_seconds(as_date, NOW)
