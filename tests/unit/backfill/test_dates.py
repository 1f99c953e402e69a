from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.backfill.dates import Days, chosen_sitemaps, days_of_entry, days_of_sitemap, printed
from ingestion.source_ports import Link


def entry(path: str, *, published: str | None = None, lastmod: str | None = None) -> Link:
    hints = {"sitemap.published": published, "sitemap.lastmod": lastmod}
    return Link(url=f"https://paper.example{path}", hints={k: v for k, v in hints.items() if v})


def day(year: int, month: int, number: int) -> Days:
    return Days(date(year, month, number), date(year, month, number))


JANUARY = Days(date(2026, 1, 1), date(2026, 1, 31))


@pytest.mark.parametrize(
    ("link", "days"),
    [
        (entry("/a", published="2026-01-05T23:30:00-05:00", lastmod="2026-03-01"), day(2026, 1, 5)),
        (entry("/2026/01/07/a", lastmod="2026-03-01"), day(2026, 1, 7)),
        (entry("/a-20260107-b", lastmod="2026-03-01"), day(2026, 1, 7)),
        (entry("/news-2026-1-7"), JANUARY),
        (entry("/2026/01/a", lastmod="2026-01-09T08:00Z"), day(2026, 1, 9)),
        (entry("/2026/01/a"), JANUARY),
        (entry("/a", lastmod="2026"), Days(date(2026, 1, 1), date(2026, 12, 31))),
        (entry("/a", lastmod="2026-02-30"), None),
        (entry("/a", lastmod="yesterday"), None),
        (entry("/articles/20269907"), None),
        (entry("/articles/120260107"), None),
        (entry("/world-cup-2026"), None),
    ],
)
def test_the_day_of_an_entry_is_the_best_that_is_said_of_it(link: Link, days: Days | None) -> None:
    assert days_of_entry(link) == days


@pytest.mark.parametrize(
    ("url", "days"),
    [
        ("https://p.example/sitemap-2026-01.xml.gz", JANUARY),
        ("https://p.example/sitemap_20260107.xml", day(2026, 1, 7)),
        ("https://p.example/sitemap.xml?yyyy=2026&mm=1&dd=7", day(2026, 1, 7)),
        ("https://p.example/sitemap.xml?year=2026&month=01", JANUARY),
        ("https://p.example/archive/2026.xml", Days(date(2026, 1, 1), date(2026, 12, 31))),
        ("https://2026.example/sitemap.xml", None),
        ("https://p.example/sitemap-7.xml", None),
    ],
)
def test_the_days_of_a_sitemap_are_in_its_name(url: str, days: Days | None) -> None:
    assert days_of_sitemap(url) == days


def chosen(*children: Link) -> list[str]:
    return [c.url.rpartition("/")[2] for c in chosen_sitemaps(children, JANUARY.first, JANUARY.last)]


def test_sitemaps_of_other_days_are_left_alone() -> None:
    found = chosen(
        entry("/2025-11.xml"),
        entry("/2025-12.xml"),
        entry("/2026-01.xml"),
        entry("/2026-03.xml"),
        entry("/news.xml"),
        entry("/old.xml", lastmod="2025-06-01"),
        entry("/grown.xml", lastmod="2026-06-01"),
    )

    assert found == ["2025-12.xml", "2026-01.xml", "news.xml", "grown.xml"]


def test_the_two_thousand_and_seventh_sitemap_is_no_year() -> None:
    assert chosen(entry("/sitemap-7.xml"), entry("/sitemap-2007.xml")) == [
        "sitemap-7.xml",
        "sitemap-2007.xml",
    ]
    assert chosen(entry("/sitemap-2026.xml"), entry("/sitemap-2007.xml")) == ["sitemap-2026.xml"]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(["", "T10:00:00+03:00", "T23:59Z"]))
def test_a_printed_day_is_that_day(day: date, rest: str) -> None:
    assert printed(f"{day.isoformat()}{rest}") == Days(day, day)
    assert days_of_entry(entry(f"/{day:%Y/%m/%d}/a")) == Days(day, day)


@given(st.text(max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    printed(text)
    days_of_sitemap(f"https://p.example/{text}")
    days_of_entry(entry(f"/{text}", lastmod=text or None))
