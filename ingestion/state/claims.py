"""What the stages remember of earlier articles.

Each claim carries the record that made it (topic, partition, offset). A record that is read again
after a crash finds its own claim and gets the same answer as the first time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, insert, select

from ingestion.article import Article
from ingestion.ports import Claimed, TopicId
from ingestion.stages.trim import taken_off
from ingestion.state.copies import FORTNIGHT, SqlCopies, Window
from ingestion.state.database import StateDatabase
from ingestion.state.furniture import FORTNIGHTS, Spans, SqlFurniture
from ingestion.state.history import SqlHistory, Version
from ingestion.state.tables import fingerprints
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
        spans: Spans | None = FORTNIGHTS,
    ) -> None:
        self._database = database
        self._topic_id = cache(topic_id)
        self._window = window
        self._kept = kept
        self._spans = spans

    @contextmanager
    def claims(self) -> Iterator["SqlClaims"]:
        """Keep every claim of the block, or none."""
        with self._database.transaction() as connection:
            history = SqlHistory(connection, self._topic_id)
            claims = SqlClaims(
                connection,
                history,
                SqlTexts(connection, self._kept),
                SqlFurniture(connection, history, self._spans),
                SqlCopies(connection, self._topic_id, self._window) if self._window else None,
            )
            yield claims
            claims.flush()


class SqlClaims:
    """`ports.Claims` inside one transaction."""

    def __init__(
        self,
        connection: Connection,
        history: SqlHistory,
        texts: SqlTexts,
        furniture: SqlFurniture,
        copies: SqlCopies | None,
    ) -> None:
        self._connection = connection
        self._history = history
        self.texts = texts
        self.furniture = furniture
        self._copies = copies

    @property
    def copies(self) -> SqlCopies | None:
        """The window in which copies are looked for; None where they are not."""
        return self._copies

    def expect(self, articles: Sequence[Article]) -> None:
        """Look up at once what will be asked of these."""
        self._history.expect(articles)
        self.furniture.expect(articles)

    def flush(self) -> None:
        """Write what is claimed and not written yet."""
        self._history.flush()
        self.texts.flush()
        self.furniture.flush()

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
        known = self._history.known(article)
        if own := self._history.own(article):
            return _claimed(own, known, article, is_read_again=True)
        same = _same_content(known, article)
        if same is not None:
            return Claimed(version=same, is_made_here=False, first_seen=known[0].observed_at)
        return _claimed(self._history.add(article, taken_off(article)), known, article)


def _claimed(
    made: Version, known: Sequence[Version], article: Article, *, is_read_again: bool = False
) -> Claimed:
    seen = article.fetched_at
    earlier = [row for row in known if row.version != made.version and row.observed_at <= seen]
    before = max(earlier, key=lambda row: (row.observed_at, row.version), default=None)
    return Claimed(
        version=made.version,
        is_made_here=True,
        is_read_again=is_read_again,
        before=before.version if before else None,
        first_seen=min([seen, *(row.observed_at for row in known)]),
    )


def _same_content(known: Sequence[Version], article: Article) -> int | None:
    """Find the version that this content already is.

    What was seen after the newest version is compared with that one, so that a text may change back;
    what was seen no later is compared with all, because it arrived late or is read once more.
    """
    if not known:
        return None
    newest = max(known, key=lambda row: (row.observed_at, row.version))
    candidates = [newest] if article.fetched_at > newest.observed_at else known
    return next((row.version for row in candidates if row.content_hash == article.content_hash), None)
