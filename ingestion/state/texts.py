"""The versions made lately, whole, and the addresses they were read at: to say what changed, and to go back.

Both are bounded in days and in number, and the oldest are forgotten first. A version of an article takes
its record in Avro, packed.
"""

import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace
from sqlalchemy import Connection, and_, bindparam, case, delete, func, insert, or_, select, update

from ingestion.article import Article
from ingestion.codec import decode, encode
from ingestion.stages.notices import is_notice
from ingestion.stages.recheck import first_due, last_changed, soonest_due
from ingestion.state.tables import article_texts, rechecks

REVISITED = frozenset({"feed", "sitemap", "front_page", "page"})
"""Kinds of sources whose articles have pages of their own, to which one can go back."""

ADDRESSES_IN_A_STATEMENT = 500
FORGOTTEN_AT_LEAST = 100
"""A batch forgets up to twice as many versions as it adds and so many more, so that a backlog goes too."""


class Kept(NamedTuple):
    """How long versions are kept by when the log took them, and how many at most."""

    length: timedelta
    most_versions: int


MONTH = Kept(length=timedelta(days=30), most_versions=500_000)


class SqlTexts:
    """`ports.Texts` inside one transaction. What is kept is written by `flush`."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept
        self._new: dict[tuple[str, int], Article] = {}

    def version(self, article_id: str, number: int) -> Article | None:
        """Give a version, None where it is no longer at hand."""
        if made := self._new.get((article_id, number)):
            return made
        this_one = and_(article_texts.c.article_id == article_id, article_texts.c.version == number)
        return self._unpacked(select(article_texts.c.text).where(this_one))

    def read_at(self, url: str) -> Article | None:
        """The newest version of the article that was read at an address."""
        made = [article for article in self._new.values() if address_of(article) == url]
        article_id = made[-1].article_id if made else self._article_at(url)
        if article_id is None:
            return None
        numbers = [number for of, number in self._new if of == article_id]
        if numbers:
            return self._new[article_id, max(numbers)]
        of_it = select(article_texts.c.text).where(article_texts.c.article_id == article_id)
        return self._unpacked(of_it.order_by(article_texts.c.version.desc()).limit(1))

    def keep(self, article: Article) -> None:
        """Keep a version that was made just now."""
        self._new[article.article_id, article.version] = article

    def flush(self) -> None:
        """Write what is new, and forget what is too old."""
        made = list(self._new.values())
        if not made:
            return
        self._connection.execute(insert(article_texts), [_row(article) for article in made])
        self._plan({url: article for article in made if (url := address_of(article))})
        self._forget(made)

    def _article_at(self, url: str) -> str | None:
        at = select(rechecks.c.article_id).where(rechecks.c.url == url)
        return self._connection.execute(at).scalar()

    def _unpacked(self, query: Any) -> Article | None:
        text = self._connection.execute(query).scalar()
        return decode(zlib.decompress(text), Article) if text is not None else None

    def _plan(self, by_url: dict[str, Article]) -> None:
        known = self._known(list(by_url))
        new = [_planned(url, article) for url, article in by_url.items() if url not in known]
        changed = [
            {
                "at": url,
                "id": article.article_id,
                "told": last_changed(article),
                "soon": soonest_due(article),
            }
            for url, article in by_url.items()
            if url in known
        ]
        if new:
            self._connection.execute(insert(rechecks), new)
        if changed:
            again = update(rechecks).where(rechecks.c.url == bindparam("at"))
            values = {
                "article_id": bindparam("id"),
                "changed_at": bindparam("told"),
                "changes": rechecks.c.changes + 1,
                "due_at": case(
                    (rechecks.c.due_at > bindparam("soon"), bindparam("soon")), else_=rechecks.c.due_at
                ),
            }
            self._connection.execute(again.values(**values), changed)

    def _known(self, urls: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for begin in range(0, len(urls), ADDRESSES_IN_A_STATEMENT):
            some = urls[begin : begin + ADDRESSES_IN_A_STATEMENT]
            found.update(
                self._connection.execute(select(rechecks.c.url).where(rechecks.c.url.in_(some))).scalars()
            )
        return found

    def _forget(self, made: Sequence[Article]) -> None:
        first, last = self._connection.execute(
            select(func.min(article_texts.c.id), func.max(article_texts.c.id))
        ).one()
        too_old = min(article.ingested_at for article in made) - self._kept.length
        front = article_texts.c.id < first + FORGOTTEN_AT_LEAST + 2 * len(made)
        is_over = or_(
            article_texts.c.seen_at < too_old, article_texts.c.id <= last - self._kept.most_versions
        )
        gone = delete(article_texts).where(front, is_over)
        self._connection.execute(gone)
        self._connection.execute(delete(rechecks).where(rechecks.c.seen_at < too_old))


def address_of(article: Article) -> str | None:
    """The address at which an article is visited; None for what has no page of its own."""
    url = article.discovered_url
    is_page = article.source.kind in REVISITED and url and url.startswith(("http://", "https://"))
    return url if is_page else None


def _row(article: Article) -> dict[str, Any]:
    return {
        "article_id": article.article_id,
        "version": article.version,
        "seen_at": article.ingested_at,
        "text": zlib.compress(encode(_lean(article))),
    }


def _lean(article: Article) -> Article:
    """Of what was taken out of the page, only notices of correction are asked for again."""
    removed = tuple(piece for piece in article.extraction.removed if is_notice(piece.text))
    return replace(article, extraction=replace(article.extraction, removed=removed))


def _planned(url: str, article: Article) -> dict[str, Any]:
    first_seen = article.first_seen or article.fetched_at
    return {
        "url": url,
        "article_id": article.article_id,
        "source_id": article.source.id,
        "host": (urlsplit(url).hostname or "")[:255],
        "first_seen": first_seen,
        "seen_at": article.ingested_at,
        "due_at": first_due(article),
        "changed_at": last_changed(article),
        "checks": 0,
        "changes": 0,
    }
