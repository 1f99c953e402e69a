"""A source that is a listing: it is read, and the links it offers are visited."""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Publisher, SourceRef
from ingestion.errors import Permanent, Transient
from ingestion.ports import (
    Disallowed,
    Fetched,
    Link,
    Listing,
    NotModified,
    SourceMemory,
    Validators,
    Visit,
)
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead
from ingestion.sources.links import ROBOTS_DISALLOWED, Visitor, failed_link, unique


class Reading(Struct, frozen=True, kw_only=True):
    """What a listing offers.

    `asides` are things that are settled without a visit. `whole` is false where an unchanged
    listing does not mean unchanged links, as with an index of sitemaps.
    """

    links: tuple[Link, ...]
    asides: tuple[Visit, ...] = ()
    whole: bool = True


class Reader(Protocol):
    """Knows one kind of listing."""

    def read(self, origin: Origin, answer: Fetched) -> Reading:
        """Find what is offered. Raises `Unreadable`, `TooLarge`."""
        ...


class ListingSource:
    """A `Source` over a feed or a sitemap."""

    def __init__(self, entry: Entry, reader: Reader, visitor: Visitor, memory: SourceMemory) -> None:
        self._entry = entry
        self._reader = reader
        self._visitor = visitor
        self._memory = memory
        self._listing: Listing | None = None
        self._failure: str | None = None

    @property
    def ref(self) -> SourceRef:
        """Its identity."""
        return self._entry.ref

    @property
    def publisher(self) -> Publisher:
        """What the catalogue knows of the publisher."""
        return self._entry.publisher

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read the listing, then visit its links. Raises `Transient` where the listing cannot be had."""
        self._listing, self._failure = None, None
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        url = self._entry.urls[0]
        known = self._memory.listing(self.ref.id)
        try:
            answer = self._visitor.fetcher.fetch(url, known.validators if known else None)
        except Transient as fault:
            self._memory.record_health(self.ref.id, str(fault))
            raise
        except Permanent as fault:
            self._failure = str(fault)
            yield Visit(result=failed_link(origin, url, fault))
            return
        offered = self._offered(origin, answer, known)
        self._listing, self._failure = offered.listing, offered.failure
        yield from offered.asides
        if offered.listing:
            yield from self._visitor.visits(origin, offered.listing.links)

    def settle(self) -> None:
        """Keep the listing, unless it failed, and note how it went."""
        if self._listing:
            self._memory.keep_listing(self.ref.id, self._listing)
        self._memory.record_health(self.ref.id, self._failure)

    def _offered(
        self, origin: Origin, answer: Fetched | NotModified | Disallowed, known: Listing | None
    ) -> "_Offered":
        if isinstance(answer, Disallowed):
            return _Offered(failure=answer.rule, asides=(Visit(result=ROBOTS_DISALLOWED),))
        if isinstance(answer, Fetched):
            return self._read(origin, answer)
        return _Offered(listing=replace(known, read_at=answer.fetched_at) if known else None)

    def _read(self, origin: Origin, answer: Fetched) -> "_Offered":
        try:
            reading = self._reader.read(origin, answer)
        except Permanent as fault:
            letter = dead(origin, fault, locator=answer.url, payload=answer.body, headers=answer.headers)
            return _Offered(failure=str(fault), asides=(Visit(result=letter),))
        listing = Listing(
            links=unique(reading.links, answer.url, self._visitor.limits.max_links),
            validators=answer.validators if reading.whole else Validators(),
            read_at=answer.fetched_at,
        )
        return _Offered(listing=listing, asides=reading.asides)


class _Offered(Struct, frozen=True, kw_only=True):
    listing: Listing | None = None
    failure: str | None = None
    asides: tuple[Visit, ...] = ()
