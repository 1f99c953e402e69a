"""The bounded passage from those who read publishers to the one who writes to the log."""

import threading
from collections import deque
from typing import NamedTuple

from ingestion.article import Article, Document, Drop, Rejected
from ingestion.errors import Transient
from ingestion.source_ports import Source, Visit
from ingestion.sources.schedule import Planned


class Closed(Exception):
    """Nobody takes anything any more; no fault, what was offered is visited another time."""


class Arrival(NamedTuple):
    """One visit of a source; without one, the word that this reading is over.

    Then `whole` says whether the source was read to its end, and `fault` why it was not.
    """

    planned: Planned
    source: Source
    visit: Visit | None = None
    whole: bool = False
    fault: Transient | None = None


class Intake:
    """A queue that holds at most so many visits and so many bytes; one visit always fits."""

    def __init__(self, *, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._arrivals: deque[Arrival] = deque()
        self._size_bytes = 0
        self._closed = False
        self._fault: BaseException | None = None
        lock = threading.Lock()
        self._filled = threading.Condition(lock)
        self._emptied = threading.Condition(lock)

    def put(self, arrival: Arrival) -> None:
        """Hand over, as soon as there is room. Raises `Closed`."""
        with self._emptied:
            while not self._closed and self._is_full(size_bytes(arrival)):
                self._emptied.wait()
            if self._closed:
                raise Closed
            self._arrivals.append(arrival)
            self._size_bytes += size_bytes(arrival)
            self._filled.notify()

    def take(self, timeout_seconds: float) -> Arrival | None:
        """Return the next, None if none came in time. Raises what ended a reader."""
        with self._filled:
            if not self._arrivals and not self._fault:
                self._filled.wait(timeout_seconds)
            if self._fault:
                raise self._fault
            if not self._arrivals:
                return None
            arrival = self._arrivals.popleft()
            self._size_bytes -= size_bytes(arrival)
            self._emptied.notify_all()
            return arrival

    def fail(self, fault: BaseException) -> None:
        """Let the one who takes meet the fault that ended a reader; of several the first."""
        with self._filled:
            self._fault = self._fault or fault
            self._filled.notify_all()

    def close(self) -> None:
        """Take nothing any more."""
        with self._emptied:
            self._closed = True
            self._emptied.notify_all()

    def _is_full(self, more_bytes: int) -> bool:
        too_large = self._size_bytes + more_bytes > self._max_bytes
        return len(self._arrivals) >= self._max_records or (bool(self._arrivals) and too_large)


def size_bytes(arrival: Arrival) -> int:
    """What an arrival weighs: the bytes of the document or of the dead letter."""
    return _size_bytes(arrival.visit.result) if arrival.visit else 0


def _size_bytes(result: Document | Article | Drop | Rejected) -> int:
    if isinstance(result, Document):
        return len(result.body)
    return len(result.payload or b"") if isinstance(result, Rejected) else 0
