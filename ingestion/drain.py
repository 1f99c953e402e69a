"""Reading a topic in batches of bounded size: a job until it has caught up, a service until told to stop."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingestion.errors import Rebalanced
from ingestion.ports import Consumer, Observer, Positions, Record

LOOK_SECONDS = 1.0
"""In a long pause the group hears of a member, and the member of a batch that is full, so often."""


def _nothing() -> None:
    """Do no chores."""


@dataclass(frozen=True, kw_only=True)
class Endless:
    """How a service reads on where a job ends.

    `wait` sleeps for so many seconds, or until the service is told to stop, and returns whether it was.
    A batch begins as soon as it is full, or `linger_seconds` after the one before it. `between` is called
    between two batches, when nothing is half done.
    """

    wait: Callable[[float], bool]
    linger_seconds: float = 0.2
    between: Callable[[], None] = _nothing


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much one job does: it ends when it has caught up, or at the first of these bounds.

    With `endless`, only the bounds of a batch count.
    """

    batch_records: int = 500
    batch_bytes: int = 32 * 1024 * 1024
    job_records: int = 1_000_000
    job_seconds: float = 3600.0
    endless: Endless | None = None


def drain(
    consumer: Consumer, budget: Budget, observer: Observer, handle: Callable[[Sequence[Record]], None]
) -> int:
    """Hand over batch after batch, and return how many records were handled.

    A batch whose partitions went to another worker is that worker's: it is dropped here.
    """
    if budget.endless:
        return _follow(consumer, budget, budget.endless, observer, handle)
    deadline = time.monotonic() + budget.job_seconds
    handled = 0
    while handled < budget.job_records and time.monotonic() < deadline:
        records = consumer.poll(
            max_records=min(budget.batch_records, budget.job_records - handled),
            max_bytes=budget.batch_bytes,
            timeout_seconds=0.0,
        )
        if not records and not consumer.behind():
            break
        handled += _handed_over(records, observer, handle)
    return handled


def _handed_over(
    records: Sequence[Record], observer: Observer, handle: Callable[[Sequence[Record]], None]
) -> int:
    try:
        if records:
            handle(records)
    except Rebalanced as given_away:
        observer.reached("drain.rebalanced", reason=str(given_away))
        return 0
    return len(records)


def _follow(
    consumer: Consumer,
    budget: Budget,
    endless: Endless,
    observer: Observer,
    handle: Callable[[Sequence[Record]], None],
) -> int:
    """Read on until told to stop, and tell the observer of each reading, also where nothing came.

    One poll makes one batch: records of two polls may not be put together, because the partitions may
    have been dealt anew in between.
    """
    handled = 0
    while not endless.wait(0.0):
        begun = time.monotonic()
        records = consumer.poll(
            max_records=budget.batch_records, max_bytes=budget.batch_bytes, timeout_seconds=0.0
        )
        size_bytes = sum(len(record.value) for record in records)
        oldest = min((record.timestamp for record in records), default=None)
        observer.reached("drain.read", records=len(records), size_bytes=size_bytes, oldest=oldest)
        done = _handed_over(records, observer, handle)
        observer.reached("drain.handled", records=done, seconds=time.monotonic() - begun)
        handled += done
        endless.between()
        if len(records) < budget.batch_records and 2 * size_bytes < budget.batch_bytes:
            _linger(consumer, budget, endless, begun + endless.linger_seconds)
    return handled


def _linger(consumer: Consumer, budget: Budget, endless: Endless, until: float) -> None:
    """Let records gather on the log, where they are safe, until the next batch is due or would be full."""
    while (left := until - time.monotonic()) > 0:
        if endless.wait(min(left, LOOK_SECONDS)):
            return
        if left > LOOK_SECONDS and consumer.behind() >= budget.batch_records:
            return
        endless.between()


def ends_of(records: Sequence[Record]) -> Positions:
    """Where reading goes on after these records."""
    return {record.at: record.offset + 1 for record in records}


def starts_of(records: Sequence[Record]) -> Positions:
    """Where reading of these records began."""
    return {record.at: record.offset for record in reversed(records)}
