"""A consumer of the embedded broker."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from ingestion.broker.database import Database
from ingestion.broker.group import Group
from ingestion.ports import Positions, Record, TopicPartition

IDLE_SECONDS = 0.05
UNREAD = "SELECT count(*) FROM records WHERE topic = ? AND partition = ? AND offset >= ?"
"""Records past their retention are gone, and nobody is behind for them."""

StartAt = Callable[[TopicPartition], int | None]


class EmbeddedConsumer:
    """`ports.Consumer`: reads its share of the partitions, a bounded batch at a time."""

    def __init__(self, database: Database, group: Group, start_at: StartAt | None) -> None:
        self.group = group
        self._database = database
        self._start_at = start_at or (lambda _: None)
        self._positions: dict[TopicPartition, int] = {}
        self._turn = 0

    def poll(self, *, max_records: int, max_bytes: int, timeout_seconds: float) -> Sequence[Record]:
        """Return the next records, none if none came in time."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._follow_the_deal()
            batch = self._next_batch(max_records, max_bytes)
            if batch or time.monotonic() >= deadline:
                return batch
            time.sleep(IDLE_SECONDS)

    def behind(self) -> int:
        """Count the records between the positions and the ends of the assigned partitions."""
        self._follow_the_deal()
        with self._database.reading() as connection:
            return sum(
                int(connection.execute(UNREAD, (at.topic, at.partition, position)).fetchone()[0])
                for at, position in self._positions.items()
            )

    def committed(self, partition: TopicPartition) -> int:
        """Where the group stands in this log."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT next_offset FROM group_offsets WHERE group_id = ? AND topic = ? AND partition = ?",
                (self.group.id, partition.topic, partition.partition),
            ).fetchone()
        return int(row[0]) if row else 0

    def commit(self, positions: Positions) -> None:
        """Move the group on without a transaction."""
        with self._database.writing() as connection:
            self.group.commit(connection, positions)

    def close(self) -> None:
        """Leave the group."""
        self.group.leave()

    def _follow_the_deal(self) -> None:
        dealt = self.group.assignment()
        if dealt is not None:
            self._positions = {at: self._start_of(at) for at in dealt}

    def _start_of(self, at: TopicPartition) -> int:
        wanted = self._start_at(at)
        return self.committed(at) if wanted is None else wanted

    def _next_batch(self, max_records: int, max_bytes: int) -> list[Record]:
        batch: list[Record] = []
        room_bytes = max_bytes
        for at in self._in_turn():
            for record in self._read(at, max_records - len(batch)):
                room_bytes -= len(record.value)
                if batch and room_bytes < 0:
                    return batch
                batch.append(record)
                self._positions[at] = record.offset + 1
        return batch

    def _in_turn(self) -> list[TopicPartition]:
        """Begin with another partition each time, so that none waits behind a busy one."""
        self._turn += 1
        partitions = sorted(self._positions)
        first = self._turn % max(1, len(partitions))
        return partitions[first:] + partitions[:first]

    def _read(self, at: TopicPartition, limit: int) -> Iterator[Record]:
        if limit <= 0:
            return
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT offset, timestamp_micros, key, headers, value FROM records "
                "WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?",
                (at.topic, at.partition, self._positions[at], limit),
            )
            for row in rows:
                yield record_of(at, row)


def record_of(at: TopicPartition, row: tuple[int, int, bytes, str, bytes]) -> Record:
    """Build a record from its row."""
    offset, timestamp_micros, key, headers, value = row
    return Record(
        topic=at.topic,
        partition=at.partition,
        offset=offset,
        key=key,
        value=value,
        headers=json.loads(headers),
        timestamp=datetime.fromtimestamp(timestamp_micros / 1_000_000, tz=UTC),
    )
