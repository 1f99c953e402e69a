"""The rules in plain English, for reports."""

from collections.abc import Callable, Mapping

from expectations.articles import Rule


def statement(rule: Rule) -> str:
    """Say what a rule demands, and of which share of the rows if not of all."""
    said = KINDS[rule.kind](rule)
    return f"{said}." if rule.mostly == 1 else f"{said}, at least {100 * rule.mostly:g} % of the time."


def _between(rule: Rule) -> str:
    low, high = (None if bound is None else f"{bound:.15g}" for bound in rule.bounds)
    if low is None:
        return f"less than or equal to {high}"
    if high is None:
        return f"greater than or equal to {low}"
    return f"between {low} and {high}" if low != high else low


KINDS: Mapping[str, Callable[[Rule], str]] = {
    "not_null": lambda rule: f"{rule.column} values must not be null",
    "length_between": lambda rule: f"{rule.column} values must be {_between(rule)} characters long",
    "value_between": lambda rule: f"{rule.column} values must be {_between(rule)}",
    "in_set": lambda rule: f"{rule.column} values must belong to this set: {' '.join(map(str, rule.bounds))}",
    "matches": lambda rule: f"{rule.column} values must match this regular expression: {rule.bounds[0]}",
    "free_of": lambda rule: f"{rule.column} values must not match this regular expression: {rule.bounds[0]}",
    "unique": lambda rule: f"{rule.column} and {' and '.join(map(str, rule.bounds))} together must be unique",
}
