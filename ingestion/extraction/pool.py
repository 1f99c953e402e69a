"""Documents read in a pool of processes; one that takes too long or too much is cut off, the rest goes on."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as TookTooLong
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import structlog
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from ingestion.article import Document
from ingestion.errors import TooLarge, Unavailable, Unreadable
from ingestion.extraction.confined import OUT_OF_MEMORY, SPENT, Extracted, read_confined
from ingestion.extraction.inline import extract
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.start import begin
from ingestion.extraction.warm import small_documents

FORKED = multiprocessing.get_context("forkserver")
PRELOADED = ["__main__", "ingestion.extraction.worker"]
DOCUMENTS_FOR_A_PROCESS = 8
"""Fewer are read sooner than another process is ready."""

STARTING_SECONDS = 5.0
"""A process that is ended sooner than it has begun complains of it on the standard error."""

ATTEMPTS = 2
"""A process may die of what another one did, as when the machine runs out of memory."""

POOLS = 3
"""A pool breaks when a process is killed that reads nothing just then; the next reads what is left."""

log = structlog.get_logger(__name__)

Future = ProcessFuture[Extracted]


class PooledExtractor:
    """`ports.Extractor` over processes, which start with the first documents. Close it at the end."""

    def __init__(self, limits: ExtractionLimits, read: Callable[[Document], Extracted] = extract) -> None:
        self._limits = limits
        self._read = partial(read_confined, read, limits.memory_bytes)
        self._pool: ProcessPool | None = None
        self._size = 0
        self._begun = FORKED.Semaphore(0)
        self._most_documents = limits.processes * DOCUMENTS_FOR_A_PROCESS

    def extract(self, documents: Sequence[Document]) -> list[Extracted]:
        """Read each; results in the order of the documents. Raises `Unavailable` where no process lives."""
        done: list[Extracted] = []
        for _ in range(POOLS):
            try:
                self._read_rest(documents, done)
            except BrokenProcessPool as broken:
                log.warning("the processes that read documents are started anew", cause=str(broken))
                cause = broken
                self.close()
            else:
                return done
        raise Unavailable(f"the processes that read documents do not live: {cause}") from cause

    def warm(self) -> None:
        """Have every process ready before the first document is in a hurry."""
        self.extract([document for document in small_documents() for _ in range(self._most_documents)])

    def close(self) -> None:
        """End the processes."""
        if self._pool:
            self._wait_for_processes()
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None

    def _wait_for_processes(self) -> None:
        for _ in range(self._size):
            if not self._begun.acquire(timeout=STARTING_SECONDS):
                return

    def _read_rest(self, documents: Sequence[Document], done: list[Extracted]) -> None:
        """Read those that are not done yet. Raises `BrokenProcessPool`."""
        rest = documents[len(done) :]
        self._grow(len(rest))
        asked = [self._ask(document) for document in rest]
        for document, future in zip(rest, asked, strict=True):
            done.append(self._result(document, future, asked))

    def _grow(self, documents: int) -> None:
        wanted = max(1, min(documents, self._most_documents) // DOCUMENTS_FOR_A_PROCESS)
        if self._pool and wanted <= self._size:
            return
        self.close()
        FORKED.set_forkserver_preload(PRELOADED)
        self._size, self._begun = wanted, FORKED.Semaphore(0)
        self._pool = ProcessPool(wanted, initializer=begin, initargs=[self._begun], context=FORKED)

    def _ask(self, document: Document) -> Future:
        assert self._pool, "made by `_grow`"
        try:
            return self._pool.schedule(self._read, args=[document], timeout=self._limits.seconds)
        except RuntimeError as broken:
            raise BrokenProcessPool(str(broken)) from broken

    def _result(self, document: Document, future: Future, asked: Sequence[Future]) -> Extracted:
        deaths = 0
        while deaths < ATTEMPTS:
            try:
                return self._waited_for(future, asked)
            except TookTooLong:
                return Unreadable(f"reading it took longer than {self._limits.seconds:g} s and was cut off")
            except ProcessExpired as expired:
                if expired.exitcode == OUT_OF_MEMORY:
                    return TooLarge(f"reading it takes more than {self._limits.memory_bytes} bytes of memory")
                if expired.exitcode != SPENT:
                    deaths += 1
                    log.warning("a process died while it read a document", locator=document.locator)
                future = self._ask(document)
        return Unreadable(f"{ATTEMPTS} processes died while they read it")

    def _waited_for(self, future: Future, asked: Sequence[Future]) -> Extracted:
        """Return the result. Raises what reading raised, and `BrokenProcessPool` where nothing moves."""
        patience_seconds = 2 * self._limits.seconds + self._limits.stuck_seconds
        while True:
            ready = sum(one.done() for one in asked)
            try:
                return future.result(patience_seconds)
            except TookTooLong:
                if future.done():
                    raise
                if ready == sum(one.done() for one in asked):
                    raise BrokenProcessPool("none of them has answered for too long") from None


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
