"""The window of copies in SQL: one row for each article, and one for each key that leads to it.

All of it happens inside the transaction of the claims, and one writer at a time, because two copies that
are placed at the same moment would not see each other. A batch takes a handful of queries, whatever its
size. Rows are numbered in the order of arrival, and forgotten in it.
"""

import struct
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, Delete, Insert, Row, and_, bindparam, delete, func, insert, select, text

from ingestion.article import Article
from ingestion.ports import Placed, TopicId
from ingestion.stages.group import candidates
from ingestion.state.tables import copies, copy_keys

T = TypeVar("T")

MOST_ROWS_OF_A_KEY = 64
"""A key that so many articles have takes no more: it is boilerplate, or a story that all of them tell."""

VALUES_IN_A_QUERY = 8_000
FORGOTTEN_AT_LEAST = 100
"""A batch forgets up to twice as many articles as it adds and so many more, so that a backlog goes too."""

LOCK = int.from_bytes(sha256(b"news copies").digest()[:8], "big", signed=True)
"""Names the lock that PostgreSQL holds to the end of a transaction; SQLite has one writer anyway."""


class Window(NamedTuple):
    """How long articles are remembered, by when the log took them, and how many at most."""

    length: timedelta
    most_articles: int


FORTNIGHT = Window(length=timedelta(days=14), most_articles=2_000_000)


def window_of(*, days: float, most_articles: int) -> Window | None:
    """A window of so many days; None for none."""
    return Window(timedelta(days=days), most_articles) if days else None


