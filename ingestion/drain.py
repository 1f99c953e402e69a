"""Reading a topic until caught up, in batches of bounded size. Also how a job is told to stop."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingestion.errors import Rebalanced
from ingestion.ports import Consumer, Observer, Positions, Record


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much one job does: it ends when it has caught up, or at the first of these bounds."""

    batch_records: int = 500
    batch_bytes: int = 32 * 1024 * 1024
    job_records: int = 1_000_000
    job_seconds: float = 3600.0


def drain(
    consumer: Consumer, budget: Budget, observer: Observer, handle: Callable[[Sequence[Record]], None]
) -> int:
    """Hand over batch after batch, and return how many records were handled.

    A batch whose partitions went to another worker is that worker's: it is dropped here.
    """
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
        try:
            if records:
                handle(records)
                handled += len(records)
        except Rebalanced as given_away:
            observer.reached("drain.rebalanced", reason=str(given_away))
    return handled


def ends_of(records: Sequence[Record]) -> Positions:
    """Where reading goes on after these records."""
    return {record.at: record.offset + 1 for record in records}


def starts_of(records: Sequence[Record]) -> Positions:
    """Where reading of these records began."""
    return {record.at: record.offset for record in reversed(records)}
