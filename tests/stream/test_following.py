"""Reading for ever: when a batch begins, what it tells, and that it stops when told to."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ingestion.broker.embedded import EmbeddedBroker
from ingestion.drain import Budget, Endless, drain, ends_of
from ingestion.errors import Rebalanced
from ingestion.ports import Consumer, Message, Record, Topic

TOPIC = "followed"
LONGEST_SLEEP_SECONDS = 0.05
LINGER_SECONDS = 0.02


class Steps:
    """`ports.Observer`."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, object]]] = []

    def reached(self, step: str, **facts: object) -> None:
        """Note it."""
        self.told.append((step, facts))

    def of(self, step: str) -> list[dict[str, object]]:
        """The facts of a step."""
        return [facts for name, facts in self.told if name == step]


class Clockwork:
    """Sleeps, does something at each pause, and is told to stop at the last one."""

    def __init__(self, at_pause: Callable[[int], None] = lambda _: None, pauses: int = 6) -> None:
        self.waited: list[float] = []
        self._at_pause = at_pause
        self._pauses = pauses

    def wait(self, seconds: float) -> bool:
        """Sleep a little."""
        if seconds:
            time.sleep(min(seconds, LONGEST_SLEEP_SECONDS))
            self.waited.append(seconds)
            self._at_pause(len(self.waited))
        return len(self.waited) >= self._pauses


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with closing(EmbeddedBroker(tmp_path / "log.sqlite")) as opened:
        opened.create_topics([Topic(name=TOPIC, partitions=1, retention_seconds=None)])
        yield opened


def write(broker: EmbeddedBroker, count: int, size_bytes: int = 1) -> None:
    with broker.producer("writer").transaction() as transaction:
        for _ in range(count):
            transaction.send(Message(topic=TOPIC, key=b"", value=b"." * size_bytes))


def follow(broker: EmbeddedBroker, budget: Budget, steps: Steps) -> list[int]:
    """The sizes of the batches."""
    sizes: list[int] = []
    with closing(broker.consumer("group", [TOPIC])) as consumer:

        def handle(records: Sequence[Record]) -> None:
            sizes.append(len(records))
            consumer.commit(ends_of(records))

        drain(consumer, budget, steps, handle)
    return sizes


def test_it_reads_on_when_it_has_caught_up(broker: EmbeddedBroker) -> None:
    write(broker, 3)
    clock = Clockwork(lambda pause: write(broker, 2) if pause == 3 else None)
    sizes = follow(broker, Budget(endless=Endless(wait=clock.wait, linger_seconds=LINGER_SECONDS)), Steps())

    assert sizes == [3, 2]
    assert broker.lag("group", TOPIC) == 0


def test_a_full_batch_is_followed_by_the_next_without_a_pause(broker: EmbeddedBroker) -> None:
    write(broker, 7)
    paused_after: list[int] = []
    steps = Steps()
    clock = Clockwork(lambda _: paused_after.append(len(steps.of("drain.handled"))))
    sizes = follow(
        broker,
        Budget(batch_records=2, endless=Endless(wait=clock.wait, linger_seconds=LINGER_SECONDS)),
        steps,
    )

    assert sizes == [2, 2, 2, 1]
    assert paused_after[0] == 4


def test_a_batch_that_is_full_of_bytes_is_followed_by_the_next_without_a_pause(
    broker: EmbeddedBroker,
) -> None:
    write(broker, 4, size_bytes=60)
    paused_after: list[int] = []
    steps = Steps()
    clock = Clockwork(lambda _: paused_after.append(len(steps.of("drain.handled"))))
    sizes = follow(
        broker,
        Budget(batch_bytes=100, endless=Endless(wait=clock.wait, linger_seconds=LINGER_SECONDS)),
        steps,
    )

    assert sizes == [1, 1, 1, 1]
    assert paused_after[0] >= 4


def test_a_long_pause_ends_when_a_batch_would_be_full(broker: EmbeddedBroker) -> None:
    clock = Clockwork(lambda pause: write(broker, 5) if pause == 2 else None, pauses=5)
    endless = Endless(wait=clock.wait, linger_seconds=3600)
    steps = Steps()
    sizes = follow(broker, Budget(batch_records=5, endless=endless), steps)

    assert sizes == [5]
    assert max(clock.waited) <= 1


def test_chores_are_done_between_batches(broker: EmbeddedBroker) -> None:
    write(broker, 4)
    lags: list[int] = []
    endless = Endless(wait=Clockwork().wait, between=lambda: lags.append(broker.lag("group", TOPIC)))
    follow(broker, Budget(batch_records=2, endless=endless), Steps())

    assert lags[:2] == [2, 0]


def test_each_reading_is_told_with_its_size_and_the_age_of_its_oldest_record(broker: EmbeddedBroker) -> None:
    write(broker, 2, size_bytes=10)
    steps = Steps()
    follow(broker, Budget(endless=Endless(wait=Clockwork().wait, linger_seconds=LINGER_SECONDS)), steps)
    first, *others = steps.of("drain.read")
    oldest = min(record.timestamp for record in broker.read(TOPIC))

    assert first == {"records": 2, "size_bytes": 20, "oldest": oldest}
    assert others[-1] == {"records": 0, "size_bytes": 0, "oldest": None}


def test_a_batch_that_was_given_away_is_told_and_not_counted(broker: EmbeddedBroker) -> None:
    write(broker, 2)
    steps = Steps()

    def refuse(records: Sequence[Record]) -> None:
        raise Rebalanced(f"{len(records)} of theirs")

    consumer: Consumer
    with closing(broker.consumer("group", [TOPIC])) as consumer:
        handled = drain(
            consumer,
            Budget(endless=Endless(wait=Clockwork().wait, linger_seconds=LINGER_SECONDS)),
            steps,
            refuse,
        )

    assert handled == 0
    assert steps.of("drain.rebalanced") == [{"reason": "2 of theirs"}]


def test_told_to_stop_it_reads_nothing_more(broker: EmbeddedBroker) -> None:
    write(broker, 5)
    sizes = follow(broker, Budget(endless=Endless(wait=lambda _: True)), Steps())

    assert sizes == []
    assert broker.lag("group", TOPIC) == 5
