"""Reads one bucket: its parts side by side, through the walk, until it is done, stopped or in trouble."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from ingestion import pipeline
from ingestion.backfill.parts import Means, Part, PartMaker, Progress, QuietMemory
from ingestion.backfill.store import PlanStore
from ingestion.errors import NewsError
from ingestion.source_ports import Batch
from ingestion.sources.catalogue import Entry
from ingestion.sources.crew import Bounds, Crew, Orders
from ingestion.sources.schedule import Planned, Schedule
from ingestion.state.backfills import SqlBackfills
from ingestion.wiring import Wiring

LOOK_SECONDS = 1.0
"""How soon a bucket that is read hears that its backfill was paused or cancelled."""


class BucketState(StrEnum):
    """What has become of a bucket."""

    WAITING = "waiting"
    READING = "reading"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"


class BucketReport(Struct, frozen=True, kw_only=True):
    """How far a bucket is; `failures` says by part why it could not go on."""

    backfill_id: str
    bucket: int
    title: str
    state: BucketState
    done: int
    total: int | None
    documents: int
    documents_per_second: float
    seconds_left: float | None
    failures: dict[str, str] = {}
    notes: dict[str, str] = {}


Told = Callable[[BucketReport], None]


def _nobody(report: BucketReport) -> None:
    """Tell nobody."""


def _never() -> bool:
    """Do not stop."""
    return False


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Whoever reads a bucket: hears of its progress after each batch, and may have it stopped."""

    told: Told = _nobody
    stop: Callable[[], bool] = _never


def read_bucket(
    wiring: Wiring, backfill_id: str, bucket: int, entries: Mapping[str, Entry], hands: Hands
) -> BucketReport:
    """Read a bucket on from where it stands.

    Failures of its publishers are in the report and with the bucket, which stays open. A fault of our
    own parts is raised, and remembered too.
    """
    backfills = SqlBackfills(wiring.state)
    reading = _Reading(wiring, PlanStore(backfills, backfill_id, bucket), entries, hands)
    if reading.is_stopped():
        return reading.report(BucketState.STOPPED)
    backfills.begin(backfill_id, bucket)
    try:
        return reading.read()
    except NewsError as fault:
        backfills.fail(backfill_id, bucket, f"{type(fault).__name__}: {fault}")
        raise


