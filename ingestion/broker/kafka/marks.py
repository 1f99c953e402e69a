"""Whether the end of a transaction has reached every partition, and how to end it again where it has not.

A broker of 4.3 or 4.4 leaves out partitions that have no leader at that moment, and forgets them
(KAFKA-20734): they stay in a transaction that nobody ends. Readers of committed records wait there, until
the next transaction of the same producer ends and takes the forgotten records with it, whichever way.
"""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import cached_property
from time import sleep
from typing import Any, NamedTuple

import structlog
from kafka import TopicPartition as KafkaPartition
from kafka import errors as kafka
from kafka.admin import TransactionState

from ingestion.broker.kafka.faults import faults, translated
from ingestion.broker.kafka.patience import Patience
from ingestion.errors import Unavailable

OFFSETS = "__consumer_offsets"
UNDER_WAY = {
    TransactionState.ONGOING,
    TransactionState.PREPARE_COMMIT,
    TransactionState.PREPARE_ABORT,
    TransactionState.PREPARE_EPOCH_FENCE,
}
COMMITTED = {TransactionState.PREPARE_COMMIT, TransactionState.COMPLETE_COMMIT}
LOOK_SECONDS = 0.005
ASK_SECONDS = 0.1

log = structlog.get_logger(__name__)


class Standing(NamedTuple):
    """How far the last transaction of an id has come; where it is over, its partitions are forgotten."""

    state: TransactionState
    partitions: frozenset[KafkaPartition]

    @property
    def is_commit(self) -> bool:
        """Whether its records are to be seen: one that was never ended is aborted by its successor."""
        return self.state in COMMITTED


class Marks:
    """Asks the leaders of partitions which transactions are open (KIP-664, brokers of 3.0 and newer)."""

    def __init__(self, admin: Callable[[], Any], *, prefix: str, stall_seconds: float) -> None:
        self._admin = admin
        self._prefix = prefix
        self._stall_seconds = stall_seconds
        self._sees_offsets = True
        self.topics: set[str] = set()

    def standing(self, transactional_id: str) -> Standing | None:
        """How the last transaction of this id stands, None where there is none. Raises `Unavailable`."""
        patience = Patience(f"looking at the transactions of {transactional_id}", self._stall_seconds)
        while True:
            try:
                return self._standing(transactional_id)
            except Unavailable:  # the coordinators of a new cluster are only being made
                patience.strain()
                sleep(ASK_SECONDS)

    def _standing(self, transactional_id: str) -> Standing | None:
        try:
            found = self._admin().describe_transactions([transactional_id])[transactional_id]
        except kafka.TransactionalIdNotFoundError:
            return None
        except kafka.KafkaError as error:
            raise translated(error, f"looking at the transactions of {transactional_id}") from error
        return Standing(found.state, frozenset(found.topic_partitions))

    def lost(
        self, transactional_id: str, producer_id: int, partitions: Collection[KafkaPartition]
    ) -> list[KafkaPartition]:
        """Wait until an ended transaction is over, and return where it is still open.

        Raises `Unavailable` where that cannot be found out in time.
        """
        patience = Patience(f"seeing a transaction of {transactional_id} end", self._stall_seconds)
        while True:
            with suppress(Unavailable):  # a partition without a leader, for one
                if not self._open(producer_id, partitions):
                    return []
                if self._is_over(transactional_id):
                    return self._open(producer_id, partitions)
            patience.strain()
            sleep(LOOK_SECONDS)

    def _is_over(self, transactional_id: str) -> bool:
        standing = self._standing(transactional_id)
        return standing is None or standing.state not in UNDER_WAY

    def everywhere(self) -> set[KafkaPartition]:
        """All partitions that a transaction of ours may have touched."""
        return self._partitions([*self.topics, OFFSETS])

    def offsets_of(self, groups: Iterable[str]) -> set[KafkaPartition]:
        """Find the partitions that hold the offsets of these groups."""
        return {KafkaPartition(OFFSETS, java_hash(group) % self._offsets_count) for group in groups}

    def groups_on(self, partitions: Collection[KafkaPartition]) -> list[str]:
        """Find our groups whose offsets these partitions hold."""
        wanted = {at for at in partitions if at.topic == OFFSETS}
        if not wanted:
            return []
        with faults("listing the groups"):
            groups = [found["group_id"] for found in self._admin().list_groups()]
        return [
            name for name in groups if name.startswith(self._prefix) and self.offsets_of([name]) <= wanted
        ]

    @cached_property
    def _offsets_count(self) -> int:
        return len(self._partitions([OFFSETS]))

    def _partitions(self, topics: Collection[str]) -> set[KafkaPartition]:
        with faults("listing partitions"):
            there = set(self._admin().list_topics())
            found = self._admin().describe_topics([name for name in topics if name in there])
        return {KafkaPartition(t["name"], p["partition_index"]) for t in found for p in t["partitions"]}

    def _open(self, producer_id: int, partitions: Collection[KafkaPartition]) -> list[KafkaPartition]:
        return [
            at
            for at, seen in self._producers(partitions).items()
            for one in seen.active_producers
            if one.producer_id == producer_id and one.current_transaction_start_offset >= 0
        ]

    def _producers(self, partitions: Collection[KafkaPartition]) -> dict[KafkaPartition, Any]:
        asked = [at for at in partitions if self._sees_offsets or at.topic != OFFSETS]
        try:
            found: dict[KafkaPartition, Any] = self._admin().describe_producers(asked)
        except kafka.TopicAuthorizationFailedError as error:
            if not any(at.topic == OFFSETS for at in asked):
                raise translated(error, "looking for open transactions") from error
            self._sees_offsets = False
            log.warning("kafka_offsets_not_seen", needs=f"Describe and Read on the topic {OFFSETS}")
            return self._producers(asked)
        except kafka.KafkaError as error:
            raise translated(error, "looking for open transactions") from error
        return found


def java_hash(text: str) -> int:
    """Hash as Java's String does, made positive as Kafka does to find a group's partition."""
    units = text.encode("utf-16-be")
    value = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        value = (31 * value + (high << 8) + low) & 0xFFFFFFFF
    signed = value - (1 << 32) if value >= 1 << 31 else value
    return 0 if signed == -(1 << 31) else abs(signed)


def end_again(
    producer: Any, partitions: Collection[KafkaPartition], groups: Iterable[str], *, commit: bool
) -> None:
    """Run a transaction without records over these partitions: its end is the end of what is open there."""
    manager = producer._transaction_manager  # noqa: SLF001 - a partition is added by a record only, else
    producer.begin_transaction()
    data = [at for at in partitions if at.topic != OFFSETS]
    for at in data:
        manager.maybe_add_partition_to_transaction(at)
    for group in groups:
        producer.send_offsets_to_transaction({}, group)
    while not all(manager.is_partition_added(at) for at in data) and not manager.has_error():
        producer._sender.wakeup()  # noqa: SLF001
        sleep(LOOK_SECONDS)
    if commit:
        producer.commit_transaction()
    else:
        producer.abort_transaction()
