"""Articles as documents: the row as it is, and its texts once more for the stemmer of their language."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.article import Article
from ingestion.ports import Row
from ingestion.search.analysis import SNOWBALL
from ingestion.search.elasticsearch.actions import MAX_ID_BYTES, Action, index_action, is_id
from ingestion.search.mapping import STEMMED_FIELD, WEIGHTS
from ingestion.search.rows import article_of, values_at
from ingestion.search.stems import language_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def version_of(observed: datetime) -> int:
    """The external version of an observation: microseconds since 1970-01-01T00:00Z."""
    return (observed - EPOCH) // MICROSECOND


def judged(row: Row) -> tuple[str, int]:
    """The id and the version of a row. Raises `ValueError` where it breaks the contract."""
    article = article_of(row)
    if not is_id(article.article_id):
        raise ValueError(f"an id of more than {MAX_ID_BYTES} bytes")
    if article.fetched_at.tzinfo is None:
        raise ValueError("fetched_at has no time zone")
    version = version_of(article.fetched_at)
    if version < 0:
        raise ValueError("fetched_at is before 1970, and a version cannot be negative")
    return article.article_id, version


def action_of(row: Row, article_id: str, version: int) -> Action:
    """Encode a row that was judged. Raises `TypeError` where it is no JSON, as with a lone surrogate."""
    language = _language(row)
    texts = {STEMMED_FIELD: {language: _texts(row)}} if language in SNOWBALL else {}
    return index_action(article_id, version, {**row, **texts})


def article_from(source: Mapping[str, Any]) -> Article:
    """Read back what was written."""
    return article_of(source)


def _language(row: Row) -> str | None:
    language = row.get("language")
    return language_of(language["code"]) if isinstance(language, Mapping) else None


def _texts(row: Row) -> dict[str, list[str]]:
    return {path: found for path in WEIGHTS if (found := list(values_at(row, path.split("."))))}
