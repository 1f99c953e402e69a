"""One robots.txt: which line decides, and that what is told never contradicts what is decided."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from ingestion.fetch.robots_text import MAX_ROBOTS_BYTES, RobotsText, decoded, product

AGENT = "news-ingestion/1.0 (+https://bot.example/about; for other-bot see there)"


def line_of(text: str, path: str, agent: str = AGENT) -> str:
    return str(RobotsText(text.encode(), agent).line(f"https://paper.example{path}"))


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("User-agent: *\nDisallow: /a", "/a/b", "'Disallow: /a' for '*', line 2"),
        ("User-agent: *\nDisallow: /a", "/b", "None"),
        ("", "/", "None"),
        ("Disallow: /", "/", "None"),
        ("User-agent: *\nDisallow:", "/", "None"),
        ("# x\n\nuser-agent : *\n\n  disallow :/a  # y", "/a", "'Disallow: /a' for '*', line 5"),
        ("User-agent: *\nDisallow: /\nAllow: /a/", "/a/b", "'Allow: /a/' for '*', line 3"),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", "'Allow: /a' for '*', line 2"),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", "'Disallow: /*.pdf$' for '*', line 2"),
        ("User-agent: *\nDisallow: /é", "/%C3%A9", "'Disallow: /é' for '*', line 2"),
        ("User-agent: *\nDisallow: /a?x=", "/a?x=1", "'Disallow: /a?x=' for '*', line 2"),
        (
            "User-agent: *\nDisallow: /\nUser-agent: News-Ingestion\nAllow: /a",
            "/a",
            "'Allow: /a' for 'news-ingestion', line 4",
        ),
        ("User-agent: *\nDisallow: /\nUser-agent: news-ingestion\nAllow: /a", "/b", "None"),
        ("User-agent: x\nUser-agent: *\nDisallow: /a", "/a", "'Disallow: /a' for '*', line 3"),
        (
            "User-agent: *\nSitemap: https://paper.example/s.xml\nUser-agent: x\nDisallow: /a",
            "/a",
            "'Disallow: /a' for '*', line 4",
        ),
        (
            "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /b\nUser-agent: *\nDisallow: /c",
            "/c",
            "'Disallow: /c' for '*', line 6",
        ),
        ("User-agent: other-bot\nDisallow: /", "/", "None"),
        ("User-agent: bot\nDisallow: /", "/", "None"),
        ("User-agent: *\rDisallow: /a\r\nDisallow: /b", "/b", "'Disallow: /b' for '*', line 3"),
        ("User-agent: *\n\u2028\x0bDisallow: /a", "/a", "'Disallow: /a' for '*', line 2"),
        ("User-agent: *\nDisallow: /a\x07b", "/a%07b", "'Disallow: /a�b' for '*', line 2"),
        ("User-agent: *\nDisallow /a", "/a", "None"),
    ],
)
def test_the_line_that_decides_is_named(text: str, path: str, line: str) -> None:
    assert line_of(text, path) == line


def test_words_in_the_rest_of_the_user_agent_are_not_our_name() -> None:
    text = b"User-agent: other-bot\nDisallow: /\nUser-agent: bot\nDisallow: /\nUser-agent: https\nDisallow: /"

    assert RobotsText(text, AGENT).allows("https://paper.example/")
    assert [product(agent) for agent in (AGENT, "Bot.v2", "", "(odd)")] == [
        "news-ingestion",
        "bot.v2",
        "*",
        "*",
    ]


def test_a_long_rule_is_named_in_short() -> None:
    told = line_of(f"User-agent: *\nDisallow: /{'a' * 5000}", f"/{'a' * 5000}")

    assert len(told) < 200


def test_a_file_that_is_cut_ends_with_a_whole_line() -> None:
    """Half a rule would keep us out of more than it says."""
    body = b"User-agent: *\n" + b"Disallow: /private/page\n" * (MAX_ROBOTS_BYTES // 24 + 9)

    text = decoded(body)

    assert len(text) <= MAX_ROBOTS_BYTES
    assert set(text.splitlines()) == {"User-agent: *", "Disallow: /private/page"}


def test_one_endless_line_is_left_out() -> None:
    assert decoded(b"Disallow: /" + b"a" * (2 * MAX_ROBOTS_BYTES)) == ""


FIELDS = ("User-agent", "Disallow", "Allow", "Crawl-delay", "Sitemap", "Noindex", "dissallow", "user agent")
VALUES = st.sampled_from(["*", "news-ingestion", "news", "x", "bot"]) | st.text("/ab*$?=%2fF é", max_size=8)
LINES = st.builds("{}{}{}".format, st.sampled_from(FIELDS), st.sampled_from([":", ": ", " : ", " "]), VALUES)
FILES = st.lists(LINES | st.text(string.printable, max_size=20), max_size=12).map("\n".join)
PATHS = st.text("/ab?=$*%2fF", max_size=8).map("/{}".format)


@given(FILES, PATHS)
def test_what_is_told_never_contradicts_what_a_well_kept_library_decides(text: str, path: str) -> None:
    url = f"https://paper.example{path}"
    rules = RobotsText(text.encode(), AGENT)
    expected = Protego.parse(decoded(text.encode())).can_fetch(url, "news-ingestion")
    line = rules.line(url)

    assert rules.allows(url) is expected
    assert line is None or line.allows is expected
    assert rules.crawl_delay_seconds >= 0


WELL_FORMED = st.lists(
    st.tuples(
        st.sampled_from(["*", "news-ingestion", "other"]),
        st.lists(
            st.tuples(st.sampled_from(["Disallow", "Allow"]), st.text("ab/", min_size=1, max_size=4)),
            min_size=1,
        ),
    ),
    max_size=4,
)


@given(WELL_FORMED, PATHS)
def test_whoever_is_kept_out_by_a_plain_file_is_told_by_which_line(
    groups: list[tuple[str, list[tuple[str, str]]]], path: str
) -> None:
    blocks = [
        "\n".join([f"User-agent: {agent}", *(f"{field}: /{value}" for field, value in rules)])
        for agent, rules in groups
    ]
    text, url = "\n\n".join(blocks), f"https://paper.example{path}"
    rules = RobotsText(text.encode(), AGENT)
    line = rules.line(url)

    if not rules.allows(url):
        assert line
        assert text.splitlines()[line.number - 1] == f"Disallow: {line.pattern}"


@given(st.binary(max_size=300), st.text(max_size=30), st.text(max_size=20))
def test_no_bytes_escape(body: bytes, path: str, agent: str) -> None:
    rules = RobotsText(body, agent)

    assert isinstance(rules.allows(f"https://paper.example/{path}"), bool)
    rules.line(f"https://paper.example/{path}")
