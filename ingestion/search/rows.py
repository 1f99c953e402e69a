"""Rows as they come from the log, judged by the contract of articles before they reach an index."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from ingestion.article import Article
from ingestion.ports import Row


def article_of(row: Row) -> Article:
    """Read a row as its contract has it. Raises `ValueError` with the reason."""
    unknown = row.keys() - _known()
    if unknown:
        raise ValueError(f"fields that the contract does not have: {', '.join(sorted(unknown))}")
    article = msgspec.convert(row, Article)
    if not article.article_id:
        raise ValueError("an article without an id")
    return article


@cache
def _known() -> frozenset[str]:
    return frozenset(Article.__struct_fields__)


def values_at(value: Any, path: list[str]) -> Iterator[Any]:
    """Yield what is found at a path, through every list on the way."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from values_at(item, path)
    elif value is not None:
        if path:
            yield from values_at(value[path[0]], path[1:])
        else:
            yield value
