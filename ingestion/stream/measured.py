"""Sinks that measure what passes through them, and say what a service makes of losing a race."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain

from ingestion.article import Tally
from ingestion.errors import Fenced, Unavailable
from ingestion.ports import Columns, Indexed, Lake, Ledger, Positions, Row, SearchSink, TopicPartition
from ingestion.telemetry.metrics import FRESHNESS, OUTCOMES, TAKEN_BACK, Sample

Measured = Callable[..., None]
"""Takes samples."""


class MeasuredIndex:
    """`ports.SearchSink`: how long after its arrival each article is searchable."""

    def __init__(self, sink: SearchSink, measured: Measured) -> None:
        self._sink = sink
        self._measured = measured

    def bulk(self, rows: Sequence[Row]) -> Sequence[Indexed]:
        """Write rows; those that are refused are not measured."""
        results = self._sink.bulk(rows)
        now = datetime.now(UTC)
        ages = [_age_seconds(row, now) for row, result in zip(rows, results, strict=True) if not result.error]
        self._measured(*(Sample(FRESHNESS.name, (), age) for age in ages))
        return results


class MeasuredLedger:
    """`ports.Ledger`: outcomes, as they are entered."""

    def __init__(self, ledger: Ledger, measured: Measured) -> None:
        self._ledger = ledger
        self._measured = measured

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Where the ledger stands."""
        return self._ledger.next_offset(partition)

    def fold(self, tallies: Sequence[Tally], starts: Positions, ends: Positions) -> None:
        """Add tallies. Raises `Unavailable` also where another worker was faster; see `overtaken`."""
        try:
            self._ledger.fold(tallies, starts, ends)
        except Fenced as fault:
            raise overtaken(fault) from fault
        self._measured(*chain.from_iterable(map(_samples, tallies)))


class SharedLake:
    """`ports.Lake`, which other programs may write too."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Where the lake stands."""
        return self._lake.next_offset(partition)

    def append(self, articles: Columns, starts: Positions, ends: Positions) -> None:
        """Commit. Raises `Unavailable` also where another worker was faster; see `overtaken`."""
        try:
            self._lake.append(articles, starts, ends)
        except Fenced as fault:
            raise overtaken(fault) from fault


def overtaken(fault: Fenced) -> Unavailable:
    """A sink that another program has moved on is no reason to end a service.

    It is read anew from where the sink stands now. A producer or a member that is fenced is another
    matter: somebody else has this slot, and the service ends.
    """
    return Unavailable(str(fault))


def _age_seconds(row: Row, now: datetime) -> float:
    arrived = row["ingested_at"]
    assert isinstance(arrived, datetime)
    return max(0.0, (now - arrived).total_seconds())


def _samples(tally: Tally) -> list[Sample]:
    found = []
    for label, count in tally.outcomes.items():
        outcome, _, reason = label.partition("/")
        if count > 0:
            found.append(Sample(OUTCOMES.name, (tally.stage, outcome, reason), count))
        elif count < 0:
            found.append(Sample(TAKEN_BACK.name, (tally.stage, outcome), -count))
    return found
