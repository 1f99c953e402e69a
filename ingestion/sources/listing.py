"""A source that is a listing: it is read, and the links it offers are visited."""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Drop, Rejected
from ingestion.errors import Cause, Permanent, Unreachable, cause_of
from ingestion.source_ports import (
    Disallowed,
    Fetched,
    Link,
    Listing,
    NotModified,
    SourceMemory,
    SourceState,
    Validators,
    Visit,
)
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead
from ingestion.sources.links import ROBOTS_DISALLOWED, UNCHANGED, Visitor, failed_link, failure_of, unique
from ingestion.sources.named import NamedSource
from ingestion.sources.rhythm import Attempt, after_attempt, moved_address

NOTHING_KNOWN = Validators()
NOTHING_LISTED = "it lists nothing, where it had links before"


class Reading(Struct, frozen=True, kw_only=True):
    """What a listing offers.

    `asides` are things that are settled without a visit. `whole` is false where an unchanged
    listing does not mean unchanged links, as with an index of sitemaps. `asked_seconds` is for how long
    the listing itself asks to be left alone now, `ttl_seconds` the part of it that holds after every
    reading, whatever the hour.
    """

    links: tuple[Link, ...]
    asides: tuple[Visit, ...] = ()
    whole: bool = True
    asked_seconds: float | None = None
    ttl_seconds: float | None = None


class Reader(Protocol):
    """Knows one kind of listing."""

    def read(self, origin: Origin, answer: Fetched) -> Reading:
        """Find what is offered. Raises `Unreadable`, `TooLarge`."""
        ...


