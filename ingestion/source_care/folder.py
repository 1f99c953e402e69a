"""The folder of the catalogue as something to be written to, and whose file is whose."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ingestion.errors import ConfigurationError
from ingestion.settings import BUNDLED_CATALOGUE, Settings

if TYPE_CHECKING:
    from ingestion.sources.catalogue import Entry
    from ingestion.sources.facts import PublisherFacts, SourceFacts


class Home(Struct, frozen=True):
    """The file in which the sources of a publisher belong."""

    publisher: str
    file: Path
    is_new: bool


class Proposal(Struct, frozen=True, kw_only=True):
    """What is to be written: into a new file, or at the end of the one of the publisher.

    `known` are the ids of sources that are in the catalogue already.
    """

    file: Path
    is_new: bool
    publisher: "PublisherFacts"
    sources: "tuple[SourceFacts, ...]"
    known: tuple[str, ...] = ()


def own_folder(settings: Settings) -> Path:
    """The folder that may be written to, made where it is missing. Raises `ConfigurationError`."""
    if settings.catalogue.resolve() == BUNDLED_CATALOGUE.resolve():
        raise ConfigurationError(
            "the catalogue is the sample newsroom, which is part of the program and is not written to; "
            "set NEWS_CATALOGUE to a folder of your own, as in: export NEWS_CATALOGUE=my-sources"
        )
    try:
        settings.catalogue.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{settings.catalogue} cannot be made: {error.strerror}; set NEWS_CATALOGUE to a folder"
        ) from error
    return settings.catalogue


def home_of(folder: Path, entries: "Sequence[Entry]", domain: str | None, wished: str | None) -> Home:
    """Find the file of a publisher by its id, or else by a domain that is its alone; else name a new one."""
    from ingestion.sources.naming import free, publisher_slug

    publishers = {entry.publisher.id: entry for entry in entries if entry.file}
    same = [one for one in publishers.values() if domain and one.publisher.domain == domain]
    known = publishers.get(wished) if wished else same[0] if len(same) == 1 else None
    if known and known.file:
        return Home(known.publisher.id, known.file, is_new=False)
    name = wished or free(publisher_slug(domain or ""), publishers)
    taken = {path.stem for path in folder.glob("*.toml")}
    return Home(name, folder / f"{free(name, taken)}.toml", is_new=True)


def write(proposal: Proposal) -> None:
    """Write what was proposed. Raises `ConfigurationError`."""
    from ingestion.sources.catalogue_file import append_sources, write_file

    if proposal.is_new:
        write_file(proposal.file, proposal.publisher, proposal.sources)
    else:
        append_sources(proposal.file, proposal.sources)


def switch(settings: Settings, source_ids: Iterable[str], *, enabled: bool) -> dict[str, str]:
    """Switch sources on or off; return what was done to each. Raises `ConfigurationError`."""
    from ingestion.sources.catalogue import load_catalogue
    from ingestion.sources.catalogue_file import set_enabled

    chosen = list(dict.fromkeys(source_ids))
    files = {entry.id: entry.file for entry in load_catalogue(own_folder(settings)) if entry.file}
    missing = sorted(set(chosen) - set(files))
    if missing:
        raise ConfigurationError(
            f"no source {', '.join(missing)} in {settings.catalogue}; news sources list names them"
        )
    word = "enabled" if enabled else "disabled"
    done = {}
    for source_id in chosen:
        path = files[source_id]
        changed = set_enabled(path, source_id, enabled=enabled)
        done[source_id] = f"{word} in {path.name}" if changed else f"was {word} already in {path.name}"
    return done
