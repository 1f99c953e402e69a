"""How a source is doing, in a word: each verdict from what a state and a ledger can hold."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestion.article import Publisher, SourceRef
from ingestion.errors import Cause
from ingestion.source_ports import SourceState
from ingestion.sources.catalogue import Entry
from ingestion.sources.flow import Flow, together
from ingestion.sources.remedies import REMEDIES
from ingestion.sources.verdict import DISALLOWED, Judgement, Verdict, judge
from ingestion.sources.volume import Publisher as Together
from ingestion.sources.volume import articles_a_day

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = 3600.0, 86_400.0
PAPER = Entry(
    ref=SourceRef(id="paper-rss", kind="feed", url="http://paper.example/rss"),
    publisher=Publisher(id="paper"),
    urls=("http://paper.example/rss",),
    file=Path("paper.toml"),
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def state(**changes: object) -> SourceState:
    facts: dict[str, object] = {
        "source_id": PAPER.id,
        "attempted_at": ago(600),
        "due_at": ago(-300),
        "interval_seconds": 900.0,
        "succeeded_at": ago(600),
        "gap_seconds": HOUR,
        "new_item_at": ago(2 * HOUR),
        **changes,
    }
    return SourceState(**facts)  # type: ignore[arg-type]


def failing(cause: Cause, times: int = 1, failure: str = "it fails", **changes: object) -> SourceState:
    known = {"succeeded_at": ago(6 * HOUR), **changes}
    return state(cause=cause, failures_in_a_row=times, failure=failure, **known)


def flow(*new: int | None, **labels: int) -> Flow:
    """What was counted, today first; other labels are those of today."""
    days = [None if count is None else {"new": count} if count else {} for count in new]
    if labels:
        days[:1] = [{**(days[0] if days and days[0] else {}), **labels}]
    return Flow(days=tuple(days))


def judged(known: SourceState | None, seen: Flow | None = None, **changes: object) -> Judgement:
    return judge(replace(PAPER, **changes), known, seen or Flow(), NOW)


def test_a_source_that_was_never_read_is_new() -> None:
    found = judged(None)

    assert found.verdict is Verdict.NEW
    assert "news collect paper-rss" in found.remedy


def test_a_source_with_news_is_well() -> None:
    found = judged(state())

    assert (found.verdict, found.remedy) == (Verdict.WELL, "")
    assert found.seen == "last news 2 hours ago; read again after 15 minutes"


def test_a_source_that_is_overdue_is_well_and_asks_whether_anything_collects() -> None:
    found = judged(state(due_at=ago(5 * HOUR)))

    assert found.verdict is Verdict.WELL
    assert found.remedy == "it has been due for 5 hours: see that something collects"


@pytest.mark.parametrize(
    ("cause", "times", "verdict"),
    [
        (Cause.DNS, 1, Verdict.WAITING),
        (Cause.TIMEOUT, 2, Verdict.WAITING),
        (Cause.CONNECTION, 3, Verdict.BROKEN),
        (Cause.SERVER_ERROR, 3, Verdict.BROKEN),
        (Cause.ROBOTS, 1, Verdict.WAITING),
        (Cause.ROBOTS, 3, Verdict.BROKEN),
        (Cause.TLS, 1, Verdict.BROKEN),
        (Cause.ADDRESS, 1, Verdict.BROKEN),
        (Cause.CLIENT_ERROR, 1, Verdict.BROKEN),
        (Cause.TOO_LARGE, 1, Verdict.BROKEN),
        (Cause.UNREADABLE, 1, Verdict.BROKEN),
        (Cause.BLOCKED, 1, Verdict.BLOCKED),
        (Cause.RATE_LIMITED, 9, Verdict.WAITING),
    ],
)
def test_each_cause_of_failure_has_its_verdict(cause: Cause, times: int, verdict: Verdict) -> None:
    found = judged(failing(cause, times))

    assert found.verdict is verdict
    assert found.since == ago(6 * HOUR)
    assert (REMEDIES[cause] == found.remedy) is (verdict is not Verdict.WAITING)
    assert "2026-11-23 06:00 UTC" in found.seen


def test_a_remedy_names_the_site_where_it_is_known() -> None:
    publisher = Publisher(id="paper", domain="paper.example")
    found = judged(failing(Cause.CLIENT_ERROR), publisher=publisher)

    assert "`news sources add https://paper.example/`" in found.remedy
    assert (
        "`news sources add http://site.example/`"
        in judged(failing(Cause.GONE, gone_at=NOW), publisher=publisher, site="http://site.example/").remedy
    )


def test_every_cause_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Cause)


def test_what_robots_disallow_is_blocked_in_words() -> None:
    found = judged(failing(Cause.ROBOTS, failure=DISALLOWED))

    assert found.verdict is Verdict.BLOCKED
    assert found.seen.startswith("robots.txt does not let this crawler read it (once; since ")


def test_a_failure_is_told_without_the_names_of_the_program() -> None:
    listed = judged(failing(Cause.CLIENT_ERROR, 2, "HttpFailure: 404 Not Found from paper.example"))
    never = judged(failing(Cause.DNS, 4, "no such host", succeeded_at=None))

    assert listed.seen.startswith("404 Not Found from paper.example (2 times; since ")
    assert never.seen == "no such host (4 times; it was never read)"
    assert never.since is None


def test_who_limits_us_for_days_keeps_us_out() -> None:
    found = judged(failing(Cause.RATE_LIMITED, 9, succeeded_at=ago(4 * DAY)))

    assert found.verdict is Verdict.BLOCKED


@pytest.mark.parametrize("cause", [Cause.GONE, Cause.DNS])
def test_a_source_that_said_it_is_gone_stays_gone_whatever_comes_after(cause: Cause) -> None:
    found = judged(failing(cause, 3, gone_at=ago(9 * DAY)))

    assert (found.verdict, found.remedy) == (Verdict.GONE, REMEDIES[Cause.GONE])
    assert "2026-11-14" in found.seen


def test_a_moved_source_names_its_new_address_and_the_file_to_write_it_into() -> None:
    found = judged(state(moved_to="http://new.example/rss", moved_from="http://paper.example/rss"))

    assert found.verdict is Verdict.MOVED
    assert "http://new.example/rss" in found.seen
    assert found.remedy == "write that address into paper.toml"


@pytest.mark.parametrize(
    ("gap", "silence", "verdict"),
    [
        (HOUR, 2.9 * DAY, Verdict.WELL),
        (HOUR, 3.1 * DAY, Verdict.QUIET),
        (HOUR, 7.1 * DAY, Verdict.FROZEN),
        (DAY, 4.9 * DAY, Verdict.WELL),
        (DAY, 5.1 * DAY, Verdict.QUIET),
        (DAY, 15.1 * DAY, Verdict.FROZEN),
        (7 * DAY, 34 * DAY, Verdict.WELL),
        (None, 8 * DAY, Verdict.FROZEN),
    ],
)
def test_silence_is_judged_by_the_sources_own_rhythm(
    gap: float | None, silence: float, verdict: Verdict
) -> None:
    found = judged(state(gap_seconds=gap, new_item_at=ago(600 + silence)))

    assert found.verdict is verdict
    assert ("nothing new for" in found.seen) is (verdict is not Verdict.WELL)
    assert found.since is None or found.since < NOW


def test_a_pause_that_is_usual_is_no_silence() -> None:
    weekly = flow(0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 12)
    known = state(gap_seconds=HOUR, new_item_at=ago(5 * DAY))

    assert judged(known, flow(0, 0, 0, 0, 0, 10, 9, 8)).verdict is Verdict.QUIET
    assert judged(known, weekly).verdict is Verdict.WELL


def test_silence_while_nobody_asked_is_not_the_sources() -> None:
    found = judged(state(new_item_at=ago(20 * DAY), succeeded_at=ago(19.9 * DAY)))

    assert found.verdict is Verdict.WELL


def test_an_archive_has_no_rhythm() -> None:
    found = judged(state(new_item_at=ago(90 * DAY)), ref=SourceRef(id="a", kind="warc"))

    assert found.verdict is Verdict.WELL


def test_documents_that_make_no_articles_are_a_broken_parser() -> None:
    seen = flow(0, 9, 9, **{"dropped/not_an_article": 4, "rejected/Invalid": 2, "unchanged": 40})
    found = judged(state(), seen)

    assert found.verdict is Verdict.BROKEN
    assert "no document of the last day became an article (4 dropped/not_an_article, 2 rejected/Invalid)" in (
        found.seen
    )
    assert found.since == ago(DAY)


def test_a_few_drops_among_articles_are_nothing() -> None:
    assert judged(state(), flow(1, 9, 9, **{"dropped/not_an_article": 40})).verdict is Verdict.WELL
    assert judged(state(), flow(0, 9, 9, **{"dropped/not_an_article": 4})).verdict is Verdict.WELL


def test_drops_without_anything_new_are_the_same_pages_again() -> None:
    seen = flow(0, 0, 9, **{"dropped/not_an_article": 40})

    assert judged(state(new_item_at=ago(2 * DAY)), seen).verdict is Verdict.WELL


def test_a_listing_whose_articles_robots_disallow_is_blocked() -> None:
    assert judged(state(), flow(0, 9, **{DISALLOWED: 12})).verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("counts", "expected", "verdict"),
    [
        ((9, 9, 9), 10.0, Verdict.QUIET),
        ((12, 12, 12, 12, 0, 0, 12), 10.0, Verdict.WELL),
        ((9, 9), 10.0, Verdict.WELL),
        ((None, None, None, 9, 9), 10.0, Verdict.WELL),
        ((0, 0, 1, 0, 0, 0, 0), 0.1, Verdict.WELL),
        ((0, 0, 0, 0, 0, 0, 0, 1), 0.1, Verdict.QUIET),
        ((1,) * 7 + (20,) * 28, None, Verdict.QUIET),
        ((6,) * 7 + (20,) * 28, None, Verdict.WELL),
        ((0,) * 7 + (3,) * 28, None, Verdict.WELL),
        ((5,) * 7 + (10_000, *(5,) * 27), None, Verdict.WELL),
    ],
)
def test_fewer_articles_than_expected_or_usual_are_quiet(
    counts: tuple[int | None, ...], expected: float | None, verdict: Verdict
) -> None:
    assert judged(state(), flow(*counts), articles_per_day=expected).verdict is verdict


def test_a_source_whose_articles_come_by_another_of_its_publisher_is_well() -> None:
    entry = replace(PAPER, articles_per_day=5.0)
    mine, other = flow(*(0,) * 7, *(20,) * 28), flow(*(25,) * 35)

    assert judge(entry, state(), mine, NOW).verdict is Verdict.QUIET
    enough = Together(flow=together([mine, other]), expected=10.0)
    assert judge(entry, state(), mine, NOW, enough).verdict is Verdict.WELL
    few = Together(flow=together([mine, mine]), expected=10.0)
    assert judge(entry, state(), mine, NOW, few).verdict is Verdict.QUIET


def test_flows_add_up_and_a_day_on_which_nobody_worked_stays_one() -> None:
    both = together([flow(1, None, None, dropped=2), flow(3, None, 4)])

    assert both.days == ({"new": 4, "dropped": 2}, None, {"new": 4})


def test_articles_a_day_leave_out_days_on_which_nobody_worked_and_those_before_the_source_was_known() -> None:
    assert articles_a_day(PAPER, flow(4, None, 8)) == 6
    assert articles_a_day(PAPER, flow(4, 0, 0, 0)) == 4
    assert articles_a_day(PAPER, flow()) is None


def test_an_update_is_news_of_a_page_and_not_of_a_listing() -> None:
    seen = flow(1, 1, updated=5)

    assert articles_a_day(PAPER, seen) == 1
    assert articles_a_day(replace(PAPER, ref=SourceRef(id="p", kind="page")), seen) == 3.5


def test_a_failure_of_a_part_is_told() -> None:
    part = judged(state(failure="http://paper.example/3: HttpFailure: 404", cause=Cause.CLIENT_ERROR))
    empty = judged(state(failure="it lists nothing"))

    assert part.verdict is Verdict.BROKEN
    assert part.seen == "a part of it fails: http://paper.example/3: 404"
    assert (empty.verdict, empty.seen) == (Verdict.QUIET, "it lists nothing")


counts = st.dictionaries(
    st.sampled_from(["entered", "new", "updated", "unchanged", "dropped/no_link", "rejected/Invalid"]),
    st.integers(0, 1000),
)
states = st.builds(
    state,
    succeeded_at=st.none() | st.just(ago(600)) | st.just(ago(90 * DAY)),
    new_item_at=st.none() | st.just(ago(700)) | st.just(ago(200 * DAY)),
    gap_seconds=st.none() | st.floats(60, 400 * DAY),
    failures_in_a_row=st.integers(0, 5),
    failure=st.none() | st.text(max_size=20),
    cause=st.none() | st.sampled_from(Cause),
    moved_to=st.none() | st.just("http://new.example/"),
    gone_at=st.none() | st.just(ago(DAY)),
)


@given(st.none() | states, st.lists(st.none() | counts, max_size=35))
def test_every_state_has_a_verdict_that_says_what_was_seen(
    known: SourceState | None, days: list[dict[str, int] | None]
) -> None:
    found = judged(known, Flow(days=tuple(days)))

    assert found.seen
    assert found.remedy or found.verdict is Verdict.WELL
