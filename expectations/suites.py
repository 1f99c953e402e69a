"""The rules as a Great Expectations suite: the judge of each day of the lake."""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from expectations import narrow
from expectations.articles import OF_MANY, RULES, Rule

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

DAY = "articles_day"
DAY_ROWS = (1, 5_000_000)

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when great_expectations is imported; nothing calls home


def day_suite(rows: tuple[int, int] = DAY_ROWS) -> "ExpectationSuite":
    """Build the suite for one day of the lake; `rows` are the fewest and the most that are usual."""
    return _suite(DAY, [*map(expectation_of, (*RULES, *OF_MANY)), _columns(), _row_count(rows)])


def expectation_of(rule: Rule) -> "Expectation":
    """Build the expectation that says the same as a rule."""
    kind, arguments = KINDS[rule.kind](rule)
    return _expect(kind, rule.name, rule.why, severity=rule.severity, **arguments)


def _expect(kind: str, name: str, why: str, **arguments: object) -> "Expectation":
    built: Expectation = getattr(import_module("great_expectations.expectations"), kind)(
        notes=why, meta={"name": name}, **arguments
    )
    return built


def _suite(name: str, expectations: "list[Expectation]") -> "ExpectationSuite":
    from great_expectations import ExpectationSuite

    return ExpectationSuite(name=name, expectations=expectations)


def _of_column(rule: Rule) -> dict[str, Any]:
    return {"column": rule.column, "mostly": rule.mostly}


def _of_bounds(rule: Rule) -> dict[str, Any]:
    low, high = rule.bounds
    return {**_of_column(rule), "min_value": low, "max_value": high}


def _of_regex(rule: Rule) -> dict[str, Any]:
    regex = str(rule.bounds[0]).replace(r"\z", r"\Z")  # the end of the text is \z in RE2, \Z in Python
    return {**_of_column(rule), "regex": regex}


def _of_key(rule: Rule) -> dict[str, Any]:
    return {"column_list": [rule.column, *rule.bounds]}


KINDS: Mapping[str, Callable[[Rule], tuple[str, dict[str, Any]]]] = {
    "not_null": lambda rule: ("ExpectColumnValuesToNotBeNull", _of_column(rule)),
    "length_between": lambda rule: ("ExpectColumnValueLengthsToBeBetween", _of_bounds(rule)),
    "value_between": lambda rule: ("ExpectColumnValuesToBeBetween", _of_bounds(rule)),
    "in_set": lambda rule: (
        "ExpectColumnValuesToBeInSet",
        {**_of_column(rule), "value_set": list(rule.bounds)},
    ),
    "matches": lambda rule: ("ExpectColumnValuesToMatchRegex", _of_regex(rule)),
    "free_of": lambda rule: ("ExpectColumnValuesToNotMatchRegex", _of_regex(rule)),
    "unique": lambda rule: ("ExpectCompoundColumnsToBeUnique", _of_key(rule)),
}


def _columns() -> "Expectation":
    return _expect(
        "ExpectTableColumnsToMatchSet",
        "columns_are_as_declared",
        "A column more or less says that the rules and the contract have drifted apart.",
        severity="critical",
        column_set=list(narrow.NAMES),
        exact_match=True,
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