class _Reading:
    """One reading of one bucket."""

    def __init__(self, wiring: Wiring, store: PlanStore, entries: Mapping[str, Entry], hands: Hands) -> None:
        self._wiring = wiring
        self._store = store
        self._hands = hands
        self._backfills, self._id, self._bucket = store.backfills, store.backfill_id, store.bucket
        means = Means(
            fetcher=wiring.fetcher,
            archives=wiring.archives,
            memory=QuietMemory(wiring.source_memory),
            limits=wiring.source_limits,
            interrupt=wiring.interrupt,
        )
        self._maker = PartMaker(self._store, means, entries, name=f"{self._id}#{self._bucket}")
        self._parts: dict[str, Part] = {name: self._maker.open(name) for name in self._maker.names}
        self._counted_before = self._counted_by_nobody()
        self._began = time.monotonic()
        self._at_first = self._sum()
        self._looked_at = 0.0
        self._stopped = False

    def is_stopped(self) -> bool:
        """Whether somebody wants this bucket left alone; asked of the state now and then."""
        now = time.monotonic()
        self._stopped = self._stopped or self._hands.stop()
        if not self._stopped and now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._stopped = self._backfills.is_stopped(self._id, self._bucket)
        return self._stopped

    def read(self) -> BucketReport:
        """Read until it is done, stopped or in trouble."""
        bounds = Bounds(
            readers=min(len(self._parts), self._wiring.settings.fetch.hosts_at_once) or 1,
            batch_records=self._wiring.settings.batch_records,
            batch_bytes=self._wiring.settings.batch_bytes,
        )
        orders = Orders(open_source=self._parts.__getitem__, stop=self.is_stopped)
        crew = Crew(self._schedule(), orders, bounds, run_id=self._id, interrupt=self._wiring.interrupt)
        name = f"backfill-{self._id}-{self._bucket}"
        with closing(self._wiring.broker.producer(name)) as producer, crew:
            batches = self._noted(crew.batches())
            pipeline.collect(self._wiring.walk, batches, self._id, producer, self._wiring.source_memory)
        report = self._over(crew.failures)
        self._hands.told(report)
        return report

    def _schedule(self) -> Schedule:
        now = datetime.now(UTC)
        return Schedule(
            Planned(source_id=name, host=self._maker.host(name), due_at=now, lane="backfill")
            for name in self._parts
        )

    def _noted(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Hand batches on; what stands behind the `yield` happens once the batch is acknowledged."""
        for batch in batches:
            yield batch
            for source, visit in batch.visits:
                if isinstance(source, Part):
                    source.noted(visit)
            self._keep()
            self._hands.told(self.report(BucketState.READING))

    def _keep(self) -> None:
        now = self._sum()
        self._backfills.progress(
            self._id, self._bucket, total=now.total, done=now.done, entered=now.documents
        )

    def _over(self, failures: dict[str, str]) -> BucketReport:
        self._keep()
        notes = self._notes()
        unread = [name for name, part in self._parts.items() if not part.is_read]
        if not unread:
            self._store.forget_listings()
            self._backfills.end(self._id, self._bucket, "; ".join(notes.values()) or None)
            return self.report(BucketState.DONE, notes=notes)
        if not self._stopped:
            failures = {**dict.fromkeys(unread, "has not come to its end; run it again"), **failures}
            words = "; ".join(f"{name}: {why}" for name, why in failures.items())
            self._backfills.fail(self._id, self._bucket, words)
            return self.report(BucketState.FAILED, failures=failures, notes=notes)
        return self.report(BucketState.STOPPED, notes=notes)

    def _notes(self) -> dict[str, str]:
        found = {name: self._store.listing(name) for name in self._parts}
        return {
            name: f"{name}: " + ", ".join(told)
            for name, listing in found.items()
            if (told := list(_notes_of(listing.undated, listing.left_out)))
        }

    def report(
        self,
        state: BucketState,
        *,
        failures: dict[str, str] | None = None,
        notes: dict[str, str] | None = None,
    ) -> BucketReport:
        """Say how far the bucket is, how quickly it goes on, and how long that will still take."""
        now, seconds = self._sum(), time.monotonic() - self._began
        pace = (now.done - self._at_first.done) / seconds if seconds else 0.0
        left = (now.total - now.done) / pace if now.total is not None and pace else None
        return BucketReport(
            backfill_id=self._id,
            bucket=self._bucket,
            title=self._store.plan.title,
            state=state,
            done=now.done,
            total=now.total,
            documents=now.documents,
            documents_per_second=(now.documents - self._at_first.documents) / seconds if seconds else 0.0,
            seconds_left=0.0 if state is BucketState.DONE else left,
            failures=failures or {},
            notes=notes or {},
        )

    def _sum(self) -> Progress:
        found = [(part.progress, part.is_read) for part in self._parts.values()]
        unknown = any(progress.total is None and not is_read for progress, is_read in found)
        total = None if unknown else sum(progress.total or 0 for progress, _ in found)
        done = sum(
            progress.total if is_read and progress.total else progress.done for progress, is_read in found
        )
        documents = self._counted_before + sum(progress.documents for progress, _ in found)
        return Progress(done, total, documents)

    def _counted_by_nobody(self) -> int:
        """Count the documents of earlier readings that no bookmark tells of."""
        if all(part.tells_progress for part in self._parts.values()):
            return 0
        before = self._backfills.buckets(self._id)[self._bucket].entered
        return max(0, before - sum(part.progress.documents for part in self._parts.values()))


def _notes_of(undated: int, left_out: int) -> Iterator[str]:
    if undated:
        yield f"entries without a date, which were not asked for: {undated}"
    if left_out:
        yield f"entries beyond the bound of one bucket, left out: {left_out}; ask for fewer days"
