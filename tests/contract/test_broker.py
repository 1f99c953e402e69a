"""What every broker keeps to: the embedded log and Kafka pass the same tests."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from ingestion.errors import ConfigurationError, Fenced, Rebalanced
from ingestion.ports import Broker, Consumer, Message, Record, Topic, TopicPartition
from ingestion.settings import load_settings
from ingestion.wiring import Wiring

TOPICS = [
    Topic(name="in", partitions=2, retention_seconds=None),
    Topic(name="out", partitions=1, retention_seconds=None),
]
T = TypeVar("T")
SESSION_SECONDS = 6.0
"""The shortest that Kafka's brokers allow by default."""


class Peer:
    """A log of its own for one test, opened as often as the test likes, here or in a child process."""

    def __init__(self, url: str, **settings: object) -> None:
        self.url = url
        self._settings = settings
        self._opened = ExitStack()
        self._slots = 0

    def open(self, slot: str | None = None) -> Broker:
        """Open it as another worker would."""
        self._slots += 1
        settings = load_settings(broker=self.url, slot=slot or f"slot-{self._slots}", **self._settings)
        wiring = self._opened.enter_context(Wiring(settings))
        return wiring.broker

    @property
    def variables(self) -> dict[str, str]:
        """What a child process has to know to open it."""
        kafka = self._settings.get("kafka", {})
        assert isinstance(kafka, dict)
        nested = {f"NEWS_KAFKA__{name.upper()}": str(value) for name, value in kafka.items()}
        return {**os.environ, "NEWS_BROKER": self.url, "PYTHONPATH": os.pathsep.join(sys.path), **nested}

    def expire(self, broker: Broker, topic: Topic) -> None:
        """Let the retention of a topic do its work now. A cluster does so every few minutes."""
        if self.url.startswith("log:"):
            broker.create_topics([topic])
            return
        from kafka import KafkaAdminClient
        from kafka import TopicPartition as KafkaPartition

        admin = KafkaAdminClient(bootstrap_servers=self.url.removeprefix("kafka://"))
        admin.delete_records({KafkaPartition(self.prefix + topic.name, 0): -1})
        admin.close()

    @property
    def prefix(self) -> str:
        kafka = self._settings.get("kafka", {})
        assert isinstance(kafka, dict)
        return str(kafka.get("prefix", ""))

    def close(self) -> None:
        self._opened.close()


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.servers)])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    if request.param == "embedded":
        made = Peer(f"log:{tmp_path / 'log.sqlite'}", data_dir=tmp_path)
    else:
        kafka = {
            "prefix": f"{uuid.uuid4().hex[:12]}.",
            "session_seconds": SESSION_SECONDS,
            "poll_interval_seconds": SESSION_SECONDS,
        }
        made = Peer(request.getfixturevalue("kafka_url"), data_dir=tmp_path, kafka=kafka)
    yield made
    made.close()


@pytest.fixture
def broker(peer: Peer) -> Broker:
    opened = peer.open()
    opened.create_topics(TOPICS)
    return opened


def message(value: str, key: str | None = None, topic: str = "in") -> Message:
    return Message(topic=topic, key=(key or value).encode(), value=value.encode(), headers={"مصدر": "خبر"})


def produce(broker: Broker, values: Sequence[str], topic: str = "in", producer_id: str = "p") -> None:
    with broker.producer(producer_id).transaction() as transaction:
        for value in values:
            transaction.send(message(value, topic=topic))


def poll(consumer: Consumer, max_records: int = 1000, max_bytes: int = 10**9) -> Sequence[Record]:
    return consumer.poll(max_records=max_records, max_bytes=max_bytes, timeout_seconds=0)


def texts(records: Sequence[Record]) -> list[str]:
    return [record.value.decode() for record in records]


def ends(records: Sequence[Record]) -> dict[TopicPartition, int]:
    return {record.at: record.offset + 1 for record in records}


def test_what_is_produced_is_read_with_its_key_headers_and_time(broker: Broker) -> None:
    produce(broker, ["a"])
    (record,) = poll(broker.consumer("g", ["in"]))

    assert (record.key, record.value, record.headers, record.offset) == (b"a", b"a", {"مصدر": "خبر"}, 0)
    assert abs(time.time() - record.timestamp.timestamp()) < 60


