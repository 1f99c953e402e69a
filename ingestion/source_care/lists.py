"""Lists of feeds, as feed readers exchange them: into the catalogue and out of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ingestion.errors import ConfigurationError
from ingestion.settings import Settings
from ingestion.source_care.folder import Proposal, home_of, own_folder, write

if TYPE_CHECKING:
    from ingestion.sources.catalogue import Entry
    from ingestion.sources.opml import Outline


class Skipped(Struct, frozen=True):
    """A feed of a list that was not taken, and why."""

    url: str
    reason: str


class Imported(Struct, frozen=True, kw_only=True):
    """Ids of the sources that were added, by file, and what was not."""

    added: dict[str, list[str]]
    skipped: list[Skipped]


class Exported(Struct, frozen=True, kw_only=True):
    """A list, how many feeds are in it, and how many sources of the catalogue are not."""

    opml: bytes
    feeds: int
    left_out: int


def import_opml(settings: Settings, body: bytes, *, enabled: bool) -> Imported:
    """Add the feeds of an OPML list, one file for each publisher.

    Raises `ConfigurationError`, and `Unreadable` or `TooLarge` for the list.
    """
    from ingestion.sources.catalogue import load_catalogue, read_file
    from ingestion.sources.opml import read_opml

    outlines = read_opml(body)
    folder = own_folder(settings)
    entries = load_catalogue(folder)
    added: dict[str, list[str]] = {}
    skipped: list[Skipped] = []
    for domain, feeds in _by_domain(outlines, entries, skipped).items():
        proposal = _proposal(folder, entries, domain, feeds, enabled=enabled)
        try:
            write(proposal)
        except ConfigurationError as fault:
            skipped += [Skipped(feed.url, str(fault)) for feed in feeds]
            continue
        entries = [entry for entry in entries if entry.file != proposal.file] + read_file(proposal.file)
        added.setdefault(proposal.file.name, []).extend(source.id for source in proposal.sources)
    return Imported(added=added, skipped=skipped)


def export_opml(settings: Settings, *, everything: bool) -> Exported:
    """Write the feeds of the catalogue as OPML, those that are switched off only with `everything`."""
    from ingestion.sources.catalogue import load_catalogue
    from ingestion.sources.opml import Outline, write_opml

    entries = load_catalogue(settings.catalogue)
    outlines = [
        Outline(
            url=entry.urls[0],
            title=entry.title or entry.publisher.name,
            site=entry.site,
            categories=entry.categories,
        )
        for entry in entries
        if entry.kind == "feed" and (entry.enabled or everything)
    ]
    opml = write_opml(outlines, "News sources")
    return Exported(opml=opml, feeds=len(outlines), left_out=len(entries) - len(outlines))


def _by_domain(
    outlines: "Iterable[Outline]", entries: "Iterable[Entry]", skipped: list[Skipped]
) -> "dict[str, list[Outline]]":
    """The feeds that are to be added, by the publisher's domain; the others are told."""
    from ingestion.parse.urls import registered_host
    from ingestion.sources.opml import web_address

    groups: dict[str, list[Outline]] = {}
    seen = {url: f"is {entry.id} already" for entry in entries for url in entry.urls}
    for outline in outlines:
        url = web_address(outline.url)
        domain = registered_host(web_address(outline.site or "") or url or "")
        if url is None or domain is None:
            skipped.append(Skipped(outline.url, "is no http or https address"))
        elif url in seen:
            skipped.append(Skipped(outline.url, seen[url]))
        else:
            seen[url] = "is named twice in the list"
            groups.setdefault(domain, []).append(outline)
    return groups


def _proposal(
    folder: Path, entries: "Sequence[Entry]", domain: str, feeds: "Sequence[Outline]", *, enabled: bool
) -> Proposal:
    from ingestion.sources.facts import PublisherFacts, SourceFacts
    from ingestion.sources.naming import free, slug
    from ingestion.sources.opml import web_address

    home = home_of(folder, entries, domain, None)
    ids = {entry.id for entry in entries}
    sources = []
    for feed in feeds:
        name = free(f"{home.publisher}-{slug(feed.title or '', 'feed')}"[:90], ids)
        ids.add(name)
        sources.append(
            SourceFacts(
                id=name,
                kind="feed",
                url=web_address(feed.url),
                title=feed.title,
                site=web_address(feed.site or ""),
                categories=feed.categories,
                enabled=enabled,
            )
        )
    only = feeds[0].title if len(feeds) == 1 else None
    publisher = PublisherFacts(id=home.publisher, name=only, domain=domain)
    return Proposal(file=home.file, is_new=home.is_new, publisher=publisher, sources=tuple(sources))
