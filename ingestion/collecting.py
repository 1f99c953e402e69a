"""A collection: the crew that reads sources, joined with the walk that brings what it finds to the log."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from ingestion import pipeline
from ingestion.errors import Unreachable
from ingestion.settings import Settings
from ingestion.source_ports import Source
from ingestion.sources.crew import Bounds, Crew, Orders
from ingestion.sources.schedule import Planned, Schedule, host_of, planned
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.sources.catalogue import Entry


class Collected(Struct, frozen=True, kw_only=True):
    """Documents that entered by source, and the sources that could not be reached, with the cause.

    `postponed` are those that the time of the job was over for; they are due still.
    """

    run_id: str
    entered: dict[str, int] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    postponed: tuple[str, ...] = ()


def never() -> bool:
    """Nobody tells this collection to stop."""
    return False


def collect_entries(
    wiring: Wiring, entries: "Iterable[Entry]", run_id: str, stop: Callable[[], bool] = never
) -> Collected:
    """Read sources of the catalogue once, the oldest due first, whether or not they are due."""
    known = {entry.id: entry for entry in entries}
    now, states = datetime.now(UTC), wiring.source_memory.states()
    plans = [planned(entry, states.get(entry.id), now) for entry in known.values()]
    schedule = Schedule(replace(plan, due_at=min(plan.due_at, now)) for plan in plans)
    return _collect(wiring, schedule, opener(wiring, known), run_id=run_id, stop=stop)


def collect_sources(wiring: Wiring, sources: Iterable[Source], run_id: str) -> Collected:
    """Read these sources once; of several with one id, the first."""
    known: dict[str, Source] = {}
    for source in sources:
        known.setdefault(source.ref.id, source)
    now = datetime.now(UTC)
    schedule = Schedule(
        Planned(source_id=name, host=host_of(source.ref.url or "") or name, due_at=now)
        for name, source in known.items()
    )
    return _collect(wiring, schedule, known.__getitem__, run_id=run_id)


def enabled_entries(settings: Settings) -> "list[Entry]":
    """The sources that the catalogue wants to be read. Raises `ConfigurationError`."""
    from ingestion.sources.catalogue import load_catalogue

    return [entry for entry in load_catalogue(settings.catalogue) if entry.enabled]


def opener(wiring: Wiring, entries: "Mapping[str, Entry]") -> Callable[[str], Source]:
    """Open sources by their ids, each only when it is its turn."""
    from ingestion.sources import open_source

    # Opened here and not by the first reader: the wiring belongs to the thread that made it.
    opened = partial(
        open_source,
        fetcher=wiring.fetcher,
        memory=wiring.source_memory,
        limits=wiring.source_limits,
        archives=wiring.archives,
        rechecks=wiring.rechecks,
    )
    return lambda source_id: opened(entries[source_id])


def bounds_of(wiring: Wiring, schedule: Schedule) -> Bounds:
    """As many readers as the settings allow, and no more than there are hosts."""
    settings = wiring.settings
    return Bounds(
        readers=min(settings.fetch.hosts_at_once, max(1, schedule.hosts)),
        batch_records=settings.batch_records,
        batch_bytes=settings.batch_bytes,
    )


def _collect(
    wiring: Wiring,
    schedule: Schedule,
    open_source: Callable[[str], Source],
    *,
    run_id: str,
    stop: Callable[[], bool] = never,
) -> Collected:
    names = schedule.source_ids
    until = time.monotonic() + wiring.settings.job_seconds
    orders = Orders(open_source=open_source, stop=lambda: stop() or time.monotonic() >= until)
    crew = Crew(schedule, orders, bounds_of(wiring, schedule), run_id=run_id, interrupt=wiring.interrupt)
    slot = f"collect-{min(names, default='nothing')}"
    with closing(wiring.producer(slot)) as producer, crew:
        entered = pipeline.collect(wiring.walk, crew.batches(), run_id, producer, wiring.source_memory)
    if crew.failures and not entered:
        raise Unreachable("; ".join(f"{source}: {cause}" for source, cause in crew.failures.items()))
    return Collected(
        run_id=run_id,
        entered=dict(entered),
        unreachable=crew.failures,
        postponed=tuple(sorted({*schedule.source_ids, *crew.abandoned})),
    )
