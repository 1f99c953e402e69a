"""Transactions on Kafka: records and group offsets become visible together, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import structlog
from kafka import KafkaProducer, TopicPartition
from kafka import errors as kafka
from kafka.structs import OffsetAndMetadata

from ingestion.broker.kafka.consumer import KafkaGroupConsumer
from ingestion.broker.kafka.faults import faults, translated
from ingestion.broker.kafka.marks import Marks, end_again
from ingestion.broker.kafka.options import Cluster
from ingestion.broker.kafka.patience import patiently
from ingestion.errors import NewsError, Rebalanced, TooLarge, Unavailable
from ingestion.ports import Consumer, Message, Positions

BATCH_BYTES = 1024 * 1024
LINGER_MS = 20
CLOSE_SECONDS = 5.0
OVERHEAD_BYTES = 64 * 1024
"""Room for a record's own frame: key, headers, lengths."""

log = structlog.get_logger(__name__)


class KafkaTransactions:
    """`ports.Producer`. Opening one fences an older one with the same id, and ends what that had begun.

    After `Fenced` or `Unavailable` it is of no more use: close it and open another.
    """

    def __init__(
        self,
        cluster: Cluster,
        transactional_id: str,
        refuse_missing: Callable[[str], None],
        marks: Marks,
    ) -> None:
        self._options = cluster.options
        self._id = cluster.options.prefix + transactional_id
        self._marks = marks
        self._arguments = _arguments(cluster, transactional_id)
        self._refuse_missing = refuse_missing
        self._fault: NewsError | None = None
        self._open()

    def _open(self) -> None:
        last = self._marks.standing(self._id)
        with faults("opening a producer"):
            self._kafka = KafkaProducer(**self._arguments)
        self._fault = None
        self._disposed = False
        self._call("opening a producer", self._kafka.init_transactions)
        if last:
            self._see_it_end({*last.partitions, *self._marks.everywhere()}, commit=last.is_commit)

    @contextmanager
    def transaction(self) -> Iterator["KafkaTransaction"]:
        """Begin; commit on a clean exit, abort on an exception.

        Raises `Fenced`, `Rebalanced`, `Unavailable`.
        """
        self._recover()
        self._call("beginning a transaction", self._kafka.begin_transaction)
        transaction = KafkaTransaction(self)
        try:
            yield transaction
            transaction.finish()
        except BaseException:
            self._abort()
            raise

    def _recover(self) -> None:
        """Begin anew after an abort or a batch that was given away; after anything worse the job has to."""
        if self._fault and not isinstance(self._fault, Rebalanced):
            raise type(self._fault)(str(self._fault))
        if self._disposed:
            self._open()

    def send(self, message: Message) -> Any:
        """Hand one record to the sender; returns its future."""
        self._refuse_missing(message.topic)
        self._marks.topics.add(self._options.prefix + message.topic)
        size_bytes = len(message.value) + OVERHEAD_BYTES
        if size_bytes > self._options.max_record_bytes:
            raise TooLarge(
                f"a record of {len(message.value)} bytes for {message.topic}; the log takes up to "
                f"{self._options.max_record_bytes - OVERHEAD_BYTES}, see NEWS_KAFKA__MAX_RECORD_BYTES"
            )
        headers = [(name, value.encode()) for name, value in message.headers.items()]
        with faults(f"sending to {message.topic}"):
            return self._kafka.send(
                self._options.prefix + message.topic, message.value, key=message.key, headers=headers
            )

    def flush(self, waiting_bytes: int) -> None:
        """Wait until all that was sent is acknowledged."""
        self._call("waiting for acknowledgements", self._kafka.flush, waiting_bytes=waiting_bytes)

    def require(self, future: Any) -> None:
        """See that a record was acknowledged."""
        if future.succeeded():
            return
        cause = future.exception if future.failed() else None
        self._fault = translated(cause or kafka.KafkaTimeoutError("no acknowledgement"), "writing a record")
        raise self._fault from cause

    def add_offsets(self, offsets: dict[TopicPartition, OffsetAndMetadata], member: Any) -> None:
        """Move the group on with this transaction, if the group still has this member."""
        self._call("sending offsets", lambda: self._kafka.send_offsets_to_transaction(offsets, member))

    def commit(self, partitions: set[TopicPartition], groups: set[str]) -> None:
        """Make it visible: in these partitions, and to these groups."""
        self._call("committing a transaction", self._kafka.commit_transaction)
        self._see_it_end(partitions | self._marks.offsets_of(groups), commit=True)

    def _see_it_end(self, partitions: set[TopicPartition], *, commit: bool) -> None:
        """Look whether the last transaction is over everywhere, and end it again where it is not."""
        producer_id = self._kafka._transaction_manager.producer_id_and_epoch.producer_id  # noqa: SLF001
        while left := self._left_open(producer_id, partitions):
            log.warning(
                "kafka_transaction_left_open", partitions=[f"{at.topic}-{at.partition}" for at in left]
            )
            groups = self._marks.groups_on(left)
            again = partial(end_again, self._kafka, left, groups, commit=commit)
            self._call("ending a transaction again", again)

    def _left_open(self, producer_id: int, partitions: set[TopicPartition]) -> list[TopicPartition]:
        try:
            return self._marks.lost(self._id, producer_id, partitions)
        except NewsError as fault:
            self._fault = fault
            raise

    def close(self) -> None:
        """Let go; what is in flight is aborted by the next producer with this id, or by its time limit."""
        if self._disposed:
            return
        with suppress(kafka.KafkaError):
            self._kafka.close(timeout=CLOSE_SECONDS)
        self._dispose()

    def _abort(self) -> None:
        """Take back what was begun, and throw the library's producer away.

        After a refusal it may send nothing more, however well its abort went; and a request of its that
        is still on the way would become part of the next transaction (KIP-890). The next producer with
        this id aborts what was left, in a new epoch, in which the cluster takes nothing of the old one.
        """
        if not self._fault:
            with suppress(NewsError):
                self._call("aborting a transaction", self._kafka.abort_transaction)
        if self._fault:
            log.warning("kafka_transaction_refused", reason=str(self._fault))
        self._dispose()

    def _dispose(self) -> None:
        """Stop the library's thread, which `close` leaves running where it times out."""
        self._disposed = True
        sender = self._kafka._sender  # noqa: SLF001 - there is no public way
        if sender.is_alive():
            sender.initiate_close()
            sender.force_close()
            sender.join(CLOSE_SECONDS)

    def _call(self, doing: str, action: Callable[[], object], **facts: object) -> None:
        try:
            patiently(doing, action, stall_seconds=self._options.stall_seconds, **facts)
        except Unavailable as fault:
            self._fault = fault
            raise
        except kafka.KafkaError as error:
            self._fault = translated(error, doing)
            raise self._fault from error


