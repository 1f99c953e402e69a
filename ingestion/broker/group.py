"""Consumer groups of the embedded broker: who is a member, and who reads which partition.

A member is alive while it holds its lock file: the kernel lets go of it at the moment a process
dies, also by `kill -9`, so its partitions pass on at once and not after a session timeout.
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion.broker.database import Database
from ingestion.errors import Rebalanced
from ingestion.ports import Positions, TopicPartition

SESSION_SECONDS = 600
"""A member that holds its lock and yet does not poll for so long is put out of the group."""


class Group:
    """One member's view of its group."""

    def __init__(self, database: Database, group_id: str, topics: Sequence[str]) -> None:
        self.id = group_id
        self.topics = tuple(topics)
        self.generation = -1
        self._database = database
        self._member_id = uuid.uuid4().hex
        self._lock = FileLock(self._lock_path(self._member_id))
        self._lock.acquire()

    def _lock_path(self, member_id: str) -> Path:
        folder = self._database.path.with_suffix(".members")
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{member_id}.lock"

    def assignment(self) -> list[TopicPartition] | None:
        """Send a heartbeat; return the partitions of this member if they were dealt anew, else None."""
        with self._database.writing() as connection:
            self._heartbeat(connection)
            self._put_out_the_dead(connection)
            generation = _generation(connection, self.id)
            if generation == self.generation:
                return None
            self.generation = generation
            return self._share(connection)

    def commit(self, connection: sqlite3.Connection, positions: Positions) -> None:
        """Move the group on inside a transaction. Raises `Rebalanced` if the deal has changed since."""
        if _generation(connection, self.id) != self.generation:
            raise Rebalanced(f"the group {self.id!r} was dealt anew; this batch is someone else's")
        connection.executemany(
            "INSERT INTO group_offsets VALUES (?, ?, ?, ?) "
            "ON CONFLICT (group_id, topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
            [(self.id, at.topic, at.partition, offset) for at, offset in positions.items()],
        )

    def leave(self) -> None:
        """Give the partitions back."""
        with self._database.writing() as connection:
            self._remove(connection, self._member_id)
        self._lock.release()
        self._lock_path(self._member_id).unlink(missing_ok=True)

    def _heartbeat(self, connection: sqlite3.Connection) -> None:
        known = connection.execute(
            "UPDATE members SET heartbeat_seconds = ? WHERE group_id = ? AND member_id = ?",
            (time.time(), self.id, self._member_id),
        ).rowcount
        if not known:
            connection.execute(
                "INSERT INTO members VALUES (?, ?, ?, ?)",
                (self.id, self._member_id, json.dumps(self.topics), time.time()),
            )
            _deal_anew(connection, self.id)

    def _put_out_the_dead(self, connection: sqlite3.Connection) -> None:
        others = connection.execute(
            "SELECT member_id, heartbeat_seconds FROM members WHERE group_id = ? AND member_id <> ?",
            (self.id, self._member_id),
        ).fetchall()
        for member_id, heartbeat_seconds in others:
            silent = time.time() - heartbeat_seconds > SESSION_SECONDS
            if silent or self._is_dead(member_id):
                self._remove(connection, member_id)

    def _is_dead(self, member_id: str) -> bool:
        path = self._lock_path(member_id)
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
                return True
        except Timeout:
            return False

    def _remove(self, connection: sqlite3.Connection, member_id: str) -> None:
        connection.execute("DELETE FROM members WHERE group_id = ? AND member_id = ?", (self.id, member_id))
        _deal_anew(connection, self.id)

    def _share(self, connection: sqlite3.Connection) -> list[TopicPartition]:
        members = connection.execute(
            "SELECT member_id, topics FROM members WHERE group_id = ? ORDER BY member_id", (self.id,)
        ).fetchall()
        mine: list[TopicPartition] = []
        for topic in self.topics:
            readers = [member_id for member_id, topics in members if topic in json.loads(topics)]
            partitions = connection.execute(
                "SELECT partition FROM ends WHERE topic = ? ORDER BY partition", (topic,)
            ).fetchall()
            mine += [
                TopicPartition(topic, partition)
                for (partition,) in partitions
                if readers[partition % len(readers)] == self._member_id
            ]
        return mine


def _generation(connection: sqlite3.Connection, group_id: str) -> int:
    row = connection.execute(
        "SELECT generation FROM group_generations WHERE group_id = ?", (group_id,)
    ).fetchone()
    return int(row[0]) if row else 0


def _deal_anew(connection: sqlite3.Connection, group_id: str) -> None:
    connection.execute(
        "INSERT INTO group_generations VALUES (?, 1) "
        "ON CONFLICT (group_id) DO UPDATE SET generation = generation + 1",
        (group_id,),
    )
