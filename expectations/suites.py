"""The rules as Great Expectations suites, with what can be said only of a batch or of a day."""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from expectations import narrow
from expectations.articles import RULES, Rule

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

BATCH = "articles_batch"
DAY = "articles_day"
DAY_ROWS = (1, 5_000_000)

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when great_expectations is imported; nothing calls home


def batch_suite() -> "ExpectationSuite":
    """Build the suite for one stored batch."""
    return _suite(BATCH, [*map(expectation_of, RULES), *_batch_expectations()])


def day_suite(rows: tuple[int, int] = DAY_ROWS) -> "ExpectationSuite":
    """Build the suite for one day of the lake; `rows` are the fewest and the most that are usual."""
    return _suite(DAY, [*map(expectation_of, RULES), *_batch_expectations(), _row_count(rows)])


def expectation_of(rule: Rule) -> "Expectation":
    """Build the expectation that says the same as a rule."""
    kind, arguments = KINDS[rule.kind](rule)
    return _expect(kind, rule.name, rule.why, severity=rule.severity, column=rule.column, **arguments)


def _expect(kind: str, name: str, why: str, **arguments: object) -> "Expectation":
    built: Expectation = getattr(import_module("great_expectations.expectations"), kind)(
        notes=why, meta={"name": name}, **arguments
    )
    return built


def _suite(name: str, expectations: "list[Expectation]") -> "ExpectationSuite":
    from great_expectations import ExpectationSuite

    return ExpectationSuite(name=name, expectations=expectations)


def _bounds(rule: Rule) -> dict[str, Any]:
    low, high = rule.bounds
    return {"min_value": low, "max_value": high}


def _python_regex(rule: Rule) -> str:
    return str(rule.bounds[0]).replace(r"\z", r"\Z")  # the end of the text is \z in RE2, \Z in Python


KINDS: Mapping[str, Callable[[Rule], tuple[str, dict[str, Any]]]] = {
    "not_null": lambda _: ("ExpectColumnValuesToNotBeNull", {}),
    "length_between": lambda rule: ("ExpectColumnValueLengthsToBeBetween", _bounds(rule)),
    "value_between": lambda rule: ("ExpectColumnValuesToBeBetween", _bounds(rule)),
    "in_set": lambda rule: ("ExpectColumnValuesToBeInSet", {"value_set": list(rule.bounds)}),
    "matches": lambda rule: ("ExpectColumnValuesToMatchRegex", {"regex": _python_regex(rule)}),
    "free_of": lambda rule: ("ExpectColumnValuesToNotMatchRegex", {"regex": _python_regex(rule)}),
}


def _batch_expectations() -> "list[Expectation]":
    return [
        _expect(
            "ExpectTableColumnsToMatchSet",
            "columns_are_as_declared",
            "A column more or less says that the rules and the contract have drifted apart.",
            severity="critical",
            column_set=list(narrow.NAMES),
            exact_match=True,
        ),
        _expect(
            "ExpectCompoundColumnsToBeUnique",
            "versions_are_unique",
            "A version that comes twice was stored twice.",
            severity="critical",
            column_list=["article_id", "version"],
        ),
        _mostly_known("published_at", 0.5, "Most publishers print a date."),
        _mostly_known("language_code", 0.8, "Most texts are long enough to tell their language."),
        _mostly_known("canonical_url", 0.5, "Most articles have an address; raw text may have none."),
        _expect(
            "ExpectColumnValuesToBeBetween",
            "authors_are_often_known",
            "Many articles name an author; if nearly none does, bylines are no longer found.",
            severity="warning",
            column="authors_count",
            min_value=1,
            mostly=0.25,
        ),
    ]


def _mostly_known(column: str, share: float, why: str) -> "Expectation":
    return _expect(
        "ExpectColumnValuesToNotBeNull",
        f"{column}_is_mostly_known",
        f"{why} If not, a parser has stopped finding it.",
        severity="warning",
        column=column,
        mostly=share,
    )


def _row_count(rows: tuple[int, int]) -> "Expectation":
    return _expect(
        "ExpectTableRowCountToBeBetween",
        "day_has_its_usual_size",
        "A day far outside of its usual size deserves a look.",
        severity="warning",
        min_value=rows[0],
        max_value=rows[1],
    )
