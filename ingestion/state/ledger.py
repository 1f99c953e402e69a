"""The ledger: for each run and source, documents in and what became of them.

It is a fold of the topic `news.outcomes`; counts and offsets move in one SQL transaction, so each
tally is added exactly once.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from ingestion.article import Tally
from ingestion.errors import Fenced
from ingestion.ports import Positions, TopicId, TopicPartition
from ingestion.state.database import StateDatabase
from ingestion.state.tables import ledger_entries, ledger_offsets, ledger_runs

ENTERED = "entered"


class Balance(Struct, frozen=True, kw_only=True):
    """One source in one run: what entered, and what became of it."""

    run_id: str
    source_id: str
    entered: int
    outcomes: dict[str, int]

    @property
    def open_documents(self) -> int:
        """Documents that entered and have no outcome yet; 0 when the ledger balances."""
        return self.entered - sum(self.outcomes.values())


class SqlLedger:
    """`ports.Ledger` over SQL."""

    def __init__(self, database: StateDatabase, *, topic_id: TopicId = str) -> None:
        self._database = database
        self._topic_id = cache(topic_id)

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Where the ledger stands in this log."""
        with self._database.transaction() as connection:
            return _next_offset(connection, self._log(partition))

    def fold(self, tallies: Sequence[Tally], starts: Positions, ends: Positions) -> None:
        """Add tallies, and `ends` with them."""
        with self._database.transaction() as connection:
            for partition, start in starts.items():
                stands = _next_offset(connection, self._log(partition))
                if stands is not None and stands > start:
                    raise Fenced(f"the ledger stands at {stands} of {partition}, beyond {start}")
            _add(connection, tallies)
            _move(connection, {self._log(at): offset for at, offset in ends.items()})

    def _log(self, at: TopicPartition) -> TopicPartition:
        """Name the very log, so that offsets of another one mean nothing here."""
        return TopicPartition(f"{at.topic}@{self._topic_id(at.topic)}", at.partition)

    def balances(self, run_id: str | None = None) -> list[Balance]:
        """Read one run, or all of them, newest first."""
        wanted = ledger_entries.join(ledger_runs, ledger_entries.c.run_id == ledger_runs.c.run_id)
        query = select(ledger_entries).select_from(wanted)
        if run_id is not None:
            query = query.where(ledger_entries.c.run_id == run_id)
        query = query.order_by(ledger_runs.c.first_counted_at.desc(), ledger_entries.c.source_id)
        counts: dict[tuple[str, str], dict[str, int]] = {}
        with self._database.transaction() as connection:
            for row in connection.execute(query):
                counts.setdefault((row.run_id, row.source_id), {})[row.outcome] = row.documents
        return [_balance(run, source, found) for (run, source), found in counts.items()]

    def outcomes(self, since: datetime, before: datetime) -> dict[str, dict[str, int]]:
        """Sum up by source what became of the documents of all runs that were first counted in that time.

        What entered stands beside the outcomes, as `entered`.
        """
        begun, entry = ledger_runs.c.first_counted_at, ledger_entries.c
        # As a subquery, which SQLite looks up by the key; joined, it reads the whole ledger.
        runs = select(ledger_runs.c.run_id).where(begun >= since, begun < before)
        query = (
            select(entry.source_id, entry.outcome, func.sum(entry.documents))
            .where(entry.run_id.in_(runs))
            .group_by(entry.source_id, entry.outcome)
        )
        found: dict[str, dict[str, int]] = {}
        with self._database.transaction() as connection:
            for source_id, outcome, documents in connection.execute(query):
                found.setdefault(source_id, {})[outcome] = int(documents)
        return found


def _balance(run_id: str, source_id: str, counts: dict[str, int]) -> Balance:
    outcomes = {name: count for name, count in sorted(counts.items()) if name != ENTERED and count}
    return Balance(run_id=run_id, source_id=source_id, entered=counts.get(ENTERED, 0), outcomes=outcomes)


def _next_offset(connection: Connection, at: TopicPartition) -> int | None:
    table = ledger_offsets.c
    return connection.execute(
        select(table.next_offset).where(table.topic == at.topic, table.partition == at.partition)
    ).scalar()


def _move(connection: Connection, ends: Positions) -> None:
    for at, offset in ends.items():
        connection.execute(
            delete(ledger_offsets).where(
                ledger_offsets.c.topic == at.topic, ledger_offsets.c.partition == at.partition
            )
        )
        connection.execute(
            insert(ledger_offsets).values(topic=at.topic, partition=at.partition, next_offset=offset)
        )


def _add(connection: Connection, tallies: Sequence[Tally]) -> None:
    sums: Counter[tuple[str, str, str]] = Counter()
    for tally in tallies:
        sums[tally.run_id, tally.source_id, ENTERED] += tally.entered
        for outcome, count in tally.outcomes.items():
            sums[tally.run_id, tally.source_id, outcome] += count
    for run_id in {run_id for run_id, _, _ in sums}:
        _note_run(connection, run_id)
    for (run_id, source_id, outcome), count in sums.items():
        _add_one(connection, run_id, source_id, outcome, count)


def _note_run(connection: Connection, run_id: str) -> None:
    known = connection.execute(select(ledger_runs.c.run_id).where(ledger_runs.c.run_id == run_id)).scalar()
    if known is None:
        connection.execute(insert(ledger_runs).values(run_id=run_id, first_counted_at=datetime.now(UTC)))


def _add_one(connection: Connection, run_id: str, source_id: str, outcome: str, count: int) -> None:
    key = {"run_id": run_id, "source_id": source_id, "outcome": outcome}
    entry = ledger_entries.c
    added = connection.execute(
        update(ledger_entries)
        .where(entry.run_id == run_id, entry.source_id == source_id, entry.outcome == outcome)
        .values(documents=entry.documents + count)
    ).rowcount
    if not added:
        connection.execute(insert(ledger_entries).values(**key, documents=count))
