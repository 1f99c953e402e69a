"""A transaction that ends while a partition has no leader ends there too, once the leader is back.

Brokers of 4.3 and 4.4 forget such a partition (KAFKA-20734): a later commit would show what was aborted, a
later abort would take back what was committed.
"""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from structlog.testing import capture_logs

from ingestion.broker.kafka.broker import KafkaBroker
from ingestion.broker.kafka.marks import OFFSETS, java_hash
from ingestion.broker.kafka.options import Cluster, Options
from ingestion.broker.kafka.producer import KafkaTransactions
from ingestion.ports import Message
from ingestion.stack.kafka import KafkaServer
from tests.lease import leased

DATA_NODE = 2
OFFSETS_PARTITIONS = 4
"""As `offsets.topic.num.partitions` of the stack has it."""

OFFLINE_SECONDS = 20


class DataNode(KafkaServer):
    """A second broker, which is no controller and joins the cluster of a first."""

    def join(self, first: KafkaServer) -> "DataNode":
        """Say which cluster, before the start."""
        here = f"PLAINTEXT://{self.address}"
        self.settings |= {
            "process.roles": "broker",
            "node.id": str(DATA_NODE),
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{first.port + 1}",
            "listeners": here,
            "advertised.listeners": here,
        }
        self.cluster_id = dict(
            line.split("=", 1)
            for line in (first.data / "meta.properties").read_text().splitlines()
            if "=" in line
        )["cluster.id"]
        return self

    def _format(self) -> None:
        told = [f"--cluster-id={self.cluster_id}", "--config=server.properties"]
        command = [*self._java("-Xmx128m"), "kafka.tools.StorageTool", "format", *told]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=120)


class Pair(NamedTuple):
    """One broker coordinates, the other alone has the data."""

    first: KafkaServer
    second: DataNode

    def make(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        """Make a topic that is on the data broker alone."""
        assignments = {number: [DATA_NODE] for number in range(partitions)}
        with closing(KafkaAdminClient(bootstrap_servers=self.first.address)) as admin:
            made = {topic: {"assignments": assignments, "configs": dict(configs or {})}}
            admin.create_topics(made, wait_for_metadata=True)

    def lose_the_leader(self, topic: str) -> None:
        """Kill the broker that has the data, and wait until the cluster knows."""
        self.second.kill()
        deadline = time.monotonic() + 60
        while self._has_leader(topic):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def _has_leader(self, topic: str) -> bool:
        try:
            with closing(KafkaAdminClient(bootstrap_servers=self.first.address)) as admin:
                (found,) = admin.describe_topics([topic])
        except KafkaError:  # the client asked the broker that was killed
            return True
        return bool(found["partitions"][0]["leader_id"] != -1)


@pytest.fixture(scope="module")
def pair(
    module_kafka: Callable[..., KafkaServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    first = module_kafka()
    cluster = Cluster.from_url(first.url, Options())
    with closing(KafkaBroker(cluster)) as broker:
        # The topics of offsets and transactions come into being while the first is alone.
        broker.producer("warm").close()
    node = DataNode(tmp_path_factory.mktemp("second"), quick_start=True).join(first)
    with leased(node) as second:
        pair = Pair(first, second)
        pair.make(OFFSETS, partitions=OFFSETS_PARTITIONS, configs={"cleanup.policy": "compact"})
        yield pair


@pytest.fixture
def broker(pair: Pair) -> Iterator[KafkaBroker]:
    cluster = Cluster.from_url(pair.first.url, Options(stall_seconds=120))
    with closing(KafkaBroker(cluster)) as broker:
        yield broker


@contextmanager
def back_soon(pair: Pair) -> Iterator[None]:
    """Start the data broker again while the block waits for it."""
    timer = threading.Timer(2, pair.second.start)
    timer.start()
    yield
    timer.join()


def put(producer: KafkaTransactions, topic: str, value: bytes) -> None:
    with producer.transaction() as transaction:
        transaction.send(Message(topic=topic, key=b"k", value=value))


def put_and_abort(producer: KafkaTransactions, topic: str, before_the_end: Callable[[], None]) -> None:
    """Abort only when the record is in the log."""
    with pytest.raises(ZeroDivisionError), producer.transaction() as transaction:
        transaction.send(Message(topic=topic, key=b"k", value=b"aborted"))
        transaction._settle()
        before_the_end()
        1 / 0  # noqa: B018


def seen(broker: KafkaBroker, topic: str) -> list[bytes]:
    return [record.value for record in broker.read(topic)]


@pytest.mark.slow
def test_what_was_aborted_without_a_leader_stays_unseen(pair: Pair, broker: KafkaBroker) -> None:
    pair.make("abort")
    producer = broker.producer("p")
    with capture_logs() as said:
        put_and_abort(producer, "abort", lambda: pair.lose_the_leader("abort"))
        with back_soon(pair):
            put(producer, "abort", b"next")

    assert seen(broker, "abort") == [b"next"]
    assert {"kafka_transaction_left_open"} <= {line["event"] for line in said}


def lose_the_leader_before_the_commit(
    pair: Pair, topic: str, producer: KafkaTransactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = producer.commit

    def without_a_leader(*arguments: Any) -> None:
        monkeypatch.undo()
        pair.lose_the_leader(topic)
        with back_soon(pair):
            commit(*arguments)

    monkeypatch.setattr(producer, "commit", without_a_leader)


@pytest.mark.slow
def test_what_was_committed_without_a_leader_is_seen_and_stays_so(
    pair: Pair, broker: KafkaBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.make("commit")
    producer = broker.producer("p")
    lose_the_leader_before_the_commit(pair, "commit", producer, monkeypatch)
    with capture_logs() as said:
        put(producer, "commit", b"committed")
    at_once = seen(broker, "commit")
    put_and_abort(producer, "commit", lambda: None)
    put(producer, "commit", b"next")

    assert (at_once, seen(broker, "commit")) == ([b"committed"], [b"committed", b"next"])
    assert {"kafka_transaction_left_open"} <= {line["event"] for line in said}


@pytest.mark.slow
def test_what_a_killed_worker_left_open_is_ended_by_its_successor(pair: Pair, broker: KafkaBroker) -> None:
    pair.make("killed")
    killed = broker.producer("p")
    killed._kafka.begin_transaction()
    killed.send(Message(topic="killed", key=b"k", value=b"aborted"))
    killed.flush(0)
    killed._dispose()
    pair.lose_the_leader("killed")
    with capture_logs() as said, back_soon(pair):
        successor = broker.producer("p")
    put(successor, "killed", b"next")

    assert seen(broker, "killed") == [b"next"]
    assert {"kafka_transaction_left_open"} <= {line["event"] for line in said}


@pytest.mark.parametrize(
    ("text", "value"), [("", 0), ("transform", 1052666732), ("نص", 51375), ("polygenelubricants", 0)]
)
def test_a_group_is_found_where_java_would_put_it(text: str, value: int) -> None:
    assert java_hash(text) == value
