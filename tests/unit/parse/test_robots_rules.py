"""Robots rules: which are for us, how they are spelled, and that no header is too odd for them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.article import Publisher
from ingestion.parse.clues import Found
from ingestion.parse.robots_rules import MAX_RULES, agent_of, header_rules, meta_rules, unavailable_after

PUBLISHER = Publisher(id="publisher", timezone="Europe/Berlin")
NAMES = st.sampled_from(["noindex", "noarchive", "noai", "nosnippet", "max-snippet:50", "all", "none"])


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ("noindex", ("noindex",)),
        ("NoIndex, NOARCHIVE , noindex", ("noindex", "noarchive")),
        ("otherbot: noindex", ()),
        ("otherbot: noindex, nofollow", ()),
        ("otherbot: noindex\nnoarchive", ("noarchive",)),
        ("noarchive, otherbot: noindex, nofollow", ("noarchive",)),
        ("our-bot: noindex, nofollow", ("noindex", "nofollow")),
        ("OUR-BOT: noindex", ("noindex",)),
        ("otherbot: noindex, our-bot: noai, noarchive", ("noai", "noarchive")),
        ("*: noai", ("noai",)),
        ("max-snippet:50, max-image-preview: large", ("max-snippet:50", "max-image-preview:large")),
        ("otherbot: max-snippet:0", ()),
        (
            "unavailable_after: Fri, 25 Jun 2027 15:00:00 GMT, noarchive",
            ("unavailable_after: fri, 25 jun 2027 15:00:00 gmt", "noarchive"),
        ),
        ("unavailable_after: 2027-06-25", ("unavailable_after: 2027-06-25",)),
        ("our-bot: unavailable_after: 25 Jun 2027", ("unavailable_after: 25 jun 2027",)),
        ("otherbot: unavailable_after: Fri, 25 Jun 2027 15:00:00 GMT", ()),
        ("", ()),
        ("noindex;nofollow noarchive", ("noindex", "nofollow", "noarchive")),
        (" , ,: ,::, <b>, é", ()),
    ],
)
def test_a_header_is_read_for_everybody_and_for_us(value: str, rules: tuple[str, ...]) -> None:
    assert header_rules(value, "our-bot") == rules


def test_a_meta_element_names_no_crawler_in_its_content() -> None:
    assert meta_rules("otherbot: noindex") == ("otherbot:noindex",)
    assert meta_rules("index, follow, max-snippet:-1") == ("index", "follow", "max-snippet:-1")


@pytest.mark.parametrize(
    ("user_agent", "agent"),
    [
        ("news-ingestion/0.1 (+mailto:operator@localhost)", "news-ingestion"),
        ("Harbour.Bot", "harbour.bot"),
        (None, "news-ingestion"),
        ("", "news-ingestion"),
        ("/", "news-ingestion"),
    ],
)
def test_our_name_is_the_product_of_the_user_agent(user_agent: str | None, agent: str) -> None:
    assert agent_of(user_agent) == agent


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("25 jun 2027 15:00:00 pst", datetime(2027, 6, 25, 23, tzinfo=UTC)),
        ("fri, 25 jun 2027 15:00:00 gmt", datetime(2027, 6, 25, 15, tzinfo=UTC)),
        ("friday, 25-jun-27 15:00:00 gmt", datetime(2027, 6, 25, 15, tzinfo=UTC)),
        ("2027-06-25t15:00:00+02:00", datetime(2027, 6, 25, 13, tzinfo=UTC)),
        ("2027-06-25 15:00", datetime(2027, 6, 25, 13, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        ("99 jun 2027 15:00:00 gmt", None),
    ],
)
def test_the_last_day_is_read_in_each_form_that_is_documented(words: str, at: datetime | None) -> None:
    assert unavailable_after(Found(f"unavailable_after: {words}", "header"), PUBLISHER) == at


def test_another_rule_has_no_last_day() -> None:
    assert unavailable_after(Found("max-snippet:2027", "header"), PUBLISHER) is None


@given(st.text() | st.lists(st.text(":,abn \n*-_", max_size=30), max_size=20).map(",".join))
def test_no_header_escapes_and_what_comes_of_it_is_bounded(value: str) -> None:
    rules = header_rules(value, "our-bot")

    assert len(rules) == len(set(rules)) <= MAX_RULES
    assert all(rule and rule == rule.strip().lower() for rule in rules)
    for rule in (*rules, f"unavailable_after: {value}"):
        at = unavailable_after(Found(rule, "header"), PUBLISHER)
        assert at is None or at.tzinfo is UTC


@given(st.lists(NAMES, min_size=1, max_size=5), st.lists(NAMES, min_size=1, max_size=5))
def test_what_others_are_told_never_concerns_us(ours: list[str], others: list[str]) -> None:
    told = ", ".join(others)

    assert header_rules(f"{', '.join(ours)}\notherbot: {told}", "our-bot") == tuple(dict.fromkeys(ours))
    assert header_rules(f"otherbot: {told}\nour-bot: {', '.join(ours)}", "our-bot") == tuple(
        dict.fromkeys(ours)
    )
