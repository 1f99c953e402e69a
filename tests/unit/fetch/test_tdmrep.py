"""The file of a site about text and data mining: which rule is meant, and what becomes of a bad file."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import HttpFailure, NewsError, Refused, TooLarge, Unreachable
from ingestion.fetch import tdmrep
from ingestion.fetch.path_patterns import matches
from ingestion.fetch.tdmrep import TdmFiles, first_match, origin_of, rules_of

FILE = "https://paper.example/.well-known/tdmrep.json"
DAY_SECONDS = 24 * 3600


class Site:
    """One site, the addresses it was asked for, and a clock that stands until it is moved."""

    def __init__(self, answer: object = None) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.seconds = 0.0
        self.files = TdmFiles(self.read, lambda: self.seconds)

    def read(self, url: str) -> bytes | None:
        self.asked.append(url)
        if isinstance(self.answer, NewsError):
            raise self.answer
        if self.answer is None or isinstance(self.answer, bytes):
            return self.answer
        return json.dumps(self.answer).encode()

    def of(self, path: str) -> dict[str, str]:
        return self.files.reservation(f"https://paper.example{path}")


@pytest.fixture
def of_specification() -> Site:
    """The example of the specification, section 5.1.2."""
    return Site(
        [
            {"location": "/directory-a/", "tdm-reservation": 1},
            {
                "location": "/directory-b/html/",
                "tdm-reservation": 1,
                "tdm-policy": "https://provider.example/policies/policy.json",
            },
            {"location": "/directory-b/images/*.jpg", "tdm-reservation": 0},
        ]
    )


def test_the_example_of_the_specification_is_read_as_it_is_meant(of_specification: Site) -> None:
    reserved = of_specification.of("/directory-b/html/story")

    assert of_specification.of("/directory-a/x")["tdmrep.reservation"] == "1"
    assert reserved["tdmrep.reservation"] == "1"
    assert reserved["tdmrep.policy"] == "https://provider.example/policies/policy.json"
    assert of_specification.of("/directory-b/images/2026/a.jpg")["tdmrep.reservation"] == "0"
    assert of_specification.of("/directory-c/x") == {"tdmrep.note": FILE}


def test_the_first_rule_that_fits_is_the_one_that_counts() -> None:
    site = Site(
        [
            {"location": "/open/", "tdm-reservation": 0},
            {"location": "/", "tdm-reservation": 1},
            {"location": "/open/but", "tdm-reservation": 1},
        ]
    )

    assert site.of("/open/but/first")["tdmrep.reservation"] == "0"
    assert site.of("/closed")["tdmrep.reservation"] == "1"
    assert site.of("/closed")["tdmrep.note"] == f"{FILE}, /"


@pytest.mark.parametrize(
    ("location", "path", "fits"),
    [
        ("/", "/anything", True),
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish", False),
        ("/fish/", "/fish", False),
        ("*", "/anything", True),
        ("/*.php", "/folder/file.php?x=1", True),
        ("/*.php$", "/folder/file.php?x=1", False),
        ("/*.php$", "/folder/file.php", True),
        ("/fish$", "/fish", True),
        ("/fish$", "/fishes", False),
        ("/a*b*a$", "/aba", True),
        ("/a*ba$", "/aba", True),
        ("/ab*ba$", "/aba", False),
        ("/a**b", "/axxb", True),
        ("$", "/", False),
        ("/this/*/then", "/this/path/then/on", True),
        ("/path/foo-%24", "/path/foo-$", True),
        ("/path/foo-%2A", "/path/foo-*", True),
        ("/caf%c3%a9", "/café", True),
        ("/%7Ename", "/~name", True),
        ("/a%2fb", "/a/b", False),
    ],
)
def test_patterns_fit_as_those_of_robots_do(location: str, path: str, *, fits: bool) -> None:
    rule = tdmrep.Rule(location, "1", None)

    assert (first_match((rule,), f"https://paper.example{path}") is rule) is fits


@pytest.mark.parametrize("value", [2, -1, 1.0, "yes", None, [1], {}, "", 10**30])
def test_a_value_that_the_protocol_does_not_have_says_nothing(value: object) -> None:
    site = Site([{"location": "/", "tdm-reservation": value}])

    assert site.of("/a") == {"tdmrep.note": FILE}


@pytest.mark.parametrize("value", [1, "1", True])
def test_a_value_counts_as_number_and_as_text(value: object) -> None:
    assert Site([{"location": "/", "tdm-reservation": value}]).of("/a")["tdmrep.reservation"] == "1"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "is not there"),
        (b"<html>404</html>", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"", "is no JSON"),
        (b'{"location": "/", "tdm-reservation": 1}', "is no list of rules"),
        (b" " * 600_000, "is larger than 524288 bytes"),
        (HttpFailure("404 Not Found", status=404), "cannot be had: 404 Not Found"),
        (Unreachable("paper.example did not answer"), "cannot be had: paper.example did not answer"),
        (TooLarge("20 MB"), "cannot be had: 20 MB"),
        (Refused("a private address"), "cannot be had: a private address"),
    ],
)
def test_a_file_that_cannot_be_had_or_read_says_nothing_and_the_reason_is_kept(
    answer: object, told: str
) -> None:
    assert Site(answer).of("/a") == {"tdmrep.note": f"{FILE} {told}"}


def test_entries_that_are_no_rules_are_passed_over() -> None:
    body = json.dumps(
        [None, 1, [], {}, {"location": 5, "tdm-reservation": 1}, {"location": "/", "tdm-reservation": 1}]
    )

    assert rules_of(body.encode()) == (tdmrep.Rule("/", "1", None),)


def test_a_site_is_asked_once_a_day_and_each_origin_by_itself() -> None:
    site = Site([{"location": "/", "tdm-reservation": 1}])
    for _ in range(3):
        site.of("/a")
    site.files.reservation("https://paper.example:8443/a")
    site.files.reservation("http://user:secret@paper.example/a")
    site.seconds = DAY_SECONDS
    site.of("/b")

    assert site.asked == [
        FILE,
        "https://paper.example:8443/.well-known/tdmrep.json",
        "http://paper.example/.well-known/tdmrep.json",
        FILE,
    ]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (None, DAY_SECONDS),
        (HttpFailure("404", status=404), DAY_SECONDS),
        (HttpFailure("500", status=500), 3600),
        (HttpFailure("429", status=429), 3600),
        (Unreachable("slow"), 3600),
    ],
)
def test_a_site_without_a_file_is_asked_again_after_a_day_and_one_that_failed_sooner(
    answer: object, seconds: float
) -> None:
    site = Site(answer)
    site.of("/a")
    site.seconds = seconds - 1
    site.of("/a")
    assert len(site.asked) == 1
    site.seconds = seconds
    site.of("/a")

    assert len(site.asked) == 2


def test_only_so_many_sites_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tdmrep, "MAX_ORIGINS", 2)
    site = Site()
    for host in ("a", "b", "c", "c", "a"):
        site.files.reservation(f"https://{host}.example/")

    assert [url.partition(".")[0][-1] for url in site.asked] == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    "url", ["", "mailto:a@b", "file:///etc/hosts", "https://", "https://[", "https://a:x/"]
)
def test_what_is_no_web_address_has_no_file(url: str) -> None:
    site = Site()

    assert origin_of(url) is None
    assert site.files.reservation(url) == {}
    assert site.asked == []


@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps(text).encode()))
def test_no_bytes_of_a_file_escape(body: bytes) -> None:
    assert isinstance(rules_of(body), tuple | str)


JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["location", "tdm-reservation", "tdm-policy", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(JSON, st.text())
def test_no_json_and_no_address_escapes(value: object, path: str) -> None:
    hints = Site(value).of(f"/{path}")

    assert set(hints) <= {"tdmrep.reservation", "tdmrep.policy", "tdmrep.note"}
    assert hints.get("tdmrep.reservation", "0") in {"0", "1"}


@given(
    parts=st.lists(st.sampled_from(["a", "b", "*", "/"]), max_size=8),
    path=st.text("ab/", max_size=10),
    whole=st.booleans(),
)
def test_patterns_fit_what_the_same_regular_expression_fits(
    *, parts: list[str], path: str, whole: bool
) -> None:
    pattern = "".join(parts)
    expected = re.match(pattern.replace("*", ".*") + ("$" if whole else ""), path) is not None

    assert matches(pattern + ("$" if whole else ""), path) is expected
