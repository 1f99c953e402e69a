"""Whether the end of a transaction has reached every partition, and how to end it again where it has not.

A broker of 4.3 or 4.4 leaves out partitions that have no leader at that moment, and forgets them
(KAFKA-20734): they stay in a transaction that nobody ends. Readers of committed records wait there, until
the next transaction of the same producer ends and takes the forgotten records with it, whichever way.
"""

from collections.abc import Callable, Collection, Iterable
from time import sleep
from typing import Any, NamedTuple

import structlog
from kafka import TopicPartition as KafkaPartition
from kafka import errors as kafka
from kafka.admin import TransactionState

from ingestion.broker.kafka.faults import faults
from ingestion.broker.kafka.patience import Patience
from ingestion.errors import Unavailable

OFFSETS = "__consumer_offsets"
UNDER_WAY = {TransactionState.ONGOING, TransactionState.PREPARE_COMMIT, TransactionState.PREPARE_ABORT}
COMMITTED = {TransactionState.PREPARE_COMMIT, TransactionState.COMPLETE_COMMIT}
LOOK_SECONDS = 0.005

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
        """How the last transaction of this id stands, None where there is none."""
        try:
            with faults(f"looking at the transactions of {transactional_id}"):
                found = self._admin().describe_transactions([transactional_id])[transactional_id]
        except Unavailable as fault:
            if isinstance(fault.__cause__, kafka.TransactionalIdNotFoundError):
                return None
            raise
        return Standing(found.state, frozenset(found.topic_partitions))

    def lost(
        self, transactional_id: str, producer_id: int, partitions: Collection[KafkaPartition]
    ) -> list[KafkaPartition]:
        """Wait until an ended transaction is over, and return where it is still open.

        Raises `Unavailable` where that cannot be found out in time.
        """
        patience = Patience(f"seeing a transaction of {transactional_id} end", self._stall_seconds)
        while True:
            try:
                standing = self.standing(transactional_id)
                is_over = standing is None or standing.state not in UNDER_WAY
                still_open = self._open(producer_id, partitions)
            except Unavailable:  # a partition without a leader, for one
                is_over, still_open = False, list(partitions)
            if is_over or not still_open:
                return still_open
            patience.strain()
            sleep(LOOK_SECONDS)

    def everywhere(self) -> set[KafkaPartition]:
        """All partitions that a transaction of ours may have touched."""
        return self._partitions([*self.topics, OFFSETS])

    def offsets_of(self, groups: Iterable[str]) -> set[KafkaPartition]:
        """Find the partitions that hold the offsets of these groups."""
        count = len(self._partitions([OFFSETS]))
        return {KafkaPartition(OFFSETS, java_hash(group) % count) for group in groups}

    def groups_on(self, partitions: Collection[KafkaPartition]) -> list[str]:
        """Find groups of ours, one at least for each partition of offsets."""
        if not any(at.topic == OFFSETS for at in partitions):
            return []
        with faults("listing the groups"):
            groups = [found["group_id"] for found in self._admin().list_groups()]
        count = len(self._partitions([OFFSETS]))
        wanted = {at.partition for at in partitions if at.topic == OFFSETS}
        return [
            group for group in groups if group.startswith(self._prefix) and java_hash(group) % count in wanted
        ]

    def _partitions(self, topics: Collection[str]) -> set[KafkaPartition]:
        with faults("listing partitions"):
            found = self._admin().describe_topics(list(topics))
        return {KafkaPartition(t["name"], p["partition_index"]) for t in found for p in t["partitions"]}

    def _open(self, producer_id: int, partitions: Collection[KafkaPartition]) -> list[KafkaPartition]:
        with faults("looking for open transactions"):
            found = self._admin().describe_producers(partitions)
        return [
            at
            for at, seen in found.items()
            for one in seen.active_producers
            if one.producer_id == producer_id and one.current_transaction_start_offset >= 0
        ]


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
