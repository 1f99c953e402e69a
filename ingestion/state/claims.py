"""What the stages remember of earlier articles.

Each claim carries the record that made it (topic, partition, offset). A record that is read again
after a crash finds its own claim and gets the same answer as the first time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Row, insert, select

from ingestion.article import Article
from ingestion.ports import Claimed, TopicId
from ingestion.state.copies import FORTNIGHT, SqlCopies, Window
from ingestion.state.database import StateDatabase
from ingestion.state.tables import article_versions, fingerprints
from ingestion.state.texts import MONTH, Kept, SqlTexts


class SqlMemory:
    """`ports.Memory` over SQL."""

    def __init__(
        self,
        database: StateDatabase,
        *,
        topic_id: TopicId = str,
        window: Window | None = FORTNIGHT,
        kept: Kept = MONTH,
    ) -> None:
        self._database = database
        self._topic_id = cache(topic_id)
        self._window = window
        self._kept = kept

    @contextmanager
    def claims(self) -> Iterator["SqlClaims"]:
        """Keep every claim of the block, or none."""
        with self._database.transaction() as connection:
            texts = SqlTexts(connection, self._kept)
            yield SqlClaims(connection, self._topic_id, texts, self._window)
            texts.flush()


class SqlClaims:
    """`ports.Claims` inside one transaction."""

    def __init__(
        self, connection: Connection, topic_id: TopicId, texts: SqlTexts, window: Window | None
    ) -> None:
        self._connection = connection
        self.texts = texts
        self._topic_id = topic_id
        self._copies = SqlCopies(connection, topic_id, window) if window else None

    @property
    def copies(self) -> SqlCopies | None:
        """The window in which copies are looked for; None where they are not."""
        return self._copies

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

    def version_of(self, article: Article) -> Claimed:
        """Claim a version for this content, unless it is known of the article."""
        history = self._connection.execute(
            select(article_versions)
            .where(article_versions.c.article_id == article.article_id)
            .order_by(article_versions.c.version)
        ).all()
        log = self._log(article)
        own = (*log, article.lineage.offset)
        known = [row for row in history if not _is_later(row, log, article)]
        for row in known:
            if (row.topic, row.partition, row.offset) == own:
                return _claimed(row.version, known, article, is_read_again=True)
        same = _same_content(known, article)
        if same is not None:
            return Claimed(version=same, is_made_here=False, first_seen=known[0].observed_at)
        return _claimed(self._claim_version(article, len(history) + 1), known, article)

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


def _claimed(
    version: int,
    known: Sequence[Row[tuple[object, ...]]],
    article: Article,
    *,
    is_read_again: bool = False,
) -> Claimed:
    seen = article.fetched_at
    earlier = [row for row in known if row.version != version and row.observed_at <= seen]
    before = max(earlier, key=lambda row: (row.observed_at, row.version), default=None)
    return Claimed(
        version=version,
        is_made_here=True,
        is_read_again=is_read_again,
        before=before.version if before else None,
        first_seen=min([seen, *(row.observed_at for row in known)]),
    )


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
