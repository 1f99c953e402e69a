"""The embedded broker: topics, partitions, offsets, groups and transactions in one SQLite file.

A Kafka transaction is a SQLite transaction here: records and group offsets become visible together,
or not at all. Safe for several processes on one machine.
"""

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from ingestion.broker.consumer import EmbeddedConsumer, record_of
from ingestion.broker.database import Database
from ingestion.broker.group import Group
from ingestion.errors import ConfigurationError, Fenced
from ingestion.ports import Consumer, Message, Positions, Record, Topic, TopicPartition


class EmbeddedBroker:
    """`ports.Broker` over a file."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)

    def create_topics(self, topics: Sequence[Topic]) -> None:
        """Make those that are missing, and let go of records that are past their retention."""
        with self._database.writing() as connection:
            for topic in topics:
                connection.execute(
                    "INSERT OR IGNORE INTO topics VALUES (?, ?, ?)",
                    (topic.name, topic.partitions, topic.retention_seconds),
                )
                connection.execute("INSERT OR IGNORE INTO topic_ids VALUES (?, ?)", (topic.name, uuid4().hex))
                connection.executemany(
                    "INSERT OR IGNORE INTO ends VALUES (?, ?, 0)",
                    [(topic.name, partition) for partition in range(topic.partitions)],
                )
                _expire(connection, topic)

    def topic_id(self, topic: str) -> str:
        """Name this very log."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT id FROM topic_ids WHERE name = ?", (topic,)).fetchone()
        if row is None:
            raise _missing(topic)
        return str(row[0])

    def producer(self, transactional_id: str) -> "EmbeddedProducer":
        """Open a producer and fence any older one with this id."""
        return EmbeddedProducer(self._database, transactional_id)

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        start_at: Callable[[TopicPartition], int | None] | None = None,
    ) -> EmbeddedConsumer:
        """Join a group."""
        return EmbeddedConsumer(self._database, Group(self._database, group, topics), start_at)

    def read(self, topic: str) -> Iterator[Record]:
        """Read all of a topic's committed records, a page at a time, outside of any group."""
        for partition in range(_partitions(self._database, topic)):
            yield from self._read_partition(topic, partition)

    def _read_partition(self, topic: str, partition: int) -> Iterator[Record]:
        position = 0
        while True:
            with self._database.reading() as connection:
                page = connection.execute(
                    "SELECT offset, timestamp_micros, key, headers, value FROM records "
                    "WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT 100",
                    (topic, partition, position),
                ).fetchall()
            if not page:
                return
            records = [record_of(TopicPartition(topic, partition), row) for row in page]
            yield from records
            position = records[-1].offset + 1

    def lag(self, group: str, topic: str) -> int:
        """Count the records the group has not committed yet."""
        with self._database.reading() as connection:
            (lag,) = connection.execute(
                "SELECT count(*) FROM records r LEFT JOIN group_offsets g ON g.group_id = ? "
                "AND g.topic = r.topic AND g.partition = r.partition "
                "WHERE r.topic = ? AND r.offset >= coalesce(g.next_offset, 0)",
                (group, topic),
            ).fetchone()
        return int(lag)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class EmbeddedProducer:
    """`ports.Producer`: its epoch is how an older namesake finds out that it was replaced."""

    def __init__(self, database: Database, transactional_id: str) -> None:
        self._database = database
        self._id = transactional_id
        with database.writing() as connection:
            (self._epoch,) = connection.execute(
                "INSERT INTO producers VALUES (?, 0) "
                "ON CONFLICT (transactional_id) DO UPDATE SET epoch = epoch + 1 RETURNING epoch",
                (transactional_id,),
            ).fetchone()

    @contextmanager
    def transaction(self) -> Iterator["EmbeddedTransaction"]:
        """Gather, then write all of it in one SQLite transaction: the write lock is held briefly."""
        transaction = EmbeddedTransaction()
        yield transaction
        with self._database.writing() as connection:
            self._refuse_if_fenced(connection)
            transaction.write(connection)

    def _refuse_if_fenced(self, connection: sqlite3.Connection) -> None:
        (epoch,) = connection.execute(
            "SELECT epoch FROM producers WHERE transactional_id = ?", (self._id,)
        ).fetchone()
        if epoch != self._epoch:
            raise Fenced(f"a newer producer has taken over the transactional id {self._id!r}")

    def close(self) -> None:
        """Nothing is held between transactions."""


class EmbeddedTransaction:
    """`ports.Transaction`."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._advances: list[tuple[EmbeddedConsumer, Positions]] = []

    def send(self, message: Message) -> None:
        """Add a record."""
        self._messages.append(message)

    def advance(self, consumer: Consumer, positions: Positions) -> None:
        """Commit the consumer's group positions with the records."""
        assert isinstance(consumer, EmbeddedConsumer), "a transaction spans one broker"
        self._advances.append((consumer, positions))

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the gathered records and positions."""
        for consumer, positions in self._advances:
            consumer.group.commit(connection, positions)
        now_micros = time.time_ns() // 1000
        partitions = dict(connection.execute("SELECT name, partitions FROM topics").fetchall())
        for message in self._messages:
            _append(connection, message, partitions, now_micros)


def _append(
    connection: sqlite3.Connection, message: Message, partitions: dict[str, int], now_micros: int
) -> None:
    if message.topic not in partitions:
        raise _missing(message.topic)
    partition = zlib.crc32(message.key) % partitions[message.topic]
    (end,) = connection.execute(
        "UPDATE ends SET next_offset = next_offset + 1 WHERE topic = ? AND partition = ? "
        "RETURNING next_offset",
        (message.topic, partition),
    ).fetchone()
    headers = json.dumps(message.headers, ensure_ascii=False)
    connection.execute(
        "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
        (message.topic, partition, end - 1, now_micros, message.key, headers, message.value),
    )


def _expire(connection: sqlite3.Connection, topic: Topic) -> None:
    if topic.retention_seconds is None:
        return
    oldest_micros = time.time_ns() // 1000 - topic.retention_seconds * 1_000_000
    connection.execute(
        "DELETE FROM records WHERE topic = ? AND timestamp_micros < ?", (topic.name, oldest_micros)
    )


def _partitions(database: Database, topic: str) -> int:
    with database.reading() as connection:
        row = connection.execute("SELECT partitions FROM topics WHERE name = ?", (topic,)).fetchone()
    if row is None:
        raise _missing(topic)
    return int(row[0])


def _missing(topic: str) -> ConfigurationError:
    return ConfigurationError(f"there is no topic {topic!r}; `news doctor` makes the missing ones")
