from datetime import UTC, datetime

import pytest

from ingestion.source_ports import Link
from ingestion.sources.ages import newest, when
from ingestion.sources.catalogue import LinkRules
from ingestion.sources.link_rules import LinkChoice

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rules", "taken"),
    [
        (LinkRules(), True),
        (LinkRules(include=("/news/",)), True),
        (LinkRules(include=("/sport/", r"\d{4}/")), True),
        (LinkRules(include=("/sport/",)), False),
        (LinkRules(exclude=("/live/",)), True),
        (LinkRules(exclude=(r"^https://paper\.example/news/",)), False),
        (LinkRules(include=("/news/",), exclude=("سوق",)), False),
        (LinkRules(include=("%D8%B3",)), True),
    ],
)
def test_a_link_matches_one_of_the_first_and_none_of_the_second(rules: LinkRules, *, taken: bool) -> None:
    address = "https://paper.example/news/2026/%D8%B3%D9%88%D9%82-%D8%A7%D9%84%D9%88%D8%A7%D8%AD%D8%A9"

    assert LinkChoice(rules).takes(address) is taken


def test_relative_links_are_judged_as_they_stand_when_joined() -> None:
    choice = LinkChoice(LinkRules(include=(r"^https://paper\.example/news/\d$",)))
    links = [Link(url="1"), Link(url="/news/2"), Link(url="/x"), Link(url="http://["), Link(url=" 3 ")]

    assert [link.url for link in choice.of(links, "https://paper.example/news/")] == ["1", "/news/2", " 3 "]


@pytest.mark.parametrize(
    ("printed", "time"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0300", "2026-11-23 07:00:00+00:00"),
        ("2026-11-23T10:00:00Z", "2026-11-23 10:00:00+00:00"),
        ("2026-11-23", "2026-11-23 00:00:00+00:00"),
        ("soon", "None"),
        ("", "None"),
        ("0001-01-01T00:00:00+14:00", "None"),
    ],
)
def test_times_are_read_as_feeds_print_them(printed: str, time: str) -> None:
    assert str(when(printed)) == time


def test_the_newest_is_not_in_the_future() -> None:
    told = [{"feed.published": "2026-11-22"}, {"sitemap.lastmod": "2082-01-01"}, {"feed.title": "x"}]

    assert newest(told, NOON) == datetime(2026, 11, 22, tzinfo=UTC)
