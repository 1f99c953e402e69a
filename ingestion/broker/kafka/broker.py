"""The log on a Kafka cluster."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import stamina
from kafka import KafkaAdminClient, KafkaConsumer
from kafka import TopicPartition as KafkaPartition
from kafka import errors as kafka
from kafka.admin import MemberToRemove
from kafka.record import util

from ingestion.broker.kafka.consumer import KafkaGroupConsumer, reading, record_of
from ingestion.broker.kafka.faults import faults, first_contact, translated
from ingestion.broker.kafka.marks import Marks
from ingestion.broker.kafka.options import Cluster
from ingestion.broker.kafka.patience import Patience
from ingestion.broker.kafka.producer import KafkaTransactions
from ingestion.errors import ConfigurationError
from ingestion.ports import Record, Topic, TopicPartition

COORDINATOR_UNKNOWN = (
    kafka.CoordinatorLoadInProgressError,
    kafka.CoordinatorNotAvailableError,
    kafka.NotCoordinatorError,
)
EXACT_RECORDS = 2000
"""Transactions leave marks in the log: lags up to this many offsets are counted record by record, larger
ones are told in offsets."""
FETCH_MS = 100


class KafkaBroker:
    """`ports.Broker`. Names on the cluster are ours behind `Options.prefix`."""

    def __init__(self, cluster: Cluster) -> None:
        _refuse_slow_checksums()
        logging.getLogger("kafka").setLevel(logging.ERROR)
        self._cluster = cluster
        self._prefix = cluster.options.prefix
        self._members: Counter[str] = Counter()
        self._known: frozenset[str] = frozenset()
        stall_seconds = cluster.options.stall_seconds
        self._marks = Marks(lambda: self._admin, prefix=self._prefix, stall_seconds=stall_seconds)

    def create_topics(self, topics: Sequence[Topic]) -> None:
        """Make those that are missing; leave the others as they are."""
        missing = {self._prefix + topic.name: self._made(topic) for topic in topics}
        self._marks.topics.update(missing)
        for name in self._names():
            missing.pop(name, None)
        try:
            if missing:
                self._admin.create_topics(missing, wait_for_metadata=True)
        except kafka.TopicAlreadyExistsError:
            for name, made in missing.items():
                self._create_unless_there(name, made)
        except kafka.KafkaError as error:
            raise translated(error, f"making the topics {', '.join(missing)}") from error

    def topic_id(self, topic: str) -> str:
        """Name this very log by the id that the cluster gave the topic (KIP-516)."""
        self._refuse_missing(topic)
        with faults(f"asking for the id of {topic}"):
            (told,) = self._admin.describe_topics([self._prefix + topic])
        return str(told["topic_id"])

    def producer(self, transactional_id: str) -> KafkaTransactions:
        """Open a producer and fence any older one with this id."""
        return KafkaTransactions(self._cluster, transactional_id, self._refuse_missing, self._marks)

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        start_at: Callable[[TopicPartition], int | None] | None = None,
    ) -> KafkaGroupConsumer:
        """Join a group in this worker's slot: an older member in the same slot is fenced."""
        for topic in topics:
            self._refuse_missing(topic)
        number = self._members[group]
        self._members[group] += 1
        instance = f"{self._cluster.options.slot}.{number}" if number else self._cluster.options.slot
        return KafkaGroupConsumer(
            self._cluster, group, topics, start_at, instance=instance, on_leave=self._leave
        )

    def read(self, topic: str) -> Iterator[Record]:
        """Read all of a topic's committed records, outside of any group."""
        self._refuse_missing(topic)
        partitions = self._partitions(topic)
        consumer = self._reader()
        try:
            with faults(f"reading {topic}"):
                starts = consumer.beginning_offsets(partitions)
                ends = consumer.end_offsets(partitions)
            for partition, records in self._between(consumer, starts, ends):
                at = TopicPartition(topic, partition.partition)
                yield from (record_of(at, record) for record in records)
        finally:
            consumer.close()

    def lag(self, group: str, topic: str) -> int:
        """Count the records the group has not committed; see `EXACT_RECORDS`."""
        self._refuse_missing(topic)
        partitions = self._partitions(topic)
        consumer = self._reader()
        try:
            committed = self._committed(group, partitions)
            with faults(f"counting the lag of {group} in {topic}"):
                oldest, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
            stands = {at: found.offset for at, found in committed[self._prefix + group].items()}
            starts = {at: max(stands.get(at, 0), oldest[at]) for at in partitions}
            offsets: int = sum(max(0, ends[at] - starts[at]) for at in partitions)
            if offsets > EXACT_RECORDS:
                return offsets
            return sum(len(records) for _, records in self._between(consumer, starts, ends))
        finally:
            consumer.close()

    def _committed(self, group: str, partitions: list[KafkaPartition]) -> dict[str, Any]:
        """A cluster that has had no group yet needs a moment to find a coordinator for one."""
        for attempt in stamina.retry_context(on=COORDINATOR_UNKNOWN, attempts=20, timeout=30, wait_max=2):
            with faults(f"asking where {group} stands"), attempt:
                found: dict[str, Any] = self._admin.list_group_offsets({self._prefix + group: partitions})
        return found

    def close(self) -> None:
        """Let go."""
        if "_admin" in self.__dict__:
            self._admin.close()

    @cached_property
    def _admin(self) -> Any:
        with first_contact(", ".join(self._cluster.servers), login=self._cluster.security.startswith("sasl")):
            return KafkaAdminClient(**self._cluster.client("admin"))

    def _reader(self) -> Any:
        with faults("opening a reader"):
            return KafkaConsumer(**reading(self._cluster, "reader"))

    def _between(
        self, consumer: Any, starts: Mapping[KafkaPartition, int], ends: Mapping[KafkaPartition, int]
    ) -> Iterator[tuple[KafkaPartition, list[Any]]]:
        """Read from the starts up to the ends, committed records only."""
        behind = [at for at in ends if starts[at] < ends[at]]
        consumer.assign(behind)
        for at in behind:
            consumer.seek(at, starts[at])
        patience = Patience("reading up to the end", self._cluster.options.stall_seconds)
        while behind:
            with faults("reading up to the end"):
                fetched = consumer.poll(timeout_ms=FETCH_MS)
                behind = [at for at in behind if consumer.position(at) < ends[at]]
            for at, records in fetched.items():
                patience = Patience("reading up to the end", self._cluster.options.stall_seconds)
                yield at, [record for record in records if record.offset < ends[at]]
            patience.strain()

    def _partitions(self, topic: str) -> list[KafkaPartition]:
        with faults(f"looking at {topic}"):
            (found,) = self._admin.describe_topics([self._prefix + topic])
        return [KafkaPartition(self._prefix + topic, p["partition_index"]) for p in found["partitions"]]

    def _names(self) -> frozenset[str]:
        with faults("listing the topics"):
            self._known = frozenset(self._admin.list_topics())
        return self._known

    def _refuse_missing(self, topic: str) -> None:
        name = self._prefix + topic
        if name not in self._known and name not in self._names():
            raise ConfigurationError(f"there is no topic {name!r}; `news doctor` makes the missing ones")

    def _made(self, topic: Topic) -> dict[str, Any]:
        retention_seconds = topic.retention_seconds
        configs = {
            "cleanup.policy": "delete",
            "retention.ms": "-1" if retention_seconds is None else str(retention_seconds * 1000),
            "max.message.bytes": str(self._cluster.options.max_record_bytes),
            # Retention goes by the time of arrival: an old article must not be gone at once.
            "message.timestamp.type": "LogAppendTime",
        }
        return {
            "num_partitions": topic.partitions,
            "replication_factor": self._cluster.options.replication_factor,
            "configs": configs,
        }

    def _create_unless_there(self, name: str, made: dict[str, Any]) -> None:
        """Another worker was making them at the same moment."""
        try:
            self._admin.create_topics({name: made}, wait_for_metadata=True)
        except kafka.TopicAlreadyExistsError:
            self._admin.wait_for_topics([name])

    def _leave(self, group: str, member_id: str, instance: str) -> None:
        """A static member that is done says so, or its partitions wait for its session to end.

        With its own member id: had another worker taken the slot over, that one would stay.
        """
        self._members[group] -= 1
        member = MemberToRemove(member_id=member_id, group_instance_id=instance, reason="the job is done")
        with faults(f"leaving the group {group}"):
            self._admin.remove_group_members(self._prefix + group, [member])


def _refuse_slow_checksums() -> None:
    """Without the C extension every record costs ten times as much, and nothing says why."""
    if not getattr(util, "_crc32c", None) or util._crc32c.__module__.startswith("kafka"):  # noqa: SLF001
        raise ConfigurationError(
            "the package crc32c is missing, without which kafka-python is ten times slower; "
            "install kafka-python[crc32c]"
        )