def test_every_log_has_an_id_of_its_own_and_keeps_it(peer: Peer, broker: Broker) -> None:
    ids = {name: broker.topic_id(name) for name in ("in", "out")}

    assert len(set(ids.values())) == 2
    assert peer.open().topic_id("in") == ids["in"]
    with pytest.raises(ConfigurationError, match=r"no topic .*elsewhere"):
        broker.topic_id("elsewhere")


def test_equal_keys_keep_their_order(broker: Broker) -> None:
    with broker.producer("p").transaction() as transaction:
        for number in range(50):
            transaction.send(message(f"{number % 5}:{number:02}", key=f"key{number % 5}"))
    read = texts(poll(broker.consumer("g", ["in"])))

    for key in range(5):
        of_key = [text for text in read if text.startswith(f"{key}:")]
        assert len(of_key) == 10
        assert of_key == sorted(of_key)


def test_an_aborted_transaction_leaves_nothing(broker: Broker) -> None:
    producer = broker.producer("p")
    with pytest.raises(RuntimeError), producer.transaction() as transaction:
        transaction.send(message("lost"))
        raise RuntimeError
    produce(broker, ["kept"])

    assert texts(poll(broker.consumer("g", ["in"]))) == ["kept"]


def test_a_message_for_a_missing_topic_aborts_the_whole_transaction(broker: Broker) -> None:
    with (
        pytest.raises(ConfigurationError, match="nowhere"),
        broker.producer("p").transaction() as transaction,
    ):
        transaction.send(message("a"))
        transaction.send(message("b", topic="nowhere"))

    assert not poll(broker.consumer("g", ["in"]))


def test_outputs_and_input_offsets_move_together(broker: Broker) -> None:
    produce(broker, ["a", "b", "c"])
    consumer = broker.consumer("g", ["in"])
    batch = poll(consumer)
    with broker.producer("t").transaction() as transaction:
        for record in batch:
            transaction.send(message(record.value.decode().upper(), topic="out"))
        transaction.advance(consumer, ends(batch))
    consumer.close()

    assert not poll(broker.consumer("g", ["in"]))
    assert sorted(texts(list(broker.read("out")))) == ["A", "B", "C"]
    assert broker.lag("g", "in") == 0


def test_an_abort_leaves_the_offsets_where_they_were(broker: Broker) -> None:
    produce(broker, ["a", "b"])
    consumer = broker.consumer("g", ["in"])
    batch = poll(consumer)
    with pytest.raises(RuntimeError), broker.producer("t").transaction() as transaction:
        transaction.advance(consumer, ends(batch))
        raise RuntimeError
    consumer.close()

    assert broker.lag("g", "in") == 2
    assert sorted(texts(poll(broker.consumer("g", ["in"])))) == ["a", "b"]


def test_a_second_producer_with_the_same_id_fences_the_first(broker: Broker, peer: Peer) -> None:
    first = broker.producer("same")
    second = peer.open().producer("same")
    with pytest.raises(Fenced), first.transaction() as transaction:
        transaction.send(message("zombie"))
    with second.transaction() as transaction:
        transaction.send(message("alive"))

    assert texts(poll(broker.consumer("g", ["in"]))) == ["alive"]


def test_a_group_goes_on_where_it_committed(broker: Broker) -> None:
    produce(broker, ["a", "b", "c", "d"])
    consumer = broker.consumer("g", ["in"])
    first = poll(consumer, max_records=2)
    consumer.commit(ends(first))
    poll(consumer)
    consumer.close()
    rest = poll(broker.consumer("g", ["in"]))

    assert sorted(texts(first) + texts(rest)) == ["a", "b", "c", "d"]


def test_groups_do_not_see_each_other(broker: Broker) -> None:
    produce(broker, ["a"])
    one = broker.consumer("one", ["in"])
    one.commit(ends(poll(one)))

    assert texts(poll(broker.consumer("two", ["in"]))) == ["a"]
    assert (broker.lag("one", "in"), broker.lag("two", "in")) == (0, 1)


