"""The rules as Arrow masks: which rows break which rule. The gate before every sink; no heavy import."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from expectations import narrow
from expectations.articles import CRITICAL, Rule


def failures(rows: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, ...]]:
    """Map the index of each row that breaks a critical rule to the names of those rules."""
    return failures_in(narrow.of_rows(rows), CRITICAL) if rows else {}


def failures_in(table: pa.Table, rules: Sequence[Rule]) -> dict[int, tuple[str, ...]]:
    """Map the index of each failing row of a narrow table to the names of the rules it breaks."""
    broken: dict[int, list[str]] = defaultdict(list)
    for rule in rules:
        for index in broken_rows(table, rule):
            broken[index].append(rule.name)
    return {index: tuple(names) for index, names in sorted(broken.items())}


def broken_rows(table: pa.Table, rule: Rule) -> list[int]:
    """Return the indices of the rows of a narrow table that break one rule."""
    holds = KINDS[rule.kind](table.column(rule.column), rule)
    indices: list[int] = pc.indices_nonzero(pc.invert(holds)).to_pylist()
    return indices


def _not_null(values: pa.ChunkedArray, _rule: Rule) -> pa.ChunkedArray:
    return pc.is_valid(values)


def _length_between(values: pa.ChunkedArray, rule: Rule) -> pa.ChunkedArray:
    return _between(pc.utf8_length(values), rule)


def _between(values: pa.ChunkedArray, rule: Rule) -> pa.ChunkedArray:
    low, high = rule.bounds
    holds = pc.is_valid(values)
    if low is not None:
        holds = pc.and_(holds, pc.fill_null(pc.greater_equal(values, low), fill_value=True))
    if high is not None:
        holds = pc.and_(holds, pc.fill_null(pc.less_equal(values, high), fill_value=True))
    return pc.or_(holds, pc.is_null(values))


def _in_set(values: pa.ChunkedArray, rule: Rule) -> pa.ChunkedArray:
    return pc.or_(pc.is_null(values), pc.is_in(values, value_set=pa.array(rule.bounds, pa.string())))


def _matches(values: pa.ChunkedArray, rule: Rule) -> pa.ChunkedArray:
    return pc.fill_null(_found(values, rule), fill_value=True)


def _free_of(values: pa.ChunkedArray, rule: Rule) -> pa.ChunkedArray:
    return pc.invert(pc.fill_null(_found(values, rule), fill_value=False))


def _found(values: pa.ChunkedArray, rule: Rule) -> pa.ChunkedArray:
    return pc.match_substring_regex(values, pattern=rule.bounds[0])


KINDS: Mapping[str, Callable[[pa.ChunkedArray, Rule], pa.ChunkedArray]] = {
    "not_null": _not_null,
    "length_between": _length_between,
    "value_between": _between,
    "in_set": _in_set,
    "matches": _matches,
    "free_of": _free_of,
}
