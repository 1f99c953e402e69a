"""Backfills and their buckets: what was asked, what each bucket is to do, how far it is."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, insert, select, update

from ingestion.state.database import StateDatabase
from ingestion.state.tables import backfill_buckets, backfills

CANCELLED = "cancelled"
"""The failure of a bucket that nobody wants any more."""


class Backfill(Struct, frozen=True, kw_only=True):
    """One backfill; `request` is JSON of whoever asked."""

    backfill_id: str
    request: str
    asked_at: datetime
    paused_at: datetime | None


class Bucket(Struct, frozen=True, kw_only=True):
    """One bucket of it, without its plan.

    `total` and `done` are counted in what the bucket consists of, addresses or bytes; `total` is None
    until it is known. `entered` counts documents. A `failure` with `ended_at` is for good.
    """

    backfill_id: str
    bucket: int
    total: int | None
    done: int
    entered: int
    began_at: datetime | None
    ended_at: datetime | None
    failure: str | None

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do."""
        return self.ended_at is None


class SqlBackfills:
    """Backfills in SQL. Safe for several processes; the newest word counts."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def add(self, backfill_id: str, request: str, plans: Sequence[bytes]) -> None:
        """Remember a request with all its buckets, or nothing of it."""
        row = {"backfill_id": backfill_id, "request": request, "asked_at": datetime.now(UTC)}
        with self._database.transaction() as connection:
            connection.execute(insert(backfills).values(**row))
            for number, plan in enumerate(plans):
                values = {"backfill_id": backfill_id, "bucket": number, "plan": plan, "done": 0, "entered": 0}
                connection.execute(insert(backfill_buckets).values(**values))

    def all(self) -> list[Backfill]:
        """List them, newest first."""
        query = select(backfills).order_by(backfills.c.asked_at.desc(), backfills.c.backfill_id)
        with self._database.transaction() as connection:
            return [Backfill(**_values(row)) for row in connection.execute(query)]

    def one(self, backfill_id: str) -> Backfill | None:
        """Find one by its id."""
        query = select(backfills).where(backfills.c.backfill_id == backfill_id)
        with self._database.transaction() as connection:
            row = connection.execute(query).one_or_none()
        return Backfill(**_values(row)) if row else None

    def buckets(self, backfill_id: str) -> list[Bucket]:
        """List the buckets of one backfill in their order."""
        columns = [column for column in backfill_buckets.c if column.name != "plan"]
        query = select(*columns).where(backfill_buckets.c.backfill_id == backfill_id)
        with self._database.transaction() as connection:
            rows = connection.execute(query.order_by(backfill_buckets.c.bucket)).all()
        return [Bucket(**_values(row)) for row in rows]

    def plan(self, backfill_id: str, bucket: int) -> bytes:
        """Read what a bucket is to do."""
        with self._database.transaction() as connection:
            plan: bytes = connection.execute(
                select(backfill_buckets.c.plan).where(*_at(backfill_id, bucket))
            ).scalar_one()
        return plan

    def keep_plan(self, backfill_id: str, bucket: int, plan: bytes) -> None:
        """Remember what was found out of what a bucket is to do."""
        self._change(backfill_id, bucket, {"plan": plan})

    def begin(self, backfill_id: str, bucket: int) -> None:
        """Note that a bucket is worked on; its last failure is history."""
        now = datetime.now(UTC)
        with self._database.transaction() as connection:
            at = _at(backfill_id, bucket)
            connection.execute(update(backfill_buckets).where(*at).values(failure=None))
            unbegun = backfill_buckets.c.began_at.is_(None)
            connection.execute(update(backfill_buckets).where(*at, unbegun).values(began_at=now))

    def progress(self, backfill_id: str, bucket: int, *, total: int | None, done: int, entered: int) -> None:
        """Note how far a bucket is."""
        self._change(backfill_id, bucket, {"total": total, "done": done, "entered": entered})

    def fail(self, backfill_id: str, bucket: int, failure: str) -> None:
        """Note why a bucket could not go on; it stays open."""
        self._change(backfill_id, bucket, {"failure": failure})

    def end(self, backfill_id: str, bucket: int, note: str | None = None) -> None:
        """Note that a bucket is done, perhaps with something that is to be known about it."""
        self._change(backfill_id, bucket, {"ended_at": datetime.now(UTC), "failure": note})

    def pause(self, backfill_id: str, *, paused: bool) -> None:
        """Pause a backfill or let it go on."""
        at = datetime.now(UTC) if paused else None
        with self._database.transaction() as connection:
            connection.execute(
                update(backfills).where(backfills.c.backfill_id == backfill_id).values(paused_at=at)
            )

    def cancel(self, backfill_id: str) -> None:
        """End every bucket that is open."""
        table = backfill_buckets.c
        with self._database.transaction() as connection:
            connection.execute(
                update(backfill_buckets)
                .where(table.backfill_id == backfill_id, table.ended_at.is_(None))
                .values(ended_at=datetime.now(UTC), failure=CANCELLED)
            )

    def is_stopped(self, backfill_id: str, bucket: int) -> bool:
        """Whether whoever works on the bucket is to leave it: paused, or ended by somebody else."""
        query = (
            select(backfills.c.paused_at, backfill_buckets.c.ended_at)
            .join(backfill_buckets, backfill_buckets.c.backfill_id == backfills.c.backfill_id)
            .where(*_at(backfill_id, bucket))
        )
        with self._database.transaction() as connection:
            paused_at, ended_at = connection.execute(query).one()
        return paused_at is not None or ended_at is not None

    def _change(self, backfill_id: str, bucket: int, values: Mapping[str, Any]) -> None:
        """Change an open bucket; one that was cancelled stays as it is."""
        unended = backfill_buckets.c.ended_at.is_(None)
        with self._database.transaction() as connection:
            connection.execute(
                update(backfill_buckets).where(*_at(backfill_id, bucket), unended).values(**values)
            )


def _at(backfill_id: str, bucket: int) -> tuple[Any, Any]:
    return backfill_buckets.c.backfill_id == backfill_id, backfill_buckets.c.bucket == bucket


def _values(row: Row[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row._mapping.items()}  # noqa: SLF001 - the public name of it