def test_a_start_of_ones_own_goes_before_the_committed_offset(broker: Broker) -> None:
    produce(broker, ["a", "b", "c"], topic="out")
    consumer = broker.consumer("g", ["out"])
    consumer.commit(ends(poll(consumer)))
    consumer.close()
    own = broker.consumer("g", ["out"], start_at=lambda partition: {0: 1}[partition.partition])

    assert texts(poll(own)) == ["b", "c"]
    assert own.committed(TopicPartition("out", 0)) == 3


def test_a_batch_is_bounded_by_bytes_yet_never_empty(broker: Broker) -> None:
    produce(broker, ["x" * 1000, "y" * 1000, "z" * 1000], topic="out")
    consumer = broker.consumer("g", ["out"])
    sizes = [len(poll(consumer, max_bytes=limit)) for limit in (10, 2500, 2500)]

    assert sizes == [1, 2, 0]


def test_behind_counts_what_is_not_read_yet(broker: Broker) -> None:
    produce(broker, ["a", "b", "c"])
    consumer = broker.consumer("g", ["in"])
    before = consumer.behind()
    poll(consumer, max_records=2)

    assert (before, consumer.behind()) == (3, 1)


def at_once(*actions: Callable[[], T]) -> list[T]:
    """Members of one group act at the same time, as processes would: each waits for the others."""
    with ThreadPoolExecutor(len(actions)) as threads:
        return [future.result() for future in [threads.submit(action) for action in actions]]


def settle(*members: Consumer, records: int) -> None:
    """Have the members poll until each has its share of the partitions, and take nothing."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        shares = at_once(*(member.behind for member in members))
        if all(shares) and sum(shares) == records:
            return
    pytest.fail(f"the group did not settle: {shares}")


def await_records(consumer: Consumer) -> Sequence[Record]:
    return consumer.poll(max_records=1000, max_bytes=10**9, timeout_seconds=60)


def test_two_members_share_the_partitions_and_read_each_record_once(broker: Broker, peer: Peer) -> None:
    produce(broker, [str(number) for number in range(100)])
    one, two = broker.consumer("g", ["in"]), peer.open().consumer("g", ["in"])
    settle(one, two, records=100)
    read = at_once(lambda: poll(one), lambda: poll(two))

    assert all(read)
    assert sorted(texts([*read[0], *read[1]]), key=int) == [str(number) for number in range(100)]


def test_a_batch_that_went_to_a_new_member_cannot_be_committed(broker: Broker, peer: Peer) -> None:
    produce(broker, [str(number) for number in range(20)])
    slow = broker.consumer("g", ["in"])
    batch = poll(slow)
    taken_over = await_records(peer.open().consumer("g", ["in"]))  # while `slow` does not poll
    with pytest.raises(Rebalanced), broker.producer("t").transaction() as transaction:
        transaction.send(message("doubled", topic="out"))
        transaction.advance(slow, ends(batch))

    assert taken_over
    assert not list(broker.read("out"))


def test_after_a_rebalance_a_member_reads_its_uncommitted_records_again(broker: Broker, peer: Peer) -> None:
    produce(broker, [str(number) for number in range(20)])
    slow = broker.consumer("g", ["in"])
    poll(slow)
    other = peer.open().consumer("g", ["in"])
    shares = at_once(lambda: await_records(other), lambda: await_records(slow))

    assert sorted(texts([*shares[0], *shares[1]]), key=int) == [str(number) for number in range(20)]


def test_a_refused_batch_is_read_again_by_the_member_that_stays(broker: Broker, peer: Peer) -> None:
    produce(broker, [str(number) for number in range(20)])
    slow = broker.consumer("g", ["in"])
    batch = poll(slow)
    guest = peer.open().consumer("g", ["in"])
    await_records(guest)
    guest.close()
    with pytest.raises(Rebalanced):
        slow.commit(ends(batch))

    assert sorted(texts(await_records(slow)), key=int) == [str(number) for number in range(20)]


def test_the_partitions_of_a_member_that_leaves_pass_on(broker: Broker, peer: Peer) -> None:
    produce(broker, [str(number) for number in range(20)])
    one, two = broker.consumer("g", ["in"]), peer.open().consumer("g", ["in"])
    settle(one, two, records=20)
    two.close()
    settle(one, records=20)

    assert len(poll(one)) == 20


def test_creating_topics_again_keeps_their_records(broker: Broker) -> None:
    produce(broker, ["a"])
    broker.create_topics(TOPICS)

    assert texts(poll(broker.consumer("g", ["in"]))) == ["a"]


BRIEF = Topic(name="brief", partitions=1, retention_seconds=0)


def test_records_past_their_retention_are_let_go_and_offsets_go_on(peer: Peer) -> None:
    broker = peer.open()
    broker.create_topics([BRIEF])
    produce(broker, ["old"], topic="brief")
    peer.expire(broker, BRIEF)
    produce(broker, ["young"], topic="brief")
    (record,) = broker.read("brief")

    assert record.value == b"young"
    assert record.offset > 0


def test_nobody_is_behind_for_records_past_their_retention(peer: Peer) -> None:
    broker = peer.open()
    broker.create_topics([BRIEF])
    produce(broker, ["old"], topic="brief")
    peer.expire(broker, BRIEF)
    consumer = broker.consumer("g", ["brief"])

    assert (poll(consumer), consumer.behind(), broker.lag("g", "brief")) == ([], 0, 0)


def test_a_start_that_the_retention_has_passed_begins_at_the_oldest_record(peer: Peer) -> None:
    broker = peer.open()
    broker.create_topics([BRIEF])
    produce(broker, ["old"], topic="brief")
    peer.expire(broker, BRIEF)
    produce(broker, ["young"], topic="brief")

    assert texts(poll(broker.consumer("g", ["brief"], start_at=lambda _: 0))) == ["young"]


CHILD = """
    import sys, time
    from ingestion.ports import (Message)
    from ingestion.settings import load_settings
    from ingestion.wiring import Wiring
    slot = sys.argv[1]
    wiring = Wiring(load_settings(slot=slot))
    broker = wiring.broker