class ListingSource(NamedSource):
    """A `Source` over a feed or a sitemap."""

    def __init__(self, entry: Entry, reader: Reader, visitor: Visitor, memory: SourceMemory) -> None:
        super().__init__(entry)
        self._entry = entry
        self._reader = reader
        self._visitor = visitor
        self._memory = memory
        self._offered: _Offered | None = None

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read the listing, then visit its links. Raises `Unreachable` where the listing cannot be had."""
        self._offered = None
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        known = _Known(self._memory.listing(self.ref.id), self._memory.state(self.ref.id))
        try:
            offered = self._read(origin, known)
        except Unreachable as fault:
            self._note(self._unreachable(fault))
            raise
        self._offered = offered
        yield from offered.asides
        yield from self._visitor.visits(origin, offered.links)

    def settle(self) -> None:
        """Keep the listing, and note how it went."""
        if self._offered:
            self._memory.keep_listing(self.ref.id, self._offered.listing)
            attempt = self._offered.attempt
            # What did not answer is tried again soon while it is news; after that, as the rhythm has it.
            postponed = self._visitor.postponed and attempt.new_links > 0
            self._note(replace(attempt, left_over=self._visitor.left_over or postponed))

    def _note(self, attempt: Attempt) -> None:
        before = self._memory.state(self.ref.id)
        self._memory.keep_state(after_attempt(self._entry, before, attempt))

    def _read(self, origin: Origin, known: "_Known") -> "_Offered":
        """Read from where it has moved to; where that fails, the address of the catalogue counts."""
        moved = moved_address(self._entry, known.state)
        if moved is None:
            return self._read_at(self._entry.urls[0], origin, known)
        with suppress(Unreachable):
            offered = self._read_at(moved, origin, known)
            if offered.attempt.failure is None or offered.attempt.partial:
                return offered
        return self._read_at(self._entry.urls[0], origin, known.unconditional())

    def _read_at(self, url: str, origin: Origin, known: "_Known") -> "_Offered":
        try:
            answer = self._visitor.fetcher.fetch(url, known.validators)
        except Permanent as fault:
            return self._failed(known, failed_link(origin, url, fault), cause_of(fault))
        if isinstance(answer, Disallowed):
            return self._failed(known, ROBOTS_DISALLOWED, Cause.ROBOTS)
        if isinstance(answer, NotModified):
            return self._unchanged(url, known, answer)
        return self._found(url, origin, known, answer)

    def _found(self, url: str, origin: Origin, known: "_Known", answer: Fetched) -> "_Offered":
        try:
            reading = self._reader.read(origin, answer)
        except Permanent as fault:
            letter = dead(origin, fault, locator=answer.url, payload=answer.body, headers=answer.headers)
            return self._failed(known, letter, cause_of(fault), answer.validators)
        links = unique(reading.links, answer.url, self._visitor.limits.max_links)
        vanished = reading.whole and not links and bool(known.links)
        listing = Listing(
            links=known.links if vanished else links,
            validators=answer.validators if reading.whole else Validators(),
            read_at=answer.fetched_at,
        )
        attempt = replace(
            self._attempt(url, answer, links),
            new_links=self._new_links(links, known, whole=reading.whole),
            asked_seconds=reading.asked_seconds,
            ttl_seconds=reading.ttl_seconds,
            failure=NOTHING_LISTED if vanished else None,
            partial=vanished,
        )
        return _Offered(listing, attempt, links, reading.asides)

    def _unchanged(self, url: str, known: "_Known", answer: NotModified) -> "_Offered":
        """Visit the links all the same: some may be due."""
        listing = known.listing or Listing(links=(), validators=Validators(), read_at=answer.fetched_at)
        listing = replace(listing, read_at=answer.fetched_at)
        attempt = self._attempt(url, answer, listing.links)
        state = known.state
        if listing.failure is not None:
            too_large = state is not None and state.cause is Cause.TOO_LARGE
            cause = Cause.TOO_LARGE if too_large else Cause.UNREADABLE
            attempt = replace(attempt, failure=listing.failure, cause=cause)
            return _Offered(listing, attempt, asides=(Visit(result=UNCHANGED),))
        if state:
            still_empty = state.failure == NOTHING_LISTED
            failure = NOTHING_LISTED if still_empty else None
            attempt = replace(attempt, ttl_seconds=state.ttl_seconds, failure=failure, partial=still_empty)
        return _Offered(listing, attempt, listing.links)

    def _failed(
        self, known: "_Known", result: Drop | Rejected, cause: Cause, validators: Validators = NOTHING_KNOWN
    ) -> "_Offered":
        """Tell a failure once: the same one again is unchanged, and not a second dead letter.

        The links of before are kept, so that they are not taken for new ones when it is well again.
        """
        failure, now = failure_of(result), self._visitor.now()
        listing = Listing(links=known.links, validators=validators, read_at=now, failure=failure)
        attempt = Attempt(at=now, failure=failure, cause=cause, gone=cause is Cause.GONE)
        told_before = known.listing is not None and known.listing.failure == failure
        return _Offered(listing, attempt, asides=(Visit(result=UNCHANGED if told_before else result),))

    def _unreachable(self, fault: Unreachable) -> Attempt:
        return Attempt(
            at=self._visitor.now(),
            failure=str(fault),
            cause=cause_of(fault),
            retry_after_seconds=fault.retry_after_seconds,
        )

    def _attempt(self, url: str, answer: Fetched | NotModified, links: tuple[Link, ...]) -> Attempt:
        written = self._entry.urls[0]
        stands_at = answer.moved_to or url
        return Attempt(
            at=self._visitor.now(),
            links=len(links),
            fresh_seconds=answer.fresh_seconds,
            moved_to=stands_at if stands_at != written else None,
        )

    def _new_links(self, links: tuple[Link, ...], known: "_Known", *, whole: bool) -> int:
        """Count what was not offered before, by its address, or by its name and title."""
        urls, names = {link.url for link in known.links}, {_name(link) for link in known.links} - {None}
        new = [link for link in links if link.url not in urls and _name(link) not in names]
        return len(new) if whole else sum(self._is_news(link, known.state) for link in new)

    def _is_news(self, link: Link, state: SourceState | None) -> bool:
        """Tell what a part of a listing has not offered for a while from what nobody has visited before."""
        visited = self._memory.visited(link.url)
        return visited is None or state is None or visited.visited_at > state.attempted_at


def _name(link: Link) -> tuple[str, str | None] | None:
    """Name an item. Some feeds number their items anew each time; titles tell those apart."""
    return (link.item_id, link.hints.get("feed.title")) if link.item_id else None


class _Known(NamedTuple):
    """What is remembered of a listing and its source."""

    listing: Listing | None
    state: SourceState | None
    conditional: bool = True

    @property
    def links(self) -> tuple[Link, ...]:
        return self.listing.links if self.listing else ()

    @property
    def validators(self) -> Validators | None:
        return self.listing.validators if self.listing and self.conditional else None

    def unconditional(self) -> "_Known":
        """The same without the validators, which are those of another address."""
        return self._replace(conditional=False)


class _Offered(NamedTuple):
    """What a reading found. `links` are to be visited; the listing may remember more."""

    listing: Listing
    attempt: Attempt
    links: tuple[Link, ...] = ()
    asides: tuple[Visit, ...] = ()
