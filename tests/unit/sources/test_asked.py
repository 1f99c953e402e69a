from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.asked import MOST_SECONDS, Asked
from ingestion.sources.entries import read_feed

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SPACE = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'


def asked(facts: str) -> float | None:
    item = "<item><title>T</title></item>"
    body = f'<rss version="2.0" {SPACE}><channel><title>P</title>{facts}{item}</channel></rss>'
    return read_feed(body.encode()).asked.seconds_after(MONDAY_NOON)


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [
        ("", None),
        ("<ttl>60</ttl>", 3600),
        ("<ttl> 5 </ttl>", 300),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-3</ttl>", None),
        ("<ttl>nan</ttl>", None),
        ("<ttl>999999999</ttl>", MOST_SECONDS),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1800),
        ("<sy:updatePeriod>\n daily \n</sy:updatePeriod>", 86_400),
        ("<sy:updateFrequency>4</sy:updateFrequency>", 21_600),
        ("<sy:updatePeriod>fortnightly</sy:updatePeriod>", None),
        ("<ttl>10</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 3600),
        ("<skipHours><hour>12</hour><hour>13</hour></skipHours>", 7200),
        ("<skipHours><hour>24</hour><hour>99</hour><hour>x</hour></skipHours>", None),
        ("<ttl>60</ttl><skipHours><hour>13</hour></skipHours>", 7200),
        ("<skipDays><day>Monday</day><day>tuesday</day><day>Someday</day></skipDays>", 36 * 3600),
    ],
)
def test_a_feed_says_how_soon_it_wants_to_be_read_again(facts: str, seconds: float | None) -> None:
    assert asked(facts) == seconds


def test_a_feed_that_wants_never_to_be_read_is_read() -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(24))

    assert asked(f"<skipHours>{hours}</skipHours>") is None


def test_an_entry_says_nothing_for_the_feed() -> None:
    body = '<rss version="2.0"><channel><item><title>T</title><ttl>60</ttl></item></channel></rss>'

    assert read_feed(body.encode()).asked == Asked()


@given(
    st.builds(
        Asked,
        ttl_minutes=st.none() | st.floats(0.01, 1e9),
        period_seconds=st.none() | st.floats(0.01, 1e9),
        skip_hours=st.frozensets(st.integers(0, 23)),
        skip_days=st.frozensets(st.integers(0, 6)),
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
)
def test_what_is_asked_is_never_negative_and_never_endless(asking: Asked, at: datetime) -> None:
    seconds = asking.seconds_after(at)

    assert seconds is None or 0 < seconds <= MOST_SECONDS
