"""Transactions on Kafka: records and group offsets become visible together, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from kafka import KafkaProducer, TopicPartition
from kafka import errors as kafka
from kafka.structs import OffsetAndMetadata

from ingestion.broker.kafka.consumer import KafkaGroupConsumer
from ingestion.broker.kafka.faults import faults, translated
from ingestion.broker.kafka.options import Cluster
from ingestion.broker.kafka.patience import patiently
from ingestion.errors import NewsError, TooLarge, Unavailable
from ingestion.ports import Consumer, Message, Positions

BATCH_BYTES = 1024 * 1024
LINGER_MS = 20
CLOSE_SECONDS = 5.0
OVERHEAD_BYTES = 64 * 1024
"""Room for a record's own frame: key, headers, lengths."""

log = structlog.get_logger(__name__)


class KafkaTransactions:
    """`ports.Producer`. Opening one fences an older one with the same id, and ends what that had begun.

    After a fault that is not a simple abort it is of no more use: close it and open another.
    """

    def __init__(
        self, cluster: Cluster, transactional_id: str, refuse_missing: Callable[[str], None]
    ) -> None:
        self._options = cluster.options
        self._refuse_missing = refuse_missing
        self._lost: NewsError | None = None
        with faults("opening a producer"):
            self._kafka = KafkaProducer(**_arguments(cluster, transactional_id))
        self._call("opening a producer", self._kafka.init_transactions)

    @contextmanager
    def transaction(self) -> Iterator["KafkaTransaction"]:
        """Begin; commit on a clean exit, abort on an exception. Raises `Fenced`, `Unavailable`, `Rebalanced`."""
        if self._lost:
            raise type(self._lost)(str(self._lost))
        self._call("beginning a transaction", self._kafka.begin_transaction)
        transaction = KafkaTransaction(self)
        try:
            yield transaction
            transaction.finish()
        except BaseException:
            self._abort()
            raise

    def send(self, message: Message) -> Any:
        """Hand one record to the sender; returns its future."""
        self._refuse_missing(message.topic)
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

    def add_offsets(self, offsets: dict[TopicPartition, OffsetAndMetadata], member: Any) -> None:
        """Move the group on with this transaction, if the group still has this member."""
        self._call("sending offsets", lambda: self._kafka.send_offsets_to_transaction(offsets, member))

    def commit(self) -> None:
        """Make it visible."""
        self._call("committing a transaction", self._kafka.commit_transaction)

    def close(self) -> None:
        """Let go; what is in flight is aborted by the next producer with this id, or by its time limit."""
        with suppress(kafka.KafkaError):
            self._kafka.close(timeout=CLOSE_SECONDS)
        sender = self._kafka._sender  # noqa: SLF001 - `close` leaves the thread alive where it times out
        if sender.is_alive():
            sender.initiate_close()
            sender.force_close()
            sender.join(CLOSE_SECONDS)

    def _abort(self) -> None:
        """Take back what was begun; a producer that cannot is lost."""
        if self._lost:
            return
        try:
            self._call("aborting a transaction", self._kafka.abort_transaction)
        except NewsError as fault:
            self._lost = self._lost or fault
            log.warning("kafka_producer_lost", reason=str(fault))

    def _call(self, doing: str, action: Callable[[], object], **facts: object) -> None:
        try:
            patiently(doing, action, stall_seconds=self._options.stall_seconds, **facts)
        except Unavailable as fault:
            self._lost = fault
            raise
        except kafka.KafkaError as error:
            raise translated(error, doing) from error


class KafkaTransaction:
    """`ports.Transaction`: sends as it goes, so that what waits stays within `in_flight_bytes`."""

    def __init__(self, producer: KafkaTransactions) -> None:
        self._producer = producer
        self._limit_bytes = producer._options.in_flight_bytes  # noqa: SLF001 - two halves of one thing
        self._sent: list[Any] = []
        self._waiting_bytes = 0
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
            with consumer.rewinding_where_given_away():
                self._producer.add_offsets(consumer.offsets(positions), consumer.member())
        self._producer.commit()

    def _settle(self) -> None:
        if not self._sent:
            return
        self._producer.flush(self._waiting_bytes)
        for future in self._sent:
            if future.failed():
                raise translated(future.exception, "writing a record") from future.exception
            if not future.succeeded():
                raise Unavailable("Kafka: a record was neither acknowledged nor refused")
        self._sent, self._waiting_bytes = [], 0


def _arguments(cluster: Cluster, transactional_id: str) -> dict[str, Any]:
    options = cluster.options
    return cluster.client("producer") | {
        "metrics_enabled": False,
        "transactional_id": options.prefix + transactional_id,
        "transaction_timeout_ms": int(options.transaction_seconds * 1000),
        "acks": "all",
        "delivery_timeout_ms": float("inf"),  # an expired batch wedges the producer; `patiently` gives up
        "compression_type": None if options.compression == "none" else options.compression,
        "batch_size": BATCH_BYTES,
        "linger_ms": LINGER_MS,
        "max_request_size": options.max_record_bytes,
        "allow_auto_create_topics": False,
    }