"""
MEMBER = """
    consumer = broker.consumer("g", ["in"])
    consumer.poll(max_records=0, max_bytes=1, timeout_seconds=0)
    print("joined", flush=True)
    consumer.poll(max_records=0, max_bytes=1, timeout_seconds=0)
    while True:
        time.sleep(0.1)
        consumer.poll(max_records=0, max_bytes=1, timeout_seconds=0)
"""


def child(peer: Peer, script: str, slot: str) -> "subprocess.Popen[bytes]":
    """Run a script as another process that has the log open as `broker`."""
    whole = textwrap.dedent(CHILD) + textwrap.dedent(script)
    return subprocess.Popen([sys.executable, "-c", whole, slot], stdout=subprocess.PIPE, env=peer.variables)


def test_the_partitions_of_a_killed_member_pass_on(broker: Broker, peer: Peer) -> None:
    produce(broker, [str(number) for number in range(20)])
    with child(peer, MEMBER, "killed") as member:
        assert member.stdout is not None
        assert member.stdout.readline() == b"joined\n"
        survivor = broker.consumer("g", ["in"])
        shared = await_records(survivor)
        os.kill(member.pid, signal.SIGKILL)
        member.wait()
        settle(survivor, records=20)
        taken_over = poll(survivor)

    assert 0 < len(shared) < 20
    assert len(taken_over) == 20, "uncommitted, so all of them are read again"


def test_a_killed_member_that_is_started_again_goes_on_at_once(broker: Broker, peer: Peer) -> None:
    produce(broker, [str(number) for number in range(20)])
    with child(peer, MEMBER, "same") as member:
        assert member.stdout is not None
        assert member.stdout.readline() == b"joined\n"
        os.kill(member.pid, signal.SIGKILL)
        member.wait()

    assert len(poll(peer.open("same").consumer("g", ["in"]))) == 20


WRITER = """
    producer = broker.producer(slot)
    for batch in range(20):
        with producer.transaction() as transaction:
            for number in range(10):
                value = f"{slot}:{batch}:{number}".encode()
                transaction.send(Message(topic="in", key=value, value=value))
"""


def test_processes_write_at_once_without_losing_or_doubling(broker: Broker, peer: Peer) -> None:
    writers = [child(peer, WRITER, f"w{number}") for number in range(4)]
    for writer in writers:
        writer.communicate()
    values = texts(list(broker.read("in")))

    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert len(values) == len(set(values)) == 800
