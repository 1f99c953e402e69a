"""A member of a consumer group on Kafka."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka import TopicPartition as KafkaPartition
from kafka import errors as kafka
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.structs import ConsumerGroupMetadata, MemberState, OffsetAndMetadata

from ingestion.broker.kafka.faults import faults
from ingestion.broker.kafka.options import Cluster
from ingestion.broker.kafka.patience import Patience
from ingestion.errors import ConfigurationError, NewsError, Rebalanced, Unavailable
from ingestion.ports import Positions, Record, TopicPartition

FETCH_MS = 100
FETCH_BYTES = 32 * 1024 * 1024
PARTITION_FETCH_BYTES = 4 * 1024 * 1024
AHEAD_RECORDS = 2000
"""So many records are read ahead at most to count them."""

CLOSE_MS = 5000
HEARTBEAT_MS = 500
"""So quickly does a member learn that partitions are dealt anew."""
SHARE_SECONDS = 5.0
OUT_OF_RANGE = (kafka.OffsetOutOfRangeError, kafka.NoOffsetForPartitionError)

StartAt = Callable[[TopicPartition], int | None]
Leave = Callable[[str, str, str], None]
log = structlog.get_logger(__name__)


class Deal(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Notes that partitions were dealt. It runs on the network thread, so it asks nobody anything."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self.is_new = False
        self.given_away: set[KafkaPartition] = set()

    def on_partitions_assigned(self, assigned: Iterable[KafkaPartition]) -> None:
        """Hold the new ones back until it is known where to begin."""
        for partition in assigned:
            self._consumer.seek(partition, 0)
            self._consumer.pause(partition)
        self.is_new = True

    def on_partitions_revoked(self, revoked: Iterable[KafkaPartition]) -> None:
        """What was read of them and not committed is someone else's."""
        self.given_away.update(revoked)
        self.is_new = self.is_new or bool(revoked)

    def on_partitions_lost(self, lost: Iterable[KafkaPartition]) -> None:
        """The group went on without this member."""
        self.on_partitions_revoked(lost)


