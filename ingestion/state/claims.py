"""What the stages remember of earlier articles.

Each claim carries the record that made it (topic, partition, offset). A record that is read again
after a crash finds its own claim and gets the same answer as the first time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Row, insert, select

from ingestion.article import Article
from ingestion.state.database import StateDatabase
from ingestion.state.tables import article_versions, fingerprints


class SqlMemory:
    """`ports.Memory` over SQL."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    @contextmanager
    def claims(self) -> Iterator["SqlClaims"]:
        """Keep every claim of the block, or none."""
        with self._database.transaction() as connection:
            yield SqlClaims(connection)


class SqlClaims:
    """`ports.Claims` inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def owner_of(self, fingerprint: str, article: Article) -> str:
        """Claim a fingerprint for an article, and return the id of the article that has it."""
        owner = self._connection.execute(
            select(fingerprints.c.article_id).where(fingerprints.c.fingerprint == fingerprint)
        ).scalar()
        if owner is not None:
            return str(owner)
        self._connection.execute(
            insert(fingerprints).values(fingerprint=fingerprint, article_id=article.article_id)
        )
        return article.article_id

    def version_of(self, article: Article) -> tuple[int, bool]:
        """Return the version of this content, and whether this record is the one that made it."""
        history = self._connection.execute(
            select(article_versions)
            .where(article_versions.c.article_id == article.article_id)
            .order_by(article_versions.c.version)
        ).all()
        for row in history:
            if _is_from(row, article):
                return row.version, True
        known = _same_content([row for row in history if not _is_later(row, article)], article)
        if known is not None:
            return known, False
        return self._claim_version(article, len(history) + 1), True

    def _claim_version(self, article: Article, version: int) -> int:
        self._connection.execute(
            insert(article_versions).values(
                article_id=article.article_id,
                version=version,
                content_hash=article.content_hash,
                observed_at=article.fetched_at,
                topic=article.lineage.topic,
                partition=article.lineage.partition,
                offset=article.lineage.offset,
            )
        )
        return version


def _is_from(row: Row[tuple[object, ...]], article: Article) -> bool:
    lineage = article.lineage
    return (row.topic, row.partition, row.offset) == (lineage.topic, lineage.partition, lineage.offset)


def _is_later(row: Row[tuple[object, ...]], article: Article) -> bool:
    """Whether a crashed attempt at a later record of this log made it: then it is not known yet."""
    lineage = article.lineage
    same_log = (row.topic, row.partition) == (lineage.topic, lineage.partition)
    return same_log and row.offset > lineage.offset


def _same_content(known: Sequence[Row[tuple[object, ...]]], article: Article) -> int | None:
    """Find the version that this content already is.

    What was seen after the newest version is compared with that one, so that a text may change back;
    what was seen no later is compared with all, because it arrived late or is read once more.
    """
    if not known:
        return None
    newest = max(known, key=lambda row: (row.observed_at, row.version))
    candidates = [newest] if article.fetched_at > newest.observed_at else known
    return next((row.version for row in candidates if row.content_hash == article.content_hash), None)
