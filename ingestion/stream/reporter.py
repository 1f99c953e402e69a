"""Turns what a worker does into signs for the supervisor. The worker's only way to tell of itself."""

import time
from collections.abc import Sequence
from datetime import datetime

from ingestion.ports import Observer
from ingestion.settings import Settings
from ingestion.stream.places import Place
from ingestion.stream.signs import Pipe, Sign, send
from ingestion.telemetry.metrics import (
    BATCH_BYTES,
    BATCH_SECONDS,
    BATCHES,
    BYTES,
    FAULTS,
    REBALANCES,
    RECORDS,
    REFUSED,
    Metric,
    Sample,
)

REPEAT_SECONDS = 5.0
REFUSING = {"store.2": "failures", "index.3": "refused", "index_rejected.2": "refused"}
"""The steps that tell of rows that were not taken, and the fact that does."""


class Reporter:
    """`ports.Observer`, and more: says what the worker is doing and how long that may last."""

    def __init__(self, place: Place, settings: Settings, *, pipe: Pipe, steps: Observer) -> None:
        self._job = place.job
        self._worker = place.name
        self._pipe = pipe
        self._steps = steps
        self._reading_seconds = settings.kafka.stall_seconds
        self._batch_seconds = settings.kafka.poll_interval_seconds
        self._told_at = time.monotonic()
        self._ready = False
        self._read_up_to: float | None = None
        self._last = Sign(doing="starts", patience_seconds=self._reading_seconds, ready=False)

    def reached(self, step: str, **facts: object) -> None:
        """Tell of a step; those of the loop that reads are for the supervisor alone."""
        if step == "drain.read":
            self._read(**facts)  # type: ignore[arg-type]  # the facts that `drain` gives
        elif step == "drain.handled":
            self._handled(**facts)  # type: ignore[arg-type]
        else:
            self._step(step, facts)
            self._steps.reached(step, **facts)

    def doing(self, what: str, *, patience_seconds: float | None = None) -> None:
        """Begin something that takes its time; waiting for a broker is the least."""
        self._tell(what, patience_seconds or self._reading_seconds)

    def failed(self, fault: Exception, pause_seconds: float) -> None:
        """Tell of a fault after which everything is opened anew."""
        self._ready = False
        counted = (self._of_job(FAULTS, 1, type(fault).__name__), self._of_worker(BATCH_BYTES, 0))
        self._tell(f"waits after {type(fault).__name__}: {fault}", pause_seconds, counted)

    def still_there(self) -> None:
        """Say again what was said last, where that was a while ago."""
        if time.monotonic() - self._told_at > REPEAT_SECONDS:
            self._tell(self._last.doing, self._last.patience_seconds)

    def measured(self, *samples: Sample) -> None:
        """Pass measurements on."""
        self._tell(self._last.doing, self._last.patience_seconds, samples)

    def idle(self, doing: str) -> None:
        """Tell that it is ready and has done all there is to do now."""
        self._ready = True
        self._read_up_to = time.time()
        self._tell(doing, self._reading_seconds)

    def _read(self, *, records: int, size_bytes: int, oldest: datetime | None) -> None:
        self._ready = True
        self._read_up_to = oldest.timestamp() if oldest else time.time()
        if records:
            samples = (self._of_job(BYTES, size_bytes), self._of_worker(BATCH_BYTES, size_bytes))
            self._tell(f"has a batch of {records} records in hand", self._batch_seconds, samples)
        else:
            self._tell("reads", self._reading_seconds)

    def _handled(self, *, records: int, seconds: float) -> None:
        if records:
            self._tell(
                "reads",
                self._reading_seconds,
                (
                    self._of_job(RECORDS, records),
                    self._of_job(BATCHES, 1),
                    self._of_job(BATCH_SECONDS, seconds),
                    self._of_worker(BATCH_BYTES, 0),
                ),
            )

    def _step(self, step: str, facts: dict[str, object]) -> None:
        if step == "drain.rebalanced":
            self.measured(self._of_job(REBALANCES, 1))
        refused = facts.get(REFUSING.get(step, ""))
        if refused:
            count = refused if isinstance(refused, int) else len(refused)  # type: ignore[arg-type]
            self.measured(self._of_job(REFUSED, count))

    def _of_job(self, metric: Metric, value: float, *labels: str) -> Sample:
        return Sample(metric.name, (self._job, *labels), value)

    def _of_worker(self, metric: Metric, value: float) -> Sample:
        return Sample(metric.name, (self._worker,), value)

    def _tell(self, doing: str, patience_seconds: float, samples: Sequence[Sample] = ()) -> None:
        self._last = Sign(
            doing=doing,
            patience_seconds=patience_seconds,
            ready=self._ready,
            read_up_to=self._read_up_to,
            samples=tuple(samples),
        )
        self._told_at = time.monotonic()
        send(self._pipe, self._last)
