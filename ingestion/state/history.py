"""The versions claimed of articles, and by which records; those of a batch are looked up at once."""

import struct
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from ingestion.article import Article
from ingestion.ports import TopicId
from ingestion.state.tables import article_versions

ARTICLES_IN_A_STATEMENT = 500


class Version(NamedTuple):
    """A row of `article_versions`."""

    article_id: str
    version: int
    content_hash: str
    observed_at: datetime
    topic: str
    partition: int
    offset: int
    taken_off: bytes | None


class SqlHistory:
    """What is known of articles inside one transaction. What is claimed is written by `flush`."""

    def __init__(self, connection: Connection, topic_id: TopicId) -> None:
        self._connection = connection
        self._topic_id = topic_id
        self._versions: dict[str, list[Version]] = {}
        self._new: list[Version] = []

    def expect(self, articles: Iterable[Article]) -> None:
        """Look up the versions of these articles."""
        ids = {article.article_id for article in articles}
        self._look_up(sorted(article_id for article_id in ids if article_id not in self._versions))

    def of(self, article: Article) -> Sequence[Version]:
        """Every version of an article, the first one first."""
        if article.article_id not in self._versions:
            self._look_up([article.article_id])
        return self._versions[article.article_id]

    def known(self, article: Article) -> Sequence[Version]:
        """The versions but for those that a crashed attempt at a later record of this log made."""
        return [row for row in self.of(article) if not self._is_later(row, article)]

    def own(self, article: Article) -> Version | None:
        """The version that this very record made when it was read before."""
        own = (*self._log(article), article.lineage.offset)
        return next((row for row in self.of(article) if (row.topic, row.partition, row.offset) == own), None)

    def add(self, article: Article, taken_off: Collection[int]) -> Version:
        """Claim the next version for the content of an article."""
        made = Version(
            article.article_id,
            len(self.of(article)) + 1,
            article.content_hash,
            article.fetched_at,
            *self._log(article),
            article.lineage.offset,
            struct.pack(f"<{len(taken_off)}q", *taken_off) or None,
        )
        self._versions[article.article_id].append(made)
        self._new.append(made)
        return made

    def flush(self) -> None:
        """Write what was claimed."""
        if self._new:
            self._connection.execute(insert(article_versions), [made._asdict() for made in self._new])

    def _look_up(self, ids: Sequence[str]) -> None:
        for begin in range(0, len(ids), ARTICLES_IN_A_STATEMENT):
            some = ids[begin : begin + ARTICLES_IN_A_STATEMENT]
            self._versions.update((article_id, []) for article_id in some)
            of_them = select(article_versions).where(article_versions.c.article_id.in_(some))
            for row in self._connection.execute(of_them.order_by(article_versions.c.version)):
                self._versions[row.article_id].append(Version(*row))

    def _log(self, article: Article) -> tuple[str, int]:
        """Name the very log, so that a record of another one is not taken for the one that claimed."""
        topic = article.lineage.topic
        return f"{topic}@{self._topic_id(topic)}", article.lineage.partition

    def _is_later(self, row: Version, article: Article) -> bool:
        return (row.topic, row.partition) == self._log(article) and row.offset > article.lineage.offset


def lines_of(versions: Iterable[Version]) -> frozenset[int]:
    """The lines that were taken off when these versions were made."""
    packed = (row.taken_off for row in versions if row.taken_off)
    return frozenset(line for lines in packed for line in struct.unpack(f"<{len(lines) // 8}q", lines))
