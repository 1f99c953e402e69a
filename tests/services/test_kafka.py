"""The Kafka adapter on a broker that is frozen, killed, shared and filled."""

import random
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from structlog.testing import capture_logs

from ingestion.broker.kafka.broker import KafkaBroker
from ingestion.broker.kafka.options import Cluster, Options
from ingestion.errors import ConfigurationError, Fenced, Rebalanced, TooLarge, Unavailable
from ingestion.ports import Message, Topic, TopicPartition
from ingestion.stack.kafka import KafkaServer
from ingestion.topics import topics

MIB = 1024 * 1024
RECORDS, IN_A_TRANSACTION = 6000, 300
BODY = "x" * 2000
TOPICS = [
    Topic(name="in", partitions=2, retention_seconds=None),
    Topic(name="out", partitions=2, retention_seconds=None),
]


class Brokers:
    """Opens the adapter under one prefix, as several workers would."""

    def __init__(self, url: str, opened: ExitStack) -> None:
        self.url = url
        self.prefix = f"{uuid.uuid4().hex[:12]}."
        self._opened = opened

    def open(self, slot: str = "0", **options: object) -> KafkaBroker:
        told = Options(**{"slot": slot, "prefix": self.prefix, "session_seconds": 6, **options})  # type: ignore[arg-type]
        broker = KafkaBroker(Cluster.from_url(self.url, told))
        self._opened.callback(broker.close)
        return broker


@pytest.fixture
def brokers(kafka_url: str) -> Iterator[Brokers]:
    with ExitStack() as opened:
        yield Brokers(kafka_url, opened)


def test_topics_are_made_as_the_table_says(brokers: Brokers) -> None:
    brokers.open().create_topics(topics(3))
    admin = KafkaAdminClient(bootstrap_servers=brokers.url.removeprefix("kafka://"))
    names = {f"{brokers.prefix}{topic.name}": topic for topic in topics(3)}
    found = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(list(names))}
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    admin.close()
    text = str(described)

    assert found == {name: topic.partitions for name, topic in names.items()}
    assert text.count("LogAppendTime") >= len(names)
    assert text.count(str(16 * MIB)) >= len(names)
    assert all(str((topic.retention_seconds or 0) * 1000) in text for topic in names.values())


def test_a_record_of_fifteen_mebibytes_goes_through(brokers: Brokers) -> None:
    broker = brokers.open()
    broker.create_topics(TOPICS)
    body = random.Random(1).randbytes(15 * MIB)  # noqa: S311 - bytes that do not compress
    with broker.producer("p").transaction() as transaction:
        transaction.send(Message(topic="in", key=b"k", value=body))
    consumer = broker.consumer("g", ["in"])
    (record,) = consumer.poll(max_records=10, max_bytes=MIB, timeout_seconds=30)
    consumer.close()

    assert record.value == body


def test_a_record_above_the_limit_is_refused_and_nothing_of_its_transaction_is_seen(brokers: Brokers) -> None:
    broker = brokers.open()
    broker.create_topics(TOPICS)
    producer = broker.producer("p")
    with pytest.raises(TooLarge, match="NEWS_KAFKA__MAX_RECORD_BYTES"), producer.transaction() as transaction:
        transaction.send(Message(topic="in", key=b"k", value=b"small"))
        transaction.send(Message(topic="in", key=b"k", value=bytes(17 * MIB)))
    with producer.transaction() as transaction:
        transaction.send(Message(topic="in", key=b"k", value=b"next"))

    assert [record.value for record in broker.read("in")] == [b"next"]


def test_a_group_beyond_the_end_of_its_topic_is_refused(brokers: Brokers) -> None:
    broker = brokers.open()
    broker.create_topics(TOPICS)
    consumer = broker.consumer("g", ["in"], start_at=lambda _: 7)
    with pytest.raises(ConfigurationError, match=r"stands at 7 .* docs/kafka\.md"):
        consumer.poll(max_records=1, max_bytes=1, timeout_seconds=0)
    consumer.close()


def test_records_that_expired_unread_are_told(brokers: Brokers) -> None:
    from kafka import TopicPartition as KafkaPartition

    broker = brokers.open()
    broker.create_topics([Topic(name="in", partitions=1, retention_seconds=None)])
    with broker.producer("p").transaction() as transaction:
        for number in range(5):
            transaction.send(Message(topic="in", key=b"k", value=b"%d" % number))
    admin = KafkaAdminClient(bootstrap_servers=brokers.url.removeprefix("kafka://"))
    admin.delete_records({KafkaPartition(f"{brokers.prefix}in", 0): 4})
    admin.close()
    consumer = broker.consumer("g", ["in"], start_at=lambda _: 2)
    with capture_logs() as said:
        read = consumer.poll(max_records=10, max_bytes=MIB, timeout_seconds=30)
    consumer.close()

    assert [record.value for record in read] == [b"4"]
    assert [(line["event"], line["offsets"]) for line in said] == [("kafka_records_expired_unread", 2)]


