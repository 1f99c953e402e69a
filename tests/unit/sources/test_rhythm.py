"""How often a source is read: its bounds, its own rhythm, what it asks for, failures and the end of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestion.article import Publisher, SourceRef
from ingestion.errors import Cause
from ingestion.source_ports import SourceState
from ingestion.sources.catalogue import Entry
from ingestion.sources.rhythm import (
    LONGEST_ASKED_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    LONGEST_RETIREMENT_SECONDS,
    WEEK_SECONDS,
    Attempt,
    after_attempt,
    moved_address,
)

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
URL = "http://paper.example/rss"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def entry(source_id: str = "paper", *, cadence: int = 900, slowest: int = 86_400, url: str = URL) -> Entry:
    return Entry(
        ref=SourceRef(id=source_id, kind="feed", url=url),
        publisher=Publisher(id="paper"),
        urls=(url,),
        cadence_seconds=cadence,
        slowest_seconds=slowest,
    )


def later(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


class Life:
    """A source that is read whenever it is due; `publishes` says how many items came in a span of time."""

    def __init__(self, source: Entry, gap_seconds: float | None = None) -> None:
        self.source = source
        self.gap_seconds = gap_seconds
        self.pauses: list[float] = []
        self.state = after_attempt(source, None, Attempt(at=BEGIN, new_links=20, links=20))
        self._published = BEGIN

    def read(self, new_links: int | None = None, **facts: object) -> SourceState:
        at = self.state.due_at
        found = self._found(at) if new_links is None else new_links
        self.state = after_attempt(self.source, self.state, Attempt(at=at, new_links=found, **facts))  # type: ignore[arg-type]
        self.pauses.append(self.state.interval_seconds)
        return self.state

    def read_for(self, days: float) -> int:
        """Read for so many days; return how often."""
        until, count = self.state.attempted_at + timedelta(days=days), 0
        while self.state.due_at < until:
            self.read()
            count += 1
        return count

    def fail(self, times: int = 1, **facts: object) -> SourceState:
        for _ in range(times):
            self.read(0, failure="it does not answer", **{"cause": Cause.TIMEOUT, **facts})
        return self.state

    def _found(self, at: datetime) -> int:
        if self.gap_seconds is None:
            return 0
        count = int((at - self._published).total_seconds() // self.gap_seconds)
        self._published += timedelta(seconds=count * self.gap_seconds)
        return count


seconds = st.floats(min_value=0, max_value=40 * DAY)
entries = st.builds(
    lambda name, cadence, more: entry(name, cadence=cadence, slowest=cadence + more),
    st.text(max_size=20),
    st.integers(0, 30 * 86_400),
    st.integers(0, 30 * 86_400),
)
states = st.builds(
    lambda ago, interval, gap, silence, failures, gone: SourceState(
        source_id="paper",
        attempted_at=later(-ago),
        due_at=BEGIN,
        interval_seconds=interval,
        failures_in_a_row=failures,
        gap_seconds=gap,
        new_item_at=None if silence is None else later(-ago - silence),
        gone_at=BEGIN if gone and failures else None,
    ),
    seconds,
    seconds,
    st.none() | st.floats(MINUTE, 400 * DAY),
    st.none() | seconds,
    st.integers(0, 1200),
    st.booleans(),
)
before = st.none() | states
going_well = st.builds(
    lambda gap, gaps, ago, interval: SourceState(
        source_id="paper",
        attempted_at=later(-ago * gap),
        due_at=BEGIN,
        interval_seconds=interval,
        gap_seconds=gap,
        new_item_at=later(-max(gaps, ago) * gap),
    ),
    st.floats(HOUR, DAY),
    st.floats(0, 10),
    st.floats(0, 2),
    st.floats(HOUR, DAY),
)
wishes = st.none() | st.floats(0, 400 * DAY)
readings = st.builds(Attempt, at=st.just(BEGIN), new_links=st.integers(0, 50_000), left_over=st.booleans())
failures = st.builds(
    Attempt,
    at=st.just(BEGIN),
    failure=st.just("it does not answer"),
    cause=st.sampled_from(Cause),
    retry_after_seconds=wishes,
    gone=st.booleans(),
)


@given(entries, before, readings)
def test_a_reading_is_followed_by_a_pause_within_the_bounds_of_the_catalogue(
    source: Entry, known: SourceState | None, attempt: Attempt
) -> None:
    state = after_attempt(source, known, attempt)

    assert source.cadence_seconds <= state.interval_seconds <= source.slowest_seconds
    assert state.due_at == BEGIN + timedelta(seconds=state.interval_seconds)


@given(entries, before, wishes, wishes, wishes)
def test_what_is_asked_for_is_granted_within_a_bound_and_never_undercut(
    source: Entry, known: SourceState | None, asked: float | None, ttl: float | None, fresh: float | None
) -> None:
    attempt = Attempt(at=BEGIN, asked_seconds=asked, ttl_seconds=ttl, fresh_seconds=fresh)
    state = after_attempt(source, known, attempt)

    granted = min(max(asked or 0, ttl or 0), LONGEST_ASKED_SECONDS)
    cached = min(fresh or 0, source.slowest_seconds)
    assert max(granted, cached) <= state.interval_seconds
    assert state.interval_seconds <= max(source.slowest_seconds, granted)


@given(entries, before, failures)
def test_a_failure_is_followed_by_a_pause_within_bounds(
    source: Entry, known: SourceState | None, attempt: Attempt
) -> None:
    state = after_attempt(source, known, attempt)
    asked = min(attempt.retry_after_seconds or 0, WEEK_SECONDS)

    longest = LONGEST_RETIREMENT_SECONDS if state.gone_at else LONGEST_BACKOFF_SECONDS
    assert max(source.cadence_seconds, asked) <= state.interval_seconds
    assert state.interval_seconds <= max(source.cadence_seconds, longest)


overdue = SourceState(
    source_id="paper",
    attempted_at=later(-HOUR),
    due_at=BEGIN,
    interval_seconds=DAY,
    gap_seconds=4 * HOUR,
    new_item_at=later(-12 * HOUR),
)


@given(
    entries | st.just(entry()),
    states | going_well,
    st.integers(0, 100) | st.just(0),
    st.integers(1, 100),
    st.none() | seconds,
)
@example(entry(), overdue, 0, 1, None)
def test_more_news_never_makes_the_next_pause_longer(
    source: Entry, known: SourceState, fewer: int, more: int, ttl: float | None
) -> None:
    less = after_attempt(source, known, Attempt(at=BEGIN, new_links=fewer, ttl_seconds=ttl))
    much = after_attempt(source, known, Attempt(at=BEGIN, new_links=fewer + more, ttl_seconds=ttl))

    assert much.interval_seconds <= less.interval_seconds
    assert less.gap_seconds is None or fewer == 0 or (much.gap_seconds or 0) <= less.gap_seconds


@settings(deadline=None, max_examples=40)
@given(st.floats(MINUTE, 3 * DAY), st.floats(1.5, 10))
def test_who_publishes_more_often_is_read_at_least_as_often(gap: float, factor: float) -> None:
    often, seldom = Life(entry(), gap), Life(entry(), gap * factor)
    for life in (often, seldom):
        life.read_for(30)

    assert often.read_for(60) >= 0.9 * seldom.read_for(60)


@pytest.mark.parametrize(
    ("gap", "fewest", "most"), [(5 * MINUTE, 90, 97), (2 * HOUR, 40, 60), (DAY, 3, 6), (20 * DAY, 0.9, 2)]
)
def test_a_source_is_read_a_few_times_for_each_item(gap: float, fewest: float, most: float) -> None:
    life = Life(entry(), gap)
    life.read_for(60)

    assert fewest <= life.read_for(60) / 60 <= most


def test_a_source_that_has_fallen_silent_is_read_ever_more_rarely_but_never_more_rarely_than_allowed() -> (
    None
):
    life = Life(entry(slowest=43_200), gap_seconds=20 * MINUTE)
    life.read_for(10)
    life.gap_seconds = None
    life.pauses.clear()
    life.read_for(60)

    assert life.pauses == sorted(life.pauses)
    assert life.pauses[0] < HOUR
    assert 0.9 * 43_200 <= life.pauses[-1] <= 43_200


def test_a_dead_source_is_asked_ever_more_rarely_and_for_ever() -> None:
    life = Life(entry())
    life.fail(200)

    assert life.pauses == sorted(life.pauses)
    assert life.pauses[0] < 30 * MINUTE
    assert 0.7 * WEEK_SECONDS <= life.pauses[-1] <= WEEK_SECONDS
    assert life.state.failures_in_a_row == 200


@pytest.mark.parametrize("times", [1, 5, 200])
@pytest.mark.parametrize("new_links", [0, 20])
def test_a_source_that_is_back_is_read_as_before_at_once(times: int, new_links: int) -> None:
    life = Life(entry(), gap_seconds=HOUR)
    life.read_for(10)
    usual, gap = max(life.pauses[-20:]), life.state.gap_seconds
    life.fail(times)
    back = life.read(new_links)
    after = life.read(1)

    assert (back.failure, back.cause, back.failures_in_a_row) == (None, None, 0)
    assert back.gap_seconds == gap
    assert max(back.interval_seconds, after.interval_seconds) <= 2 * usual


def test_an_item_after_months_of_silence_makes_the_pauses_short_at_once() -> None:
    life = Life(entry(), gap_seconds=HOUR)
    life.read_for(10)
    life.gap_seconds = None
    life.read_for(90)
    asleep = life.pauses[-1]
    state = life.read(1)

    assert asleep > 0.9 * DAY
    assert state.interval_seconds < HOUR


def test_a_burst_makes_the_pauses_short_at_once_and_silence_makes_them_long_by_degrees() -> None:
    life = Life(entry(), gap_seconds=2 * DAY)
    life.read_for(60)
    calm = life.pauses[-1]
    burst = life.read(3).interval_seconds
    relaxing = [life.read(0).interval_seconds for _ in range(4)]

    assert calm > 6 * HOUR
    assert burst < 2 * HOUR
    assert relaxing[-1] > 2 * burst
    assert all(after <= 2.1 * pause for pause, after in zip([burst, *relaxing], relaxing, strict=False))


def test_a_flood_is_followed_as_closely_as_allowed() -> None:
    life = Life(entry(), gap_seconds=2 * DAY)
    life.read_for(60)

    assert life.read(30).interval_seconds < 20 * MINUTE


def test_a_night_does_not_spoil_the_rhythm_of_the_day() -> None:
    life = Life(entry(), gap_seconds=20 * MINUTE)
    life.read_for(5)
    gap = life.state.gap_seconds or 0
    night = later(5 * DAY + 14 * HOUR)
    while life.state.due_at < night:
        life.read(0)
    morning = life.read(1)

    assert max(life.pauses[-10:]) <= 1.1 * 14 * HOUR / 16
    assert gap < (morning.gap_seconds or 0) < 2 * gap
    assert morning.interval_seconds < 20 * MINUTE


def test_more_links_than_a_run_visits_are_gone_on_with_soon_whatever_the_caches_say() -> None:
    life = Life(entry(), gap_seconds=None)
    life.read_for(60)
    state = life.read(0, left_over=True, ttl_seconds=DAY, fresh_seconds=DAY)

    assert state.interval_seconds <= 1000


def test_many_sources_that_are_read_at_once_spread_out() -> None:
    sources = [entry(f"source-{number}") for number in range(500)]
    first = [after_attempt(one, None, Attempt(at=BEGIN, new_links=9)) for one in sources]
    again = [
        after_attempt(one, one_state, Attempt(at=BEGIN, new_links=9))
        for one, one_state in zip(sources, first, strict=True)
    ]
    failing = [after_attempt(one, None, Attempt(at=BEGIN, failure="no")) for one in sources]

    for chosen, seconds_wide in ((first, 800), (again, 40), (failing, 200)):
        pauses = {round(state.interval_seconds, 3) for state in chosen}
        assert len(pauses) > 490
        assert max(pauses) - min(pauses) > seconds_wide


def test_the_same_attempt_is_followed_by_the_same_pause() -> None:
    attempt = Attempt(at=BEGIN, new_links=3)

    assert after_attempt(entry(), None, attempt) == after_attempt(entry(), None, attempt)


def test_a_source_that_says_it_is_gone_is_asked_after_weeks_and_not_forgotten() -> None:
    life = Life(entry())
    state = life.fail(cause=Cause.GONE, gone=True)
    gone_at = state.attempted_at
    life.fail(10)

    assert WEEK_SECONDS <= life.pauses[0] <= 1.3 * WEEK_SECONDS
    assert 3 * WEEK_SECONDS <= life.pauses[-1] <= 4 * WEEK_SECONDS
    assert life.state.gone_at == gone_at
    back = life.read(4)
    assert (back.gone_at, back.failures_in_a_row) == (None, 0)
    assert back.interval_seconds <= 2 * 900


def test_a_server_that_limits_us_is_asked_when_it_says_and_at_least_daily_where_it_says_nothing() -> None:
    life = Life(entry())
    told = life.fail(cause=Cause.RATE_LIMITED, retry_after_seconds=2 * HOUR)
    life.fail(30, cause=Cause.RATE_LIMITED)

    assert 2 * HOUR <= told.interval_seconds <= 2.2 * HOUR
    assert life.pauses[-1] <= DAY


def test_a_failure_of_a_part_is_noted_and_is_no_failure_of_the_source() -> None:
    attempt = Attempt(at=BEGIN, failure="/3: 404", cause=Cause.CLIENT_ERROR, partial=True, links=3)
    state = after_attempt(entry(), None, attempt)

    assert (state.failure, state.cause, state.failures_in_a_row) == ("/3: 404", Cause.CLIENT_ERROR, 0)
    assert (state.succeeded_at, state.interval_seconds <= 1800) == (BEGIN, True)


def test_a_failure_keeps_what_is_known_of_the_source() -> None:
    life = Life(entry(), gap_seconds=HOUR)
    life.read_for(3)
    known = life.read(1, moved_to="http://new.example/rss", ttl_seconds=60.0)
    failed = life.fail()

    kept = ("succeeded_at", "gap_seconds", "new_item_at", "moved_to", "moved_from", "ttl_seconds")
    assert [getattr(failed, name) for name in kept] == [getattr(known, name) for name in kept]


def test_a_new_address_counts_until_the_catalogue_names_another() -> None:
    moved = after_attempt(entry(), None, Attempt(at=BEGIN, moved_to="http://new.example/rss"))
    back = after_attempt(entry(), moved, Attempt(at=BEGIN))

    assert moved_address(entry(), moved) == "http://new.example/rss"
    assert moved_address(entry(url="http://other.example/rss"), moved) is None
    assert moved_address(entry(), back) is None
    assert moved_address(entry(), None) is None
    assert moved_address(replace(entry(), urls=()), moved) is None
