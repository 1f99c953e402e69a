from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.article import Publisher, SourceRef
from ingestion.backfill.plan import MAX_BUCKETS, planned, slices
from ingestion.backfill.request import Request
from ingestion.errors import ConfigurationError
from ingestion.sources.catalogue import Entry

DAYS = Request(since=date(2026, 1, 15), until=date(2026, 3, 2))


def entry(number: int, host: str, kind: str = "sitemap") -> Entry:
    url = f"https://{host}/sitemap.xml"
    return Entry(ref=SourceRef(id=f"s{number}", kind=kind, url=url), publisher=Publisher(id="p"), urls=(url,))


@given(
    since=st.dates(date(2000, 1, 1), date(2026, 1, 1)),
    length=st.integers(0, 5000),
    most=st.integers(1, 60),
)
def test_slices_cover_every_day_once(since: date, length: int, most: int) -> None:
    until = since + timedelta(days=length)
    found = slices(since, until, most=most)

    assert len(found) <= most
    assert (found[0][0], found[-1][1]) == (since, until)
    assert all(first <= last for first, last in found)
    assert all(last + timedelta(days=1) == first for (_, last), (first, _) in pairwise(found))
    assert all(first.day == 1 for first, _ in found[1:])


def test_all_sources_of_a_host_are_in_one_bucket_of_each_slice() -> None:
    entries = [entry(n, f"h{n % 3}.example") for n in range(7)]

    plans = planned(DAYS, entries, [], groups=2)

    assert [(plan.sources, str(plan.since), str(plan.until)) for plan in plans[:2]] == [
        (("s0", "s3", "s6", "s2", "s5"), "2026-01-15", "2026-01-31"),
        (("s1", "s4"), "2026-01-15", "2026-01-31"),
    ]
    assert len(plans) == 2 * 3
    assert plans[0].title == "h0.example, h2.example 2026-01-15 to 2026-01-31"


def test_entries_without_a_date_are_taken_by_one_slice_only() -> None:
    request = Request(since=DAYS.since, until=DAYS.until, undated=True)

    plans = planned(request, [entry(1, "h.example")], [], groups=8)

    assert [plan.takes_undated for plan in plans] == [True, False, False]
    assert not any(plan.takes_undated for plan in planned(DAYS, [entry(1, "h.example")], [], groups=8))


def test_ten_years_of_many_hosts_are_no_more_buckets_than_a_person_can_look_at() -> None:
    request = Request(since=date(2016, 1, 1), until=date(2026, 1, 1))

    plans = planned(request, [entry(n, f"h{n}.example") for n in range(50)], [], groups=8)

    assert len(plans) <= 200


def test_archives_are_dealt_a_few_at_a_time_and_chosen_by_the_day_in_their_names() -> None:
    names = [f"s3://c/CC-NEWS-202601{day:02}020202-00001.warc.gz" for day in range(1, 32)] + ["own.warc"]
    request = Request(since=date(2026, 1, 10), until=date(2026, 1, 19))

    plans = planned(request, [], names, groups=8)

    dealt = [archive for plan in plans for archive in plan.archives]
    assert dealt == [*names[9:20], "own.warc"]
    assert [len(plan.archives) for plan in plans] == [4, 4, 4]
    assert plans[0].title == "CC-NEWS-20260110020202-00001.warc.gz and 3 more"


def test_archives_of_the_catalogue_keep_their_source() -> None:
    crawl = Entry(
        ref=SourceRef(id="crawl", kind="warc"), publisher=Publisher(id="p"), paths=(Path("a"), Path("b"))
    )

    (plan,) = planned(Request(), [crawl], [], groups=8)

    assert (plan.sources, plan.archives) == (("crawl",), ("a", "b"))


@pytest.mark.parametrize(
    ("request_", "entries", "archives", "told"),
    [
        (Request(), [entry(1, "h.example")], [], "--from and --to"),
        (Request(since=DAYS.until, until=DAYS.since), [entry(1, "h.example")], [], "after the last"),
        (Request(), [], [], "nothing to read"),
        (Request(), [], [f"{n}.warc" for n in range(4 * MAX_BUCKETS + 1)], "more than 500"),
    ],
)
def test_what_cannot_be_planned_is_told(
    request_: Request, entries: list[Entry], archives: list[str], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        planned(request_, entries, archives, groups=8)
