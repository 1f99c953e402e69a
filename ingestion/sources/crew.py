"""Many sources side by side: several threads read, one hands what they found to the log.

    readers   each takes the next source from the schedule, visits what it offers, and puts each visit
              into the intake, which is bounded: a slow log makes the readers wait
    batches   the thread that writes takes them out again; a batch is closed when it is full, when its
              first visit is `linger_seconds` old, or when every reading is over

A host is read by one reader at a time, and is free for the next source only when all that was found
is acknowledged: so a page that a feed and a sitemap both offer is not fetched twice. What was put into
the intake and not acknowledged is not remembered anywhere, and visited again another time.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from ingestion.errors import Transient, Unavailable
from ingestion.source_ports import Batch, Source
from ingestion.sources.intake import Arrival, Closed, Intake, size_bytes
from ingestion.sources.interrupt import Interrupt, Interrupted
from ingestion.sources.schedule import Planned, Schedule, Wait

TICK_SECONDS = 0.1
"""How soon the thread that writes finds out that it is told to stop."""

LOOK_SECONDS = 60.0
"""A reader without work looks at the clock so often, which somebody may have set."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many sources are read at once, and when a batch is closed.

    `grace_seconds` is how long requests under way are waited for when the crew is told to stop; what they
    bring later is left aside.
    """

    readers: int = 32
    batch_records: int = 500
    batch_bytes: int = 32 * 1024 * 1024
    linger_seconds: float = 1.0
    grace_seconds: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a crew is told beside its schedule.

    `again` says when a source that was read is to be read again, None: not by this crew. `stop` is
    asked again and again whether to begin nothing new and come to an end.
    """

    open_source: Callable[[str], Source]
    again: Callable[[Planned], Planned | None] | None = None
    stop: Callable[[], bool] = lambda: False


class Crew:
    """Reads the sources of a schedule. Use it in a `with` block, which ends its threads."""

    def __init__(
        self,
        schedule: Schedule,
        orders: Orders,
        bounds: Bounds,
        *,
        run_id: str,
        interrupt: Interrupt | None = None,
    ) -> None:
        self.failures: dict[str, str] = {}
        """Why sources could not be read, in words; one that is read again is taken out."""
        self.abandoned: set[str] = set()
        """Sources whose reading was ended in the middle, because the crew was told to stop."""
        self._schedule = schedule
        self._orders = orders
        self._bounds = bounds
        self._run_id = run_id
        self._interrupt = interrupt or Interrupt()
        self._intake = Intake(max_records=bounds.batch_records, max_bytes=bounds.batch_bytes)
        self._changed = threading.Condition()
        self._ending = False
        self._give_up_at = float("inf")
        self._readers = [
            threading.Thread(target=self._read_on, name=f"reader-{number}", daemon=True)
            for number in range(bounds.readers)
        ]

    def __enter__(self) -> Self:
        """Begin to read."""
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every reader. Where the process is told to end, a request under way is not waited for long."""
        self._end()
        self._intake.close()
        if kind is not None:
            self._interrupt.tell()
            if not issubclass(kind, Exception):
                self._give_up_at = min(self._give_up_at, self._end_of_grace())
        for reader in self._readers:
            left = self._give_up_at - time.monotonic()
            reader.join(None if left == float("inf") else max(0.0, left))

    @property
    def unread(self) -> int:
        """How many sources wait for their time."""
        with self._changed:
            return len(self._schedule)

    @property
    def reading(self) -> int:
        """How many sources are being read."""
        with self._changed:
            return len(self._schedule.reading)

    def batches(self) -> Iterator[Batch]:
        """Yield batch after batch; going on to the next says that the one before is acknowledged.

        Raises the `Stop` or the defect that ended a reader, and `Unavailable`.
        """
        while not self._is_over():
            found = self._gather()
            batch = Batch(
                visits=tuple((arrival.source, arrival.visit) for arrival in found if arrival.visit),
                ended=tuple(arrival.source for arrival in found if arrival.whole),
            )
            if batch.visits or batch.ended:
                yield batch
            self._take_back([arrival for arrival in found if not arrival.visit])

    def _gather(self) -> list[Arrival]:
        """Take arrivals until the batch is closed; none of them where nothing came in a tick."""
        found: list[Arrival] = []
        size, until = 0, time.monotonic() + TICK_SECONDS
        while len(found) < self._bounds.batch_records and size < self._bounds.batch_bytes:
            if not self._ending and self._orders.stop():
                self._end()
                self._interrupt.tell()
                self._give_up_at = self._end_of_grace()
            arrival = self._intake.take(min(TICK_SECONDS, max(0.0, until - time.monotonic())))
            if arrival:
                if not found:
                    until = time.monotonic() + self._bounds.linger_seconds
                found.append(arrival)
                size += size_bytes(arrival)
            elif time.monotonic() >= min(until, self._give_up_at) or self._are_all_in(found):
                break
        return found

    def _are_all_in(self, found: Sequence[Arrival]) -> bool:
        return self.reading == sum(arrival.visit is None for arrival in found)

    def _is_over(self) -> bool:
        if time.monotonic() >= self._give_up_at:
            return True
        with self._changed:
            nothing_more = self._ending or (self._orders.again is None and not len(self._schedule))
            return nothing_more and not self._schedule.reading

    def _take_back(self, over: Sequence[Arrival]) -> None:
        """Free the hosts of the readings that are over, once all they brought is acknowledged."""
        for arrival in over:
            self._note(arrival)
            again = self._orders.again(arrival.planned) if self._orders.again else None
            with self._changed:
                self._schedule.done(arrival.planned, again)
                self._changed.notify(2)  # the host is free, and the source has a time again

    def _note(self, over: Arrival) -> None:
        source_id = over.planned.source_id
        self.failures.pop(source_id, None)
        if over.fault:
            self.failures[source_id] = str(over.fault)
        elif not over.whole:
            self.abandoned.add(source_id)

    def _end(self) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def _end_of_grace(self) -> float:
        return time.monotonic() + self._bounds.grace_seconds

    def _read_on(self) -> None:
        """Be a reader: read source after source."""
        try:
            while planned := self._next():
                self._intake.put(self._read(planned))
        except (Closed, Interrupted):
            return
        except BaseException as fault:  # noqa: BLE001 - the thread that writes raises it again
            self._intake.fail(fault)

    def _next(self) -> Planned | None:
        with self._changed:
            while not self._ending:
                found = self._schedule.next(datetime.now(UTC))
                if not isinstance(found, Wait):
                    return found
                if self._orders.again is None and not len(self._schedule):
                    return None
                self._changed.wait(min(found.seconds or LOOK_SECONDS, LOOK_SECONDS))
        return None

    def _read(self, planned: Planned) -> Arrival:
        """Hand over what the source offers, and return how the reading ended."""
        source = self._orders.open_source(planned.source_id)
        try:
            for visit in source.visits(self._run_id):
                self._intake.put(Arrival(planned, source, visit))
                if self._ending:
                    return Arrival(planned, source)
        except Unavailable:
            raise
        except Transient as fault:
            return Arrival(planned, source, fault=fault)
        except Interrupted:
            return Arrival(planned, source)
        return Arrival(planned, source, whole=True)
