"""Sample articles as their contract has them: good ones, and for every rule one that breaks it."""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

Article = dict[str, Any]

TIMES = ("fetched_at", "ingested_at", "first_seen")
MOMENTS = ("published", "modified")


class Bad(NamedTuple):
    """A row that breaks a rule, named `breaks`; it may break others with it."""

    breaks: str
    row: Article


def good(**changes: object) -> list[Article]:
    """Return fresh copies of the good samples, each with the same fields changed."""
    return [{**row, **changes} for row in deepcopy(_good())]


def article(number: int = 0, **changes: object) -> Article:
    """Return a good article with an identity of its own, so that any number can be made."""
    digest = f"{number:064x}"
    url = f"https://ferry-post.example/harbour/{number}"
    row = deepcopy(_good()[0])
    return {**row, "article_id": digest, "content_hash": digest, "canonical_url": url, **changes}


def bad() -> list[Bad]:
    """Return the bad samples: the first good one with one value replaced, or taken away."""
    return [_changed(change) for change in _read("bad.json")]


def _changed(change: Mapping[str, Any]) -> Bad:
    row = deepcopy(_good()[0])
    *parents, leaf = change["path"]
    target = row
    for step in parents:
        target = target[step]
    target[leaf] = _value(change)
    return Bad(change["breaks"], row)


def _value(change: Mapping[str, Any]) -> object:
    if "at" in change:
        return datetime.fromisoformat(change["at"])
    return str(change["repeat"][0]) * int(change["repeat"][1]) if "repeat" in change else change["value"]


@cache
def _good() -> list[Article]:
    return [_with_times(row) for row in _read("good.json")]


def _with_times(row: Article) -> Article:
    for name in TIMES:
        row[name] = datetime.fromisoformat(row[name])
    for name in MOMENTS:
        if row[name]:
            row[name]["at"] = datetime.fromisoformat(row[name]["at"])
    return row


def _read(name: str) -> list[dict[str, Any]]:
    text = files(__package__).joinpath("samples", name).read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows
