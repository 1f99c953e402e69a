"""`news collect --follow`: each source is read when it is due, for ever.

The service works in sessions. One ends when the catalogue has changed, at midnight UTC, because a run in
the ledger should not be endless, and when the service is told to stop; what was being read then is read
on by the next.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct
from msgspec.structs import replace

from ingestion import pipeline
from ingestion.collecting import bounds_of, enabled_entries, opener
from ingestion.errors import ConfigurationError, Transient
from ingestion.settings import Settings
from ingestion.source_ports import Batch, SourceState
from ingestion.sources.crew import Crew, Orders
from ingestion.sources.schedule import Planned, Schedule, planned
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.sources.catalogue import Entry

STATE_SECONDS = 60.0
"""The state is told to the log so often."""

LOOK_SECONDS = 2.0
"""The catalogue's files are looked at so often."""

log = structlog.get_logger(__name__)


class Service(Struct, frozen=True, kw_only=True):
    """What the process gives to its service.

    `wait` sleeps for so many seconds, or until the process is told to stop, and returns whether it was;
    `next_pause_seconds` says how long to wait after a fault that may pass.
    """

    wait: Callable[[float], bool]
    next_pause_seconds: Callable[[], float]
    new_run_id: Callable[[], str]


class Followed(Struct, frozen=True, kw_only=True):
    """What a service did: its runs as the ledger names them, and the documents that entered."""

    runs: tuple[str, ...]
    documents: int


def follow(settings: Settings, service: Service) -> Followed:
    """Read every source when it is due, until told to stop.

    Raises `ConfigurationError` where the catalogue is wrong at the beginning; later, the one before counts.
    """
    catalogue = Catalogue(settings)
    runs: list[str] = []
    documents = 0
    while not service.wait(0.0):
        runs.append(service.new_run_id())
        try:
            documents += _session(settings, service, catalogue, runs[-1])
        except Transient as fault:
            pause_seconds = service.next_pause_seconds()
            log.warning("follow_waits", reason=str(fault), pause_seconds=round(pause_seconds, 1))
            service.wait(pause_seconds)
    return Followed(runs=tuple(runs), documents=documents)


class Catalogue:
    """The catalogue as it was when it could last be read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files = _files(settings.catalogue)
        self.entries = {entry.id: entry for entry in enabled_entries(settings)}

    def has_changed(self) -> bool:
        """Look at the files; where they have changed and can be read, take in what they say now."""
        files = _files(self._settings.catalogue)
        if files == self._files:
            return False
        self._files = files
        try:
            self.entries = {entry.id: entry for entry in enabled_entries(self._settings)}
        except ConfigurationError as fault:
            log.error("catalogue_wrong", reason=str(fault))  # noqa: TRY400 - the reason is the message
            return False
        log.info("catalogue_changed", sources=len(self.entries))
        return True


class Session:
    """One run of the service: the crew is told to stop through it, and the log hears of the crew."""

    def __init__(self, wiring: Wiring, service: Service, catalogue: Catalogue) -> None:
        self.documents = 0
        self.crew: Crew | None = None
        self._memory = wiring.source_memory
        self._service = service
        self._catalogue = catalogue
        self._entries = catalogue.entries
        self._day = _today()
        self._look_at = self._tell_at = 0.0

    def is_over(self) -> bool:
        """Whether to come to an end; asked all the time."""
        if self._service.wait(0.0):
            return True
        now = time.monotonic()
        if now >= self._tell_at:
            self._tell_at = now + STATE_SECONDS
            self.tell()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_SECONDS
        return _today() != self._day or self._catalogue.has_changed()

    def again(self, one: Planned) -> Planned:
        """Plan a source that was read once more. One that did not note its reading waits for its cadence."""
        entry, state, now = self._entries[one.source_id], self._memory.state(one.source_id), _now()
        if state:
            _tell_of(state)
        plan = planned(entry, state, now)
        if plan.due_at > now:
            return plan
        return replace(plan, due_at=now + timedelta(seconds=entry.cadence_seconds))

    def counted(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Hand batches on; what stands behind the `yield` happens once the batch is acknowledged."""
        for batch in batches:
            yield batch
            self.documents += len(batch.visits)

    def tell(self) -> None:
        """Tell the log how things stand."""
        if self.crew:
            log.info(
                "follow_state",
                sources=len(self._entries),
                waiting=self.crew.unread,
                reading=self.crew.reading,
                failing=len(self.crew.failures),
                documents=self.documents,
            )


def _session(settings: Settings, service: Service, catalogue: Catalogue, run_id: str) -> int:
    with Wiring(settings) as wiring:
        session = Session(wiring, service, catalogue)
        schedule = _schedule(wiring, catalogue.entries.values())
        orders = Orders(
            open_source=opener(wiring, catalogue.entries), again=session.again, stop=session.is_over
        )
        crew = Crew(schedule, orders, bounds_of(wiring, schedule), run_id=run_id, interrupt=wiring.interrupt)
        session.crew = crew
        log.info("follow_begins", run_id=run_id, sources=len(schedule), hosts=schedule.hosts)
        with closing(wiring.producer("collect-follow")) as producer, crew:
            batches = session.counted(crew.batches())
            pipeline.collect(wiring.walk, batches, run_id, producer, wiring.source_memory)
        session.tell()
        return session.documents


def _schedule(wiring: Wiring, entries: "Iterable[Entry]") -> Schedule:
    now, states = _now(), wiring.source_memory.states()
    return Schedule(planned(entry, states.get(entry.id), now) for entry in entries)


def _tell_of(state: SourceState) -> None:
    """A source that fails is a warning once; while it goes on failing, it is known."""
    if state.failure:
        tell = log.warning if state.failures_in_a_row <= 1 else log.info
        tell(
            "source_failed",
            source=state.source_id,
            cause=state.cause,
            reason=state.failure,
            failures_in_a_row=state.failures_in_a_row,
            due_at=state.due_at.isoformat(timespec="seconds"),
        )


def _files(folder: Path) -> list[tuple[str, int, int]]:
    facts = ((path.name, path.stat()) for path in sorted(folder.glob("*.toml")))
    return [(name, stat.st_mtime_ns, stat.st_size) for name, stat in facts]


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().date()