def test_a_second_worker_in_the_same_slot_fences_the_first(brokers: Brokers) -> None:
    first = brokers.open("same")
    first.create_topics(TOPICS)
    with first.producer("p").transaction() as transaction:
        transaction.send(Message(topic="in", key=b"k", value=b"v"))
    old = first.consumer("g", ["in"])
    (record,) = old.poll(max_records=10, max_bytes=MIB, timeout_seconds=30)
    young = brokers.open("same").consumer("g", ["in"])
    again = young.poll(max_records=10, max_bytes=MIB, timeout_seconds=30)
    with pytest.raises((Fenced, Rebalanced)):
        old.commit({record.at: record.offset + 1})
    young.commit({record.at: record.offset + 1})

    assert [one.value for one in again] == [b"v"]
    assert young.committed(TopicPartition("in", record.partition)) == record.offset + 1
    young.close()


def test_a_broker_that_is_not_there_is_named() -> None:
    cluster = Cluster.from_url("kafka://127.0.0.1:1", Options(stall_seconds=2))
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        KafkaBroker(cluster).create_topics(TOPICS)


class Loop:
    """Reads `in`, writes `out`, and moves its group on, in one transaction for each batch."""

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker = broker
        self.refused = 0

    def run(self) -> None:
        with ExitStack() as opened:
            consumer = self._broker.consumer("loop", ["in"])
            opened.callback(consumer.close)
            producer = self._broker.producer("loop")
            opened.callback(producer.close)
            while batch := consumer.poll(max_records=500, max_bytes=MIB, timeout_seconds=2):
                try:
                    with producer.transaction() as transaction:
                        for record in batch:
                            transaction.send(Message(topic="out", key=record.key, value=record.value))
                        transaction.advance(consumer, {one.at: one.offset + 1 for one in batch})
                except Rebalanced:
                    self.refused += 1


def fill(broker: KafkaBroker, begun: threading.Event | None = None) -> None:
    producer = broker.producer("fill")
    for first in range(0, RECORDS, IN_A_TRANSACTION):
        with producer.transaction() as transaction:
            for number in range(first, first + IN_A_TRANSACTION):
                value = f"{number:06}{BODY}".encode()
                transaction.send(Message(topic="in", key=b"%d" % number, value=value))
        if begun:
            begun.set()
    producer.close()


def numbers(broker: KafkaBroker, topic: str) -> list[int]:
    return sorted(int(record.value[:6]) for record in broker.read(topic))


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.slow
def test_a_frozen_broker_loses_and_doubles_nothing_and_memory_stays_bounded(
    own_kafka: Callable[..., KafkaServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.broker.kafka.patience.SAY_SECONDS", 2.0)
    server = own_kafka()
    with ExitStack() as opened:
        brokers = Brokers(server.url, opened)
        broker = brokers.open(in_flight_bytes=2 * MIB)
        broker.create_topics(TOPICS)
        loop = Loop(broker)
        begun = threading.Event()
        work = [threading.Thread(target=fill, args=[broker, begun]), threading.Thread(target=loop.run)]
        before = resident_bytes()
        with capture_logs() as said:
            for thread in work:
                thread.start()
            assert begun.wait(60)
            server.freeze()  # with most of the records still to be sent
            time.sleep(9)  # longer than the session
            most = resident_bytes()
            server.thaw()
            for thread in work:
                thread.join()
        loop.run()

        assert numbers(broker, "in") == list(range(RECORDS))
        assert numbers(broker, "out") == list(range(RECORDS))
        assert most - before < 64 * MIB
        assert {"kafka_does_not_answer"} <= {line["event"] for line in said}


LOOP = """
    import sys
    from tests.services.test_kafka import Brokers, Loop, fill
    from contextlib import ExitStack
    with ExitStack() as opened:
        brokers = Brokers(sys.argv[1], opened)
        brokers.prefix = sys.argv[2]
        broker = brokers.open("child")
        fill(broker) if sys.argv[3] == "fill" else Loop(broker).run()
"""


@pytest.mark.slow
def test_a_broker_killed_again_and_again_loses_and_doubles_nothing(
    own_kafka: Callable[..., KafkaServer],
) -> None:
    chance = random.Random(4)  # noqa: S311 - moments, not secrets
    server = own_kafka()
    with ExitStack() as opened:
        brokers = Brokers(server.url, opened)
        broker = brokers.open()
        broker.create_topics(TOPICS)
        fill(broker)
        script = [sys.executable, "-c", textwrap.dedent(LOOP), server.url, brokers.prefix, "loop"]
        for _ in range(3):
            with subprocess.Popen(script, stderr=subprocess.DEVNULL) as child:
                time.sleep(chance.uniform(1.2, 2.5))
                server.kill()
                server.start()
                child.wait(timeout=240)
        Loop(brokers.open("child")).run()

        assert numbers(brokers.open(), "out") == list(range(RECORDS))
        assert brokers.open().lag("loop", "in") == 0
