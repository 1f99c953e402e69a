"""What every broker keeps to; a new adapter is added in `peers` and must pass unchanged."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ingestion.broker.embedded import EmbeddedBroker
from ingestion.errors import ConfigurationError, Fenced, Rebalanced
from ingestion.ports import Broker, Consumer, Message, Record, Topic, TopicPartition

TOPICS = [
    Topic(name="in", partitions=2, retention_seconds=None),
    Topic(name="out", partitions=1, retention_seconds=None),
]
Open = Callable[[], Broker]


@pytest.fixture(params=["embedded"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    assert request.param == "embedded"
    return lambda: EmbeddedBroker(tmp_path / "log.sqlite")


@pytest.fixture
def broker(peer: Open) -> Iterator[Broker]:
    opened = peer()
    opened.create_topics(TOPICS)
    yield opened
    opened.close()


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


def test_a_second_producer_with_the_same_id_fences_the_first(broker: Broker, peer: Open) -> None:
    first = broker.producer("same")
    second = peer().producer("same")
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


def test_two_members_share_the_partitions_and_read_each_record_once(broker: Broker, peer: Open) -> None:
    produce(broker, [str(number) for number in range(100)])
    one, two = broker.consumer("g", ["in"]), peer().consumer("g", ["in"])
    poll(one, max_records=0)
    poll(two, max_records=0)
    read = [poll(one), poll(two)]

    assert all(read)
    assert sorted(texts([*read[0], *read[1]]), key=int) == [str(number) for number in range(100)]


def test_a_batch_that_went_to_a_new_member_cannot_be_committed(broker: Broker, peer: Open) -> None:
    produce(broker, ["a", "b", "c", "d"])
    slow = broker.consumer("g", ["in"])
    batch = poll(slow)
    poll(peer().consumer("g", ["in"]))
    with pytest.raises(Rebalanced), broker.producer("t").transaction() as transaction:
        transaction.send(message("doubled", topic="out"))
        transaction.advance(slow, ends(batch))

    assert not list(broker.read("out"))


def test_after_a_rebalance_a_member_reads_its_uncommitted_records_again(broker: Broker, peer: Open) -> None:
    produce(broker, [str(number) for number in range(20)])
    slow = broker.consumer("g", ["in"])
    poll(slow)
    other = peer().consumer("g", ["in"])
    shares = [poll(other), poll(slow)]

    assert sorted(texts([*shares[0], *shares[1]]), key=int) == [str(number) for number in range(20)]


def test_the_partitions_of_a_member_that_leaves_pass_on(broker: Broker, peer: Open) -> None:
    produce(broker, [str(number) for number in range(20)])
    one, two = broker.consumer("g", ["in"]), peer().consumer("g", ["in"])
    poll(one, max_records=0)
    two.close()

    assert len(poll(one)) == 20


def test_creating_topics_again_keeps_their_records(broker: Broker) -> None:
    produce(broker, ["a"])
    broker.create_topics(TOPICS)

    assert texts(poll(broker.consumer("g", ["in"]))) == ["a"]


def test_records_past_their_retention_are_let_go_and_offsets_go_on(peer: Open) -> None:
    brief = [Topic(name="brief", partitions=1, retention_seconds=0)]
    broker = peer()
    broker.create_topics(brief)
    produce(broker, ["old"], topic="brief")
    broker.create_topics(brief)
    produce(broker, ["young"], topic="brief")

    assert [(r.value, r.offset) for r in broker.read("brief")] == [(b"young", 1)]


def test_nobody_is_behind_for_records_past_their_retention(peer: Open) -> None:
    brief = [Topic(name="brief", partitions=1, retention_seconds=0)]
    broker = peer()
    broker.create_topics(brief)
    produce(broker, ["old"], topic="brief")
    broker.create_topics(brief)
    consumer = broker.consumer("g", ["brief"])

    assert (poll(consumer), consumer.behind(), broker.lag("g", "brief")) == ([], 0, 0)


KILLED_MEMBER = """
    import sys, time
    from pathlib import Path
    from ingestion.broker.embedded import EmbeddedBroker
    broker = EmbeddedBroker(Path(sys.argv[1]))
    consumer = broker.consumer("g", ["in"])
    consumer.poll(max_records=1, max_bytes=1, timeout_seconds=0)
    print("joined", flush=True)
    time.sleep(60)
"""


def test_the_partitions_of_a_killed_member_pass_on_at_once(broker: Broker, tmp_path: Path) -> None:
    produce(broker, [str(number) for number in range(20)])
    script = textwrap.dedent(KILLED_MEMBER)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log.sqlite")], stdout=subprocess.PIPE
    ) as member:
        assert member.stdout is not None
        assert member.stdout.readline() == b"joined\n"
        survivor = broker.consumer("g", ["in"])
        shared = poll(survivor)
        os.kill(member.pid, signal.SIGKILL)
        member.wait()
        taken_over = poll(survivor)

    assert 0 < len(shared) < 20
    assert len(taken_over) == 20, "uncommitted, so all of them are read again"


WRITER = """
    import sys
    from pathlib import Path
    from ingestion.broker.embedded import EmbeddedBroker
    from ingestion.ports import Message
    broker = EmbeddedBroker(Path(sys.argv[1]))
    producer = broker.producer(sys.argv[2])
    for batch in range(20):
        with producer.transaction() as transaction:
            for number in range(10):
                value = f"{sys.argv[2]}:{batch}:{number}".encode()
                transaction.send(Message(topic="in", key=value, value=value))
"""


def test_processes_write_at_once_without_losing_or_doubling(broker: Broker, tmp_path: Path) -> None:
    script = textwrap.dedent(WRITER)
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "log.sqlite"), f"w{number}"])
        for number in range(4)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    values = texts(list(broker.read("in")))

    assert len(values) == len(set(values)) == 800
