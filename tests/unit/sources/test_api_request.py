"""Field paths, addresses and times of requests, and what cannot work told before anything is asked."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import ConfigurationError
from ingestion.sources.api_facts import ApiFacts, ApiFields, FieldPath
from ingestion.sources.api_paging import linked
from ingestion.sources.api_paths import raw_at, text_of, texts_of, value_at
from ingestion.sources.api_request import request_url, written
from ingestion.sources.catalogue import read_file

TREE: dict[str, Any] = {"a": {"b": [{"c": 1}, {"c": "x"}], "d e": None}, "l": [[1, 2], [3]]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b[0].c", 1),
        ("a.b[-1].c", "x"),
        ("l[0][1]", 2),
        ("a.d e", None),
        ("a.b", TREE["a"]["b"]),
        ("a.b.c", None),
        ("a[0]", None),
        ("a.b[2]", None),
        ("a.b[-3]", None),
        ("l[0][1].x", None),
        (None, None),
    ],
)
def test_a_field_path_leads_to_a_value_or_to_nothing(path: str | None, value: Any) -> None:
    assert value_at(TREE, path) == value
    if path:
        found = raw_at(msgspec.json.encode(TREE), path)
        assert (msgspec.json.decode(found) if found else None) == value


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a[", "a[x]", "a[]", "a]b", "a..b", "a.[0]", " a", "a "]
)
def test_what_is_no_field_path_is_refused(path: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"url": path}, ApiFields)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from("ab"), inside, max_size=2),
    max_leaves=20,
)


@given(
    tree=TREES, path=st.from_regex(r"\A(?:[ab]|\[-?[0-3]\])(?:\[-?[0-3]\])?(?:\.[ab](?:\[[0-2]\])?){0,3}\Z")
)
def test_any_path_into_any_tree_is_a_value_and_texts(tree: Any, path: str) -> None:
    msgspec.convert(path, FieldPath)

    value = value_at(tree, path)

    assert text_of(value) is None or isinstance(text_of(value), str)
    assert all(isinstance(text, str) and text for text in texts_of(value))


def test_a_request_has_its_variables_filled_in_and_what_has_none_left_out() -> None:
    facts = ApiFacts(
        mode="document",
        parameters={"q": "a&b = {c}", "from": "{since}", "cursor": "x{cursor}", "n": "{page_size}", "e": ""},
    )
    values = {"since": "2026-11-02T10:00:00Z", "cursor": None, "page": "2", "page_size": "50"}

    url = request_url("https://api.example/v1/{page}/a%20b?k=1&p={page}&c={cursor}&k=2#part", facts, values)

    assert url == (
        "https://api.example/v1/2/a%20b?k=1&p=2&k=2&q=a%26b%20%3D%20%7Bc%7D&from=2026-11-02T10%3A00%3A00Z&n=50&e="
    )


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("iso", "2026-11-02T10:15:30Z"),
        ("date", "2026-11-02"),
        ("unix", "1793614530"),
        ("unix_ms", "1793614530000"),
        ("%Y%m%d%H%M%S", "20261102101530"),
    ],
)
def test_times_are_written_as_the_api_wants_them(time_format: str, text: str) -> None:
    assert written(datetime(2026, 11, 2, 10, 15, 30, 999, tzinfo=UTC), time_format) == text


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<http://x.example/2>; rel="next"', "http://x.example/2"),
        ('<a>; rel="prev", <b,c>;title="x; y, z" ; REL=next', "b,c"),
        ("<a>; rel='nextish'", None),
        ('<a>; rel="nextish other"', None),
        ("", None),
        ("<a", None),
    ],
)
def test_the_next_page_is_found_in_a_link_header(header: str, url: str | None) -> None:
    assert linked(header) == url


@given(st.text(st.sampled_from("<>;=\"' ,relnxt\\"), max_size=200))
def test_any_link_header_is_read(header: str) -> None:
    assert linked(header) is None or isinstance(linked(header), str)


API = """
[publisher]
id = "paper"
[[source]]
id = "paper-api"
kind = "api"
url = "https://api.paper.example/{where}"
[source.api]
mode = "document"
"""

PROBLEMS = {
    'parameters = { from = "{sinse}" }': r"there is no variable \{sinse\}; there are since, until",
    'parameters = { a = "{page" }\nmode2 = 1': r"unknown field `mode2`; remove it, or write one of mode",
    'paging = { by = "page" }': r"by page, but \{page\} stands nowhere in the request; add it",
    'paging = { by = "next_url" }': r"by next_url; add api.paging.next",
    'paging = { by = "until" }\nparameters = { a = "{until}" }': r"by until; add api.fields.published",
    'auth = { variable = "KEY" }': "api.auth needs either a header or a parameter",
    'auth = { variable = "a key", header = "X-Key" }': "source.0..api.auth.variable: .*Environment variable",
    'window = { time_format = "iso8601" }': "api.window.time_format is none of iso, date, unix, unix_ms, and",
    'items = "a..b"': r"source.0..api.items: .*Field path of the list",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_what_cannot_work_is_told_with_its_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / "paper.toml").write_text(API.replace("/{where}", "") + text)

    with pytest.raises(ConfigurationError, match=rf"paper\.toml: .*{PROBLEMS[text]}"):
        read_file(tmp_path / "paper.toml")


def test_a_variable_in_the_address_is_checked_as_well(tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text(API)

    with pytest.raises(ConfigurationError, match=r"there is no variable \{where\}"):
        read_file(tmp_path / "paper.toml")


def test_links_need_an_address(tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text(API.replace("document", "link").replace("/{where}", ""))

    with pytest.raises(ConfigurationError, match=r"mode is link, .* add api\.fields\.url"):
        read_file(tmp_path / "paper.toml")
