"""For how long an answer is fresh (RFC 9111), and that no header is too odd."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.fetch.freshness import MAX_FRESH_SECONDS, cache_directives, fresh_seconds

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)


def http(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "public"}, None),
        ({"cache-control": "max-age=300"}, 300.0),
        ({"cache-control": "Max-Age=300, IMMUTABLE"}, 300.0),
        ({"cache-control": 'max-age="300"'}, 300.0),
        ({"cache-control": "max-age=300", "age": "100"}, 200.0),
        ({"cache-control": "max-age=300", "age": "100, 7"}, 200.0),
        ({"cache-control": "max-age=300", "age": "x"}, 300.0),
        ({"cache-control": "max-age=300", "age": "900"}, 0.0),
        ({"cache-control": "max-age=300", "date": http(-120)}, 180.0),
        ({"cache-control": "max-age=300", "date": http(120)}, 300.0),
        ({"cache-control": "max-age=300", "date": http(-120), "age": "200"}, 100.0),
        ({"cache-control": "max-age=300, s-maxage=9000"}, 300.0),
        ({"cache-control": "s-maxage=9000"}, None),
        ({"cache-control": "max-age=300, max-age=9"}, 300.0),
        ({"cache-control": "max-age=soon"}, 0.0),
        ({"cache-control": "max-age"}, 0.0),
        ({"cache-control": "max-age=-1"}, 0.0),
        ({"cache-control": "max-age=1.5"}, 0.0),
        ({"cache-control": "max-age=300, no-store"}, 0.0),
        ({"cache-control": "no-cache, max-age=300"}, 0.0),
        ({"cache-control": 'no-cache="set-cookie", max-age=300'}, 300.0),
        ({"cache-control": 'private="a, no-store", max-age=300'}, 300.0),
        ({"cache-control": "immutable"}, None),
        ({"cache-control": "max-age=31536000, immutable"}, MAX_FRESH_SECONDS),
        ({"cache-control": f"max-age={'9' * 5000}"}, MAX_FRESH_SECONDS),
        ({"expires": http(600), "date": http(0)}, 600.0),
        ({"expires": http(600), "date": http(-60)}, 600.0),
        ({"expires": http(600)}, 600.0),
        ({"expires": http(-600), "date": http(0)}, 0.0),
        ({"expires": "0"}, 0.0),
        ({"expires": "-1", "cache-control": "max-age=60"}, 60.0),
        ({"expires": http(600), "cache-control": "no-store"}, 0.0),
    ],
)
def test_how_long_an_answer_is_fresh(headers: dict[str, str], seconds: float | None) -> None:
    assert fresh_seconds(headers, NOW) == seconds


VALUES = st.text(max_size=40) | st.text('abmax-age=0123456789",\\ ', max_size=60)


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), VALUES))
def test_no_header_escapes(headers: dict[str, str]) -> None:
    seconds = fresh_seconds(headers, NOW)

    assert seconds is None or 0 <= seconds <= MAX_FRESH_SECONDS


@given(
    st.dictionaries(
        st.from_regex("[a-z][a-z-]{0,8}", fullmatch=True), st.from_regex("[0-9a-z]{0,6}", fullmatch=True)
    )
)
def test_directives_are_read_as_they_were_written(directives: dict[str, str]) -> None:
    plain = ", ".join(f"{name}={value}" if value else name for name, value in directives.items())
    quoted = ",".join(f'{name.upper()}="{value}"' for name, value in directives.items())

    expected = {
        name: value for name, value in directives.items() if not (value and name in ("no-cache", "no-store"))
    }
    assert cache_directives(plain) == cache_directives(quoted) == expected


def test_an_endless_header_takes_no_time() -> None:
    assert fresh_seconds({"cache-control": '"' + "\\" * 1_000_000}, NOW) is None
