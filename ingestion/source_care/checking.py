"""A look at each source of the catalogue, of which nothing is kept."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from ingestion.errors import ConfigurationError
from ingestion.settings import Settings
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.source_ports import Source
    from ingestion.sources.catalogue import Entry
    from ingestion.sources.limits import Limits
    from ingestion.sources.probe import Probe

LOOKS_AT_ONCE = 8


def chosen(settings: Settings, source_ids: Sequence[str], *, everything: bool = False) -> "list[Entry]":
    """The sources that are to be looked at: those named, else the enabled ones, or all of them.

    Raises `ConfigurationError` where a file is wrong, or a source is not there.
    """
    from ingestion.sources.catalogue import load_catalogue

    entries = load_catalogue(settings.catalogue)
    missing = sorted(set(source_ids) - {entry.id for entry in entries})
    if missing:
        raise ConfigurationError(
            f"no source {', '.join(missing)} in {settings.catalogue}; news sources list names them"
        )
    if source_ids:
        return [entry for entry in entries if entry.id in source_ids]
    return [entry for entry in entries if entry.enabled or everything]


def looks(
    settings: Settings, entries: "Sequence[Entry]", told: "Callable[[Probe], None] | None" = None
) -> "list[Probe]":
    """Look at each source once, several side by side; `told` hears of each as it comes."""
    with Wiring(settings) as wiring, ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        found = []
        for probe in _probes(wiring, pool, entries):
            if told:
                told(probe)
            found.append(probe)
        return found


def _probes(wiring: Wiring, pool: ThreadPoolExecutor, entries: "Sequence[Entry]") -> "Iterator[Probe]":
    from ingestion.sources.probe import probe

    one = partial(probe, fetcher=wiring.fetcher, limits=wiring.source_limits, opened=partial(_opened, wiring))
    return pool.map(one, entries)


def _opened(wiring: Wiring, entry: "Entry", limits: "Limits") -> "Source":
    from ingestion.sources import open_source
    from ingestion.sources.probe import Forgetful

    return open_source(
        entry, fetcher=wiring.fetcher, memory=Forgetful(), limits=limits, archives=wiring.archives
    )
