"""Documents read in a pool of processes; one that takes too long or too much is cut off, the rest goes on."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as TookTooLong
from concurrent.futures.process import BrokenProcessPool

import structlog
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from ingestion.article import Article, Document, Drop
from ingestion.errors import Permanent, TooLarge, Unavailable, Unreadable
from ingestion.extraction.inline import extract
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.start import begin
from ingestion.extraction.warm import small_documents

Extracted = Article | Drop | Permanent
FORKED = multiprocessing.get_context("forkserver")
PRELOADED = ["__main__", "ingestion.extraction.worker"]
DOCUMENTS_FOR_A_PROCESS = 8
"""Fewer are read sooner than another process is ready."""

STARTING_SECONDS = 5.0
"""A process that is ended sooner than it has begun complains of it on the standard error."""

ATTEMPTS = 2
"""A process may die of what another one did, as when the machine runs out of memory."""

log = structlog.get_logger(__name__)


class PooledExtractor:
    """`ports.Extractor` over processes, which start with the first documents. Close it at the end."""

    def __init__(self, limits: ExtractionLimits, read: Callable[[Document], Extracted] = extract) -> None:
        self._limits = limits
        self._read = read
        self._pool: ProcessPool | None = None
        self._size = 0
        self._begun = FORKED.Semaphore(0)
        self._most_documents = limits.processes * DOCUMENTS_FOR_A_PROCESS

    def extract(self, documents: Sequence[Document]) -> list[Extracted]:
        """Read each; results in the order of the documents. Raises `Unavailable` where no process lives."""
        self._grow(len(documents))
        asked = [self._ask(document) for document in documents]
        return [self._result(*pair) for pair in zip(documents, asked, strict=True)]

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

    def _grow(self, documents: int) -> None:
        wanted = max(1, min(documents, self._most_documents) // DOCUMENTS_FOR_A_PROCESS)
        if self._pool and wanted <= self._size:
            return
        self.close()
        FORKED.set_forkserver_preload(PRELOADED)
        self._size, self._begun = wanted, FORKED.Semaphore(0)
        given = [self._limits.memory_bytes, self._begun]
        self._pool = ProcessPool(wanted, initializer=begin, initargs=given, context=FORKED)

    def _ask(self, document: Document) -> "ProcessFuture[Extracted]":
        assert self._pool, "made by `_grow`"
        return self._pool.schedule(self._read, args=[document], timeout=self._limits.seconds)

    def _result(self, document: Document, future: "ProcessFuture[Extracted]") -> Extracted:
        for _ in range(ATTEMPTS):
            try:
                return future.result()
            except TookTooLong:
                return Unreadable(f"reading it took longer than {self._limits.seconds:g} s and was cut off")
            except MemoryError:
                return TooLarge(f"reading it takes more than {self._limits.memory_bytes} bytes of memory")
            except ProcessExpired as expired:
                log.warning(
                    "a process died while it read a document", locator=document.locator, code=expired.exitcode
                )
                future = self._ask(document)
            except BrokenProcessPool as broken:
                self.close()
                raise Unavailable(f"the processes that read documents do not live: {broken}") from broken
        return Unreadable(f"{ATTEMPTS} processes died while they read it")


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
