"""Rows as they come from the log, judged by the contract of articles before they reach an index."""

from functools import cache

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
