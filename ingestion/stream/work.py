"""What each worker does: a job of the pipeline, for ever."""

import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from ingestion import pipeline
from ingestion.drain import Endless
from ingestion.errors import NewsError
from ingestion.pipeline import Walk
from ingestion.stream.measured import MeasuredIndex, MeasuredLedger, SharedLake
from ingestion.stream.places import Place, groups
from ingestion.stream.reporter import Reporter
from ingestion.stream.stopping import Stopping
from ingestion.stream.warm import warm_columns
from ingestion.telemetry.metrics import COMPACTIONS, LAG, Sample
from ingestion.wiring import Wiring

PROBE_SECONDS = 15.0
WATCH_TURN_SECONDS = 0.5
COMPACTION_PATIENCE_SECONDS = 3600.0
log = structlog.get_logger(__name__)


class Work:
    """One place's work, over wiring that is opened for it and closed at the first fault."""

    def __init__(self, place: Place, wiring: Wiring, reporter: Reporter, stopping: Stopping) -> None:
        self._place = place
        self._wiring = wiring
        self._reporter = reporter
        self._stopping = stopping
        self._stream = wiring.settings.stream

    def run(self) -> None:
        """Work until told to stop. Raises whatever the job raises."""
        getattr(self, f"_{self._place.job}")()

    def _transform(self) -> None:
        wiring = self._wiring
        walk = self._endless(wiring.walk)
        wiring.extractor.warm()
        pipeline.transform(walk, wiring.extractor, wiring.memory, wiring.producer("transform"))

    def _store(self) -> None:
        wiring = self._wiring
        warm_columns()
        walk = self._endless(wiring.store_walk, self._stream.store_seconds, chore=self._compaction())
        pipeline.store(walk, wiring.gate, wiring.auditor, SharedLake(wiring.lake), wiring.producer("store"))

    def _index(self) -> None:
        wiring = self._wiring
        warm_columns()
        wiring.search.count()
        probe = Chore(PROBE_SECONDS, wiring.search.count)
        sink = MeasuredIndex(wiring.search, self._reporter.measured)
        pipeline.index(self._endless(wiring.walk, chore=probe), wiring.gate, sink, wiring.producer("index"))

    def _index_rejected(self) -> None:
        sink = self._wiring.rejections
        assert sink, "the place is dealt out only where there is an index for it"
        pipeline.index_rejected(self._endless(self._wiring.walk, 1.0), sink)

    def _account(self) -> None:
        ledger = MeasuredLedger(self._wiring.ledger, self._reporter.measured)
        pipeline.account(self._endless(self._wiring.walk, 1.0), ledger)

    def _watch(self) -> None:
        """Count the lag of each group that there may be, of this service or not."""
        self._count_lags()
        count = Chore(self._stream.watch_seconds, self._count_lags)
        while not self._stopping.wait(WATCH_TURN_SECONDS):
            count()
            self._reporter.still_there()

    def _count_lags(self) -> None:
        for group, topic in groups(self._wiring.settings).items():
            lag = self._wiring.broker.lag(group, topic)
            self._reporter.measured(Sample(LAG.name, (group, topic), lag))
        self._reporter.idle("has counted the lags")

    def _endless(
        self, walk: Walk, linger_seconds: float | None = None, chore: Callable[[], None] = lambda: None
    ) -> Walk:
        """The same walk, without an end."""

        def between() -> None:
            self._reporter.still_there()
            chore()

        linger = self._stream.linger_seconds if linger_seconds is None else linger_seconds
        endless = Endless(wait=self._stopping.wait, linger_seconds=linger, between=between)
        return replace(walk, budget=replace(walk.budget, endless=endless))

    def _compaction(self) -> Callable[[], None]:
        if self._place.share or not self._stream.compact_seconds:
            return lambda: None
        return Chore(self._stream.compact_seconds, self._compact)

    def _compact(self) -> None:
        """Compact the lake. It is a convenience: where it fails, it is told and tried again another time."""
        from ingestion.lake.compaction import compact

        self._reporter.doing("compacts the lake", patience_seconds=COMPACTION_PATIENCE_SECONDS)
        try:
            done = compact(self._wiring.settings.lake)
        except NewsError as fault:
            log.warning("compaction_failed", reason=str(fault))
            self._reporter.measured(Sample(COMPACTIONS.name, ("failed",), 1))
        else:
            log.info("compacted", **done._asdict())
            self._reporter.measured(Sample(COMPACTIONS.name, ("done",), 1))


class Chore:
    """Something that is done once in a while, when there is time between two batches."""

    def __init__(self, every_seconds: float, action: Callable[[], object]) -> None:
        self._every_seconds = every_seconds
        self._action = action
        self._due = time.monotonic() + every_seconds

    def __call__(self) -> None:
        """Do it if it is due."""
        if time.monotonic() >= self._due:
            self._action()
            self._due = time.monotonic() + self._every_seconds