class KafkaTransaction:
    """`ports.Transaction`: sends as it goes, so that what waits stays within `in_flight_bytes`."""

    def __init__(self, producer: KafkaTransactions) -> None:
        self._producer = producer
        self._limit_bytes = producer._options.in_flight_bytes  # noqa: SLF001 - two halves of one thing
        self._sent: list[Any] = []
        self._waiting_bytes = 0
        self._written: set[TopicPartition] = set()
        self._advances: list[tuple[KafkaGroupConsumer, Positions]] = []

    def send(self, message: Message) -> None:
        """Add a record."""
        self._sent.append(self._producer.send(message))
        self._waiting_bytes += len(message.value)
        if self._waiting_bytes >= self._limit_bytes:
            self._settle()

    def advance(self, consumer: Consumer, positions: Positions) -> None:
        """Commit the consumer's group positions with the records."""
        assert isinstance(consumer, KafkaGroupConsumer), "a transaction spans one broker"
        self._advances.append((consumer, positions))

    def finish(self) -> None:
        """See every record acknowledged before the commit is asked for.

        kafka-python takes a commit for done when the broker has aborted the transaction while its
        last batches were under way (an epoch bump during the commit), so none may be under way.
        """
        self._settle()
        for consumer, positions in self._advances:
            with consumer.rejoining_where_given_away():
                self._producer.add_offsets(consumer.offsets(positions), consumer.member(positions))
        self._producer.commit(self._written, {consumer.group for consumer, _ in self._advances})

    def _settle(self) -> None:
        if not self._sent:
            return
        self._producer.flush(self._waiting_bytes)
        for future in self._sent:
            self._producer.require(future)
            self._written.add(TopicPartition(future.value.topic, future.value.partition))
        self._sent, self._waiting_bytes = [], 0


def _arguments(cluster: Cluster, transactional_id: str) -> dict[str, Any]:
    options = cluster.options
    return cluster.client("producer") | {
        "metrics_enabled": False,
        "transactional_id": options.prefix + transactional_id,
        "transaction_timeout_ms": int(options.transaction_seconds * 1000),
        # A control request that times out is fatal to the library's transaction, so it gets all the time
        # that a transaction has.
        "request_timeout_ms": int(options.transaction_seconds * 1000),
        "acks": "all",
        "delivery_timeout_ms": float("inf"),  # an expired batch wedges the producer; `patiently` gives up
        "compression_type": None if options.compression == "none" else options.compression,
        "batch_size": BATCH_BYTES,
        "linger_ms": LINGER_MS,
        "max_request_size": options.max_record_bytes,
        "allow_auto_create_topics": False,
    }