class KafkaGroupConsumer:
    """`ports.Consumer`: one static member (KIP-345) of a group, rebalanced cooperatively (KIP-429).

    A member that is killed and started again in its slot takes its partitions back at once. After
    every deal all partitions are read from where they stand committed (or from `start_at`), so that a
    batch that was given away is read again by whoever has it now.
    """

    def __init__(
        self,
        cluster: Cluster,
        group: str,
        topics: Sequence[str],
        start_at: StartAt | None = None,
        *,
        instance: str,
        on_leave: Leave,
    ) -> None:
        self._cluster = cluster
        self._options = cluster.options
        self._start_at = start_at or (lambda _: None)
        self._instance = instance
        self._on_leave = on_leave
        self._ahead: deque[Record] = deque()
        self._group = group
        self._topics = [self._options.prefix + topic for topic in topics]
        self._open()

    def _open(self) -> None:
        with faults(f"joining the group {self._group}"):
            self._kafka = KafkaConsumer(**_arguments(self._cluster, self._group, self._instance))
            self._deal = Deal(self._kafka)
            self._kafka.subscribe(self._topics, listener=self._deal)
            for name in self._topics:  # a leader that has not heard of a topic's partitions deals nothing out
                self._kafka.partitions_for_topic(name)
        self._refused = False
        self._just_dealt = True

    def poll(self, *, max_records: int, max_bytes: int, timeout_seconds: float) -> Sequence[Record]:
        """Return the next records, none if none came in time.

        Whether there is nothing is asked of the broker, not guessed from a fetch that came back empty:
        a member that has not joined yet waits until it has. Raises `Unavailable`, `Fenced`.
        """
        deadline = time.monotonic() + timeout_seconds
        self._join(max_records)
        self._await_share(max_records)
        patience = Patience(f"reading for {self._group}", self._options.stall_seconds)
        while max_records and not self._ahead:
            self._fetch(max_records)
            if self._ahead or self._remaining():
                patience.strain()
            elif time.monotonic() >= deadline:
                break
        if not self._just_dealt:  # others may be joining, and wait for this member's next poll
            self._fill(max_records, max_bytes)
        self._just_dealt = False
        self._deal.given_away.clear()
        return self._taken(max_records, max_bytes)

    def _await_share(self, max_records: int) -> None:
        """Dealing is in two rounds: a new member gets nothing before the others have given up theirs."""
        until = time.monotonic() + SHARE_SECONDS
        while not self._kafka.assignment() and time.monotonic() < until:
            self._fetch(max_records)

    def _fill(self, max_records: int, max_bytes: int) -> None:
        """Go on while the batch has room and each fetch brings something: large batches cost less."""
        held, held_bytes = 0, 0
        while held < len(self._ahead) < max_records:
            held_bytes += sum(len(record.value) for record in islice(self._ahead, held, None))
            if held_bytes >= max_bytes or not self._is_more():
                break
            held = len(self._ahead)
            self._fetch(max_records)

    def _is_more(self) -> bool:
        """Whether the last answers spoke of records beyond those that were taken."""
        return any(
            (self._kafka.highwater(partition) or 0) > (self._kafka.position(partition) or 0)
            for partition in self._kafka.assignment()
        )

    def behind(self) -> int:
        """Count the records between the positions and the ends; exact up to `AHEAD_RECORDS`.

        Above that, the marks that transactions leave in the log are counted as records.
        """
        self._join(AHEAD_RECORDS)
        while len(self._ahead) < AHEAD_RECORDS and self._remaining():
            if sum(len(record.value) for record in self._ahead) >= FETCH_BYTES:
                break
            self._fetch(AHEAD_RECORDS)
        return len(self._ahead) + self._remaining()

    @property
    def group(self) -> str:
        """The group's name on the cluster."""
        return self._options.prefix + self._group

    def committed(self, partition: TopicPartition) -> int:
        """Where the group stands in this log."""
        with faults(f"asking where {self._group} stands"):
            found = self._kafka.committed(
                _kafka_partition(self._options.prefix, partition), timeout_ms=self._stall_ms
            )
        return found or 0

    def commit(self, positions: Positions) -> None:
        """Move the group on without a transaction. Raises `Rebalanced`."""
        with self.rejoining_where_given_away(), faults(f"committing for {self._group}"):
            self.member(positions)
            self._kafka.commit(self.offsets(positions), timeout_ms=self._stall_ms)

    def member(self, positions: Positions) -> ConsumerGroupMetadata:
        """Say who reads, for the broker to refuse a batch that is no longer this member's.

        A deal that left this member its partitions is no reason to refuse: nobody else has them until
        it has given them up. A member that was put out forgets its generation, and the broker would take
        that for a consumer without a group: so that is refused here.
        """
        found = self._kafka.group_metadata()
        given_away = self._deal.given_away.intersection(self.offsets(positions))
        if given_away or found.generation_id < 0 or not found.member_id:
            raise Rebalanced(f"the group {self._group} was dealt anew; this batch is someone else's")
        return found

    def offsets(self, positions: Positions) -> dict[KafkaPartition, OffsetAndMetadata]:
        """Write positions as kafka-python has them."""
        return {
            _kafka_partition(self._options.prefix, at): OffsetAndMetadata(offset, "", -1)
            for at, offset in positions.items()
        }

    @contextmanager
    def rejoining_where_given_away(self) -> Iterator[None]:
        """Join anew where a batch was refused, and so read from the committed offsets again.

        A member that was put out while the broker did not answer is not told so by kafka-python: it
        would read the same batch, and have it refused, for ever.
        """
        try:
            yield
        except Rebalanced:
            self._refused = True
            raise

    def close(self) -> None:
        """Leave the group; where the cluster cannot be told, it finds out when the session is over."""
        member_id = self._kafka.group_metadata().member_id
        try:
            with faults(f"leaving the group {self._group}"):
                self._kafka.close(timeout_ms=CLOSE_MS)
            self._on_leave(self._group, member_id, self._instance)
        except NewsError as fault:
            log.warning("kafka_group_not_left", group=self._group, reason=str(fault))

    @property
    def _stall_ms(self) -> int:
        return int(self._options.stall_seconds * 1000)

    def _join(self, max_records: int) -> None:
        """Take part in the group until this member knows its partitions, and where each begins."""
        if self._refused:
            self._kafka.close(timeout_ms=CLOSE_MS)
            self._open()
        patience = Patience(f"joining the group {self._group}", self._options.stall_seconds)
        while not self._is_settled(max_records):
            self._poll_kafka(FETCH_MS, max_records)
            patience.strain()
        if self._deal.is_new:
            self._deal.is_new = False
            self._just_dealt = True
            self._ahead.clear()
            self._begin(sorted(self._kafka.assignment()))

    def _is_settled(self, max_records: int) -> bool:
        """Whether this member has joined, and nobody has asked it to join again."""
        self._poll_kafka(0, max_records)
        return bool(self._kafka.group_metadata().state == MemberState.STABLE)

    def _begin(self, partitions: Sequence[KafkaPartition]) -> None:
        with faults(f"finding where to begin for {self._group}"):
            oldest = self._kafka.beginning_offsets(partitions)
            ends = self._kafka.end_offsets(partitions)
            for partition in partitions:
                self._kafka.seek(partition, self._start_of(partition, oldest[partition], ends[partition]))
                self._kafka.resume(partition)

    def _start_of(self, partition: KafkaPartition, oldest: int, end: int) -> int:
        at = TopicPartition(partition.topic.removeprefix(self._options.prefix), partition.partition)
        wanted = self._start_at(at)
        start = self.committed(at) if wanted is None else wanted
        if start > end:
            raise ConfigurationError(
                f"{self._group} stands at {start} in {partition.topic}-{partition.partition}, which ends at "
                f'{end}: the topic was made anew; see "topics made anew" in docs/kafka.md'
            )
        if 0 < start < oldest:
            log.error(
                "kafka_records_expired_unread",
                group=self._group,
                topic=partition.topic,
                partition=partition.partition,
                offsets=oldest - start,
            )
        return max(start, oldest)

    def _fetch(self, max_records: int) -> None:
        self._poll_kafka(FETCH_MS, max_records)
        if self._deal.is_new:
            self._join(max_records)

    def _poll_kafka(self, timeout_ms: int, max_records: int) -> None:
        room = max(1, max_records - len(self._ahead))  # the library takes part in the group only as it reads
        try:
            with faults(f"reading for {self._group}"):
                fetched = self._kafka.poll(timeout_ms=timeout_ms, max_records=room)
        except Unavailable as fault:
            if not isinstance(fault.__cause__, OUT_OF_RANGE):
                raise
            self._deal.is_new = True
            return
        for partition, records in fetched.items():
            at = TopicPartition(partition.topic.removeprefix(self._options.prefix), partition.partition)
            self._ahead.extend(record_of(at, record) for record in records)

    def _remaining(self) -> int:
        """Count what lies between where kafka-python reads and the last stable offsets."""
        assigned = list(self._kafka.assignment())
        if not assigned:
            return 0
        with faults(f"asking for the ends of what {self._group} reads"):
            ends = self._kafka.end_offsets(assigned)
            return sum(max(0, ends[p] - (self._kafka.position(p) or 0)) for p in assigned)

    def _taken(self, max_records: int, max_bytes: int) -> list[Record]:
        batch: list[Record] = []
        room_bytes = max_bytes
        while self._ahead and len(batch) < max_records:
            room_bytes -= len(self._ahead[0].value)
            if batch and room_bytes < 0:
                break
            batch.append(self._ahead.popleft())
        return batch


