"""From an address to entries of the catalogue."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from ingestion.settings import Settings
from ingestion.source_care.folder import Proposal, home_of, own_folder
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.sources.discover import Candidate, Found
    from ingestion.sources.facts import PublisherFacts

ENOUGH_ON_A_PAGE = 5
"""Links to articles that a front page has to have to be taken as a source."""

CADENCE_SECONDS = {"feed": 900, "sitemap": 1800, "front_page": 1800}


class Wishes(Struct, frozen=True, kw_only=True):
    """What the person says of the publisher; it goes before what the page says."""

    id: str | None = None
    name: str | None = None
    country: str | None = None
    language: str | None = None
    timezone: str | None = None


class Offer(NamedTuple):
    """Something that could be a source, and whether it is to be read."""

    url: str
    kind: Literal["feed", "sitemap", "front_page"]
    title: str | None
    is_chosen: bool


def look(settings: Settings, url: str) -> "Found":
    """Find what there is to collect at an address. Raises what `sources.discover` raises."""
    from ingestion.sources.discover import discover

    address = url if "://" in url else f"https://{url}"
    with Wiring(settings) as wiring:
        return discover(address, wiring.fetcher, wiring.source_limits)


def propose(settings: Settings, found: "Found", wishes: Wishes, *, everything: bool = False) -> Proposal:
    """Choose what to write: the best feed and the news sitemap, or what there is instead.

    With `everything`, all others are written too, switched off. Raises `ConfigurationError`.
    """
    from ingestion.sources.catalogue import load_catalogue
    from ingestion.sources.facts import SourceFacts
    from ingestion.sources.naming import free

    folder = own_folder(settings)
    entries = load_catalogue(folder)
    known = {url: entry.id for entry in entries for url in entry.urls}
    home = home_of(folder, entries, found.site.domain, wishes.id)
    ids = {entry.id for entry in entries}
    offers = offers_of(found)
    sources = []
    for offer in offers:
        if offer.url in known or not (offer.is_chosen or everything):
            continue
        name = free(f"{home.publisher}-{offer.kind.replace('_', '-')}", ids)
        ids.add(name)
        sources.append(
            SourceFacts(
                id=name,
                kind=offer.kind,
                url=offer.url,
                title=offer.title,
                cadence_seconds=CADENCE_SECONDS[offer.kind],
                enabled=offer.is_chosen,
            )
        )
    return Proposal(
        file=home.file,
        is_new=home.is_new,
        publisher=_publisher(home.publisher, found, wishes),
        sources=tuple(sources),
        known=tuple(known[offer.url] for offer in offers if offer.url in known),
    )


def offers_of(found: "Found") -> list[Offer]:
    """What was found, the best first, with the front page where it has enough links."""
    best = {candidate.url for candidate in _best(found)}
    offers = [Offer(c.url, c.kind, c.title, c.url in best) for c in found.candidates]
    if found.front_page_links >= ENOUGH_ON_A_PAGE:
        offers.append(Offer(found.url, "front_page", None, not best))
    elif offers and not best:
        offers[0] = offers[0]._replace(is_chosen=True)
    return offers


def _best(found: "Found") -> "Iterator[Candidate]":
    """The main feed and the news sitemap; without them, a sitemap that tells the age of its pages."""
    from ingestion.sources.candidates import Role

    alive = [candidate for candidate in found.candidates if candidate.items]
    firsts = {role: next((c for c in alive if c.role is role), None) for role in Role}
    if firsts[Role.FEED] or firsts[Role.NEWS_SITEMAP]:
        yield from filter(None, (firsts[Role.FEED], firsts[Role.NEWS_SITEMAP]))
        return
    yield from [c for c in alive if c.role is Role.SITEMAP and isinstance(c.newest, datetime)][:1]


def _publisher(publisher_id: str, found: "Found", wishes: Wishes) -> "PublisherFacts":
    from ingestion.sources.facts import PublisherFacts

    return PublisherFacts(
        id=publisher_id,
        name=wishes.name or found.site.name,
        domain=found.site.domain,
        country=wishes.country or found.site.country,
        language=wishes.language or found.site.language,
        timezone=wishes.timezone,
    )
