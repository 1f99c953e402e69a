"""The rules as Arrow masks: which rows break which rule. The gate before every sink; no heavy import."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations import narrow
from expectations.articles import CRITICAL, Rule
from schemas.plain_arrow import constant, constants, table_from


def failures(articles: Any) -> dict[int, tuple[str, ...]]:
    """Map the index of each row that breaks a critical rule to the names of those rules.

    `articles` is any Arrow table with the columns `narrow.READ`.
    """
    return failures_in(narrow.of_table(table_from(articles)), CRITICAL)


def failures_in(table: pa.Table, rules: Sequence[Rule]) -> dict[int, tuple[str, ...]]:
    """Map the index of each failing row of a narrow table to the names of the rules it breaks."""
    broken: dict[int, list[str]] = defaultdict(list)
    for rule in rules:
        for index in broken_rows(table, rule):
            broken[index].append(rule.name)
    return {index: tuple(names) for index, names in sorted(broken.items())}


def broken_rows(table: pa.Table, rule: Rule) -> list[int]:
    """Return the indices of the rows of a narrow table that break one rule."""
    holds = KINDS[rule.kind](table, rule)
    if pc.all(holds, min_count=0).as_py():
        return []
    indices: list[int] = pc.indices_nonzero(pc.invert(holds)).to_pylist()
    return indices


def enough_hold(table: pa.Table, rule: Rule, broken: int) -> bool:
    """Tell whether a rule holds for its share of the rows, given how many break it.

    As in Great Expectations, rows without a value count only where the rule is about having one.
    """
    absent = 0 if rule.kind in {"not_null", "unique"} else table.column(rule.column).null_count
    judged = table.num_rows - absent
    return bool(judged - broken >= rule.mostly * judged)


def _not_null(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    return pc.is_valid(table.column(rule.column))


def _length_between(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    return _within(pc.utf8_length(table.column(rule.column)), rule)


def _value_between(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    return _within(table.column(rule.column), rule)


def _within(values: pa.ChunkedArray, rule: Rule) -> pa.ChunkedArray:
    low, high = rule.bounds
    holds = pc.is_valid(values)
    if low is not None:
        holds = pc.and_(holds, pc.fill_null(pc.greater_equal(values, constant(low)), constant(value=True)))
    if high is not None:
        holds = pc.and_(holds, pc.fill_null(pc.less_equal(values, constant(high)), constant(value=True)))
    return pc.or_(holds, pc.is_null(values))


def _in_set(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    values = table.column(rule.column)
    return pc.or_(pc.is_null(values), pc.is_in(values, value_set=constants(*rule.bounds)))


def _matches(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    return pc.fill_null(_found(table, rule), constant(value=True))


def _free_of(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    return pc.invert(pc.fill_null(_found(table, rule), constant(value=False)))


def _found(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    return pc.match_substring_regex(table.column(rule.column), pattern=rule.bounds[0])


def _unique(table: pa.Table, rule: Rule) -> pa.ChunkedArray:
    key = [pc.cast(table.column(str(name)), pa.string()) for name in (rule.column, *rule.bounds)]
    keys = pc.binary_join_element_wise(*key, constant("\n"), null_handling="replace", null_replacement="null")
    counted = pc.value_counts(keys)
    repeated = counted.field("values").filter(pc.greater(counted.field("counts"), constant(1)))
    return pc.invert(pc.is_in(keys, value_set=repeated))


KINDS: Mapping[str, Callable[[pa.Table, Rule], pa.ChunkedArray]] = {
    "not_null": _not_null,
    "length_between": _length_between,
    "value_between": _value_between,
    "in_set": _in_set,
    "matches": _matches,
    "free_of": _free_of,
    "unique": _unique,
}