def record_of(at: TopicPartition, record: Any) -> Record:
    """Build a record from kafka-python's."""
    return Record(
        topic=at.topic,
        partition=at.partition,
        offset=record.offset,
        key=record.key or b"",
        value=record.value or b"",
        headers={name: value.decode(errors="replace") for name, value in record.headers},
        timestamp=datetime.fromtimestamp(record.timestamp / 1000, tz=UTC),
    )


def reading(cluster: Cluster, role: str) -> dict[str, Any]:
    """Give the arguments of every consumer: committed records only, and nothing reset in silence."""
    return cluster.client(role) | {
        "metrics_enabled": False,
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "allow_auto_create_topics": False,
        "fetch_max_bytes": FETCH_BYTES,
        "max_partition_fetch_bytes": PARTITION_FETCH_BYTES,
        "fetch_max_wait_ms": FETCH_MS,
    }


def _arguments(cluster: Cluster, group: str, instance: str) -> dict[str, Any]:
    options = cluster.options
    return reading(cluster, group) | {
        "group_id": options.prefix + group,
        "group_instance_id": instance,
        "partition_assignment_strategy": [CooperativeStickyAssignor],
        "session_timeout_ms": int(options.session_seconds * 1000),
        "heartbeat_interval_ms": min(HEARTBEAT_MS, int(options.session_seconds * 300)),
        "max_poll_interval_ms": int(options.poll_interval_seconds * 1000),
    }


def _kafka_partition(prefix: str, at: TopicPartition) -> KafkaPartition:
    return KafkaPartition(prefix + at.topic, at.partition)