class SqlCopies:
    """`ports.CopyWindow` inside one transaction."""

    def __init__(self, connection: Connection, topic_id: TopicId, window: Window) -> None:
        self._connection = connection
        self._topic_id = topic_id
        self._window = window
        self._is_locked = False
        self._rows_of_key: Counter[int] = Counter()

    def recall(self, articles: Sequence[Article]) -> Sequence[Placed | None]:
        """How each of these very records was placed when it was read before."""
        self._lock()
        offsets: defaultdict[int, list[int]] = defaultdict(list)
        for article in articles:
            offsets[self._log(article)].append(article.lineage.offset)
        found: dict[tuple[int, int], Placed] = {}
        for log, there in offsets.items():
            row_is_of_batch = and_(
                copies.c.log == log, copies.c.offset >= min(there), copies.c.offset <= max(there)
            )
            for row in self._connection.execute(select(copies).where(row_is_of_batch)):
                found[log, row.offset] = _placed(row)
        return [found.get((self._log(article), article.lineage.offset)) for article in articles]

    def earlier(self, articles: Sequence[Article]) -> Sequence[Placed | None]:
        """How the newest earlier record of each article was placed."""
        ids = sorted({article.article_id for article in articles if article.version > 1})
        rows: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for part in _parts(ids):
            asked = select(copies).where(copies.c.article_id.in_(part)).order_by(copies.c.id.desc())
            for row in self._connection.execute(asked):
                rows[row.article_id].append(row)
        return [self._first_before(article, rows[article.article_id]) for article in articles]

    def alike(self, articles: Sequence[Article], keys: Sequence[Sequence[int]]) -> Sequence[Sequence[Placed]]:
        """The articles that share keys with each of these, the most first; a bounded number of them."""
        by_key = self._by_key({key for row in keys for key in row})
        self._rows_of_key.update({key: len(numbers) for key, numbers in by_key.items()})
        chosen = [candidates(by_key.get(key, ()) for key in row) for row in keys]
        rows = self._rows({number for numbers in chosen for number in numbers})
        return [
            [_placed(rows[number]) for number in numbers if self._is_known_to(article, rows[number])]
            for article, numbers in zip(articles, chosen, strict=True)
        ]

    def keep(self, placed: Sequence[tuple[Article, Sequence[int], Placed]]) -> None:
        """Remember where articles were placed, findable by the keys given; forget what is too old."""
        if not placed:
            return
        number = (self._connection.scalar(select(func.max(copies.c.id))) or 0) + 1
        rows = [
            self._row(number, article, list(self._open(keys)), kept)
            for number, (article, keys, kept) in enumerate(placed, start=number)
        ]
        self._connection.execute(insert(copies), rows)
        self._for_each_link(insert(copy_keys), rows)
        self._forget(rows)

    def _lock(self) -> None:
        if not self._is_locked and self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        self._is_locked = True

    def _log(self, article: Article) -> int:
        lineage = article.lineage
        return log_number(f"{lineage.topic}@{self._topic_id(lineage.topic)}", lineage.partition)

    def _is_known_to(self, article: Article, row: Row[Any]) -> bool:
        """Whether a row is in the window, and not of a later record that a crashed attempt had placed."""
        later = row.log == self._log(article) and row.offset > article.lineage.offset
        recent: bool = row.seen_at >= article.ingested_at - self._window.length
        return recent and not later

    def _first_before(self, article: Article, rows: Sequence[Row[Any]]) -> Placed | None:
        return next((_placed(row) for row in rows if self._is_known_to(article, row)), None)

    def _by_key(self, keys: Collection[int]) -> dict[int, list[int]]:
        numbers: defaultdict[int, list[int]] = defaultdict(list)
        for part in _parts(sorted(keys)):
            for key, number in self._connection.execute(select(copy_keys).where(copy_keys.c.key.in_(part))):
                numbers[key].append(number)
        return numbers

    def _rows(self, numbers: Collection[int]) -> dict[int, Row[Any]]:
        return {
            row.id: row
            for part in _parts(sorted(numbers))
            for row in self._connection.execute(select(copies).where(copies.c.id.in_(part)))
        }

    def _open(self, keys: Sequence[int]) -> Iterator[int]:
        for key in keys:
            if self._rows_of_key[key] < MOST_ROWS_OF_A_KEY:
                self._rows_of_key[key] += 1
                yield key

    def _row(self, number: int, article: Article, keys: Sequence[int], placed: Placed) -> dict[str, Any]:
        return {
            "id": number,
            "log": self._log(article),
            "offset": article.lineage.offset,
            "article_id": article.article_id,
            "seen_at": article.ingested_at,
            "links": _packed(keys),
            "placed": msgspec.msgpack.encode(placed),
        }

    def _forget(self, added: Sequence[dict[str, Any]]) -> None:
        """Take away what is too old at the older end of the table, a bounded number of rows."""
        oldest: int = self._connection.scalars(select(func.min(copies.c.id))).one()
        too_old = min(row["seen_at"] for row in added) - self._window.length
        too_many = added[-1]["id"] - self._window.most_articles
        end = oldest + FORGOTTEN_AT_LEAST + 2 * len(added)
        front = self._connection.execute(
            select(copies.c.id, copies.c.seen_at, copies.c.links).where(copies.c.id < end)
        )
        forgotten = [row for row in front if row.seen_at < too_old or row.id <= too_many]
        if not forgotten:
            return
        this_one = and_(copy_keys.c.key == bindparam("key"), copy_keys.c.copy_id == bindparam("copy_id"))
        self._for_each_link(delete(copy_keys).where(this_one), [row._asdict() for row in forgotten])
        self._connection.execute(
            delete(copies).where(copies.c.id == bindparam("n")), [{"n": row.id} for row in forgotten]
        )

    def _for_each_link(self, statement: Insert | Delete, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement for each key of these rows, in the order in which they lie on the disk.

        By the driver itself, which halves what it takes: there are sixteen for each article.
        """
        pairs = sorted((key, row["id"]) for row in rows for key in _unpacked(row["links"]))
        compiled = statement.compile(dialect=self._connection.dialect)
        if compiled.positiontup:
            assert compiled.positiontup == ["key", "copy_id"]
            values: Sequence[Any] = pairs
        else:
            values = [{"key": key, "copy_id": number} for key, number in pairs]
        if values:
            self._connection.exec_driver_sql(str(compiled), values)


@cache
def log_number(topic: str, partition: int) -> int:
    """Name a log in eight bytes: millions of rows do."""
    return int.from_bytes(sha256(f"{topic}/{partition}".encode()).digest()[:8], "big", signed=True)


def _placed(row: Row[Any]) -> Placed:
    return msgspec.msgpack.decode(row.placed, type=Placed)


def _packed(keys: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(keys)}i", *keys)


def _unpacked(keys: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(keys) // 4}i", keys)


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), VALUES_IN_A_QUERY):
        yield values[start : start + VALUES_IN_A_QUERY]
