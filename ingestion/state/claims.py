"""What the stages remember of earlier articles.

Each claim carries the record that made it (topic, partition, offset). A record that is read again
after a crash finds its own claim and gets the same answer as the first time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Row, insert, select

from ingestion.article import Article
from ingestion.ports import TopicId
from ingestion.state.database import StateDatabase
from ingestion.state.tables import article_versions, fingerprints


class SqlMemory:
    """`ports.Memory` over SQL."""

    def __init__(self, database: StateDatabase, *, topic_id: TopicId = str) -> None:
        self._database = database
        self._topic_id = cache(topic_id)

    @contextmanager
    def claims(self) -> Iterator["SqlClaims"]:
        """Keep every claim of the block, or none."""
        with self._database.transaction() as connection:
            yield SqlClaims(connection, self._topic_id)


class SqlClaims:
    """`ports.Claims` inside one transaction."""

    def __init__(self, connection: Connection, topic_id: TopicId) -> None:
        self._connection = connection
        self._topic_id = topic_id

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
        log = self._log(article)
        for row in history:
            if (row.topic, row.partition, row.offset) == (*log, article.lineage.offset):
                return row.version, True
        known = _same_content([row for row in history if not _is_later(row, log, article)], article)
        if known is not None:
            return known, False
        return self._claim_version(article, len(history) + 1), True

    def _log(self, article: Article) -> tuple[str, int]:
        """Name the very log, so that a record of another one is not taken for the one that claimed."""
        topic = article.lineage.topic
        return f"{topic}@{self._topic_id(topic)}", article.lineage.partition

    def _claim_version(self, article: Article, version: int) -> int:
        topic, partition = self._log(article)
        self._connection.execute(
            insert(article_versions).values(
                article_id=article.article_id,
                version=version,
                content_hash=article.content_hash,
                observed_at=article.fetched_at,
                topic=topic,
                partition=partition,
                offset=article.lineage.offset,
            )
        )
        return version


def _is_later(row: Row[tuple[object, ...]], log: tuple[str, int], article: Article) -> bool:
    """Whether a crashed attempt at a later record of this log made it: then it is not known yet."""
    return bool((row.topic, row.partition) == log and row.offset > article.lineage.offset)


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
