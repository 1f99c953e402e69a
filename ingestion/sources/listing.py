"""A source that is a listing: it is read, and the links it offers are visited."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Drop, Publisher, Rejected, SourceRef
from ingestion.errors import Permanent, Transient
from ingestion.source_ports import (
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
from ingestion.sources.links import ROBOTS_DISALLOWED, UNCHANGED, Visitor, failed_link, failure_of, unique
from ingestion.sources.rhythm import after_attempt


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
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        offered = self._read(origin, self._memory.listing(self.ref.id))
        self._listing = offered.listing
        yield from offered.asides
        yield from self._visitor.visits(origin, offered.listing.links)

    def settle(self) -> None:
        """Keep the listing, and note how it went."""
        if self._listing:
            self._memory.keep_listing(self.ref.id, self._listing)
            self._note(self._listing.failure)

    def _note(self, failure: str | None) -> None:
        before = self._memory.state(self.ref.id)
        now = self._visitor.now()
        self._memory.keep_state(after_attempt(self._entry, before, now=now, failure=failure))

    def _read(self, origin: Origin, known: Listing | None) -> "_Offered":
        url = self._entry.urls[0]
        try:
            answer = self._visitor.fetcher.fetch(url, known.validators if known else None)
        except Transient as fault:
            self._note(str(fault))
            raise
        except Permanent as fault:
            return self._failed(known, failed_link(origin, url, fault), Validators())
        if isinstance(answer, Disallowed):
            return self._failed(known, ROBOTS_DISALLOWED, Validators())
        if isinstance(answer, NotModified):
            return self._unchanged(known, answer)
        return self._found(origin, known, answer)

    def _found(self, origin: Origin, known: Listing | None, answer: Fetched) -> "_Offered":
        try:
            reading = self._reader.read(origin, answer)
        except Permanent as fault:
            letter = dead(origin, fault, locator=answer.url, payload=answer.body, headers=answer.headers)
            return self._failed(known, letter, answer.validators)
        listing = Listing(
            links=unique(reading.links, answer.url, self._visitor.limits.max_links),
            validators=answer.validators if reading.whole else Validators(),
            read_at=answer.fetched_at,
        )
        return _Offered(listing, reading.asides)

    def _unchanged(self, known: Listing | None, answer: NotModified) -> "_Offered":
        if known is None:
            return _Offered(Listing(links=(), validators=Validators(), read_at=answer.fetched_at))
        still_broken = (Visit(result=UNCHANGED),) if known.failure else ()
        return _Offered(replace(known, read_at=answer.fetched_at), still_broken)

    def _failed(self, known: Listing | None, result: Drop | Rejected, validators: Validators) -> "_Offered":
        """Tell a failure once: the same one again is unchanged, and not a second dead letter."""
        failure = failure_of(result)
        told_before = known is not None and known.failure == failure
        listing = Listing(links=(), validators=validators, read_at=self._visitor.now(), failure=failure)
        return _Offered(listing, (Visit(result=UNCHANGED if told_before else result),))


class _Offered(NamedTuple):
    listing: Listing
    asides: tuple[Visit, ...] = ()
