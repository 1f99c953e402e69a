"""Visiting links: the same for every kind of source that offers addresses."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urldefrag, urljoin

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Document, Drop, Outcome, Rejected, RejectedPayload
from ingestion.errors import Cause, HttpFailure, Permanent, Transient, Unreachable, cause_of
from ingestion.source_ports import (
    Disallowed,
    Fetched,
    Fetcher,
    Link,
    NotModified,
    Rechecks,
    SourceMemory,
    Validators,
    Visit,
    Visited,
)
from ingestion.sources.absence import absence
from ingestion.sources.again import Offer, is_due
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead, from_answer, wellformed, wellformed_map
from ingestion.sources.limits import Limits

ROBOTS_DISALLOWED = Drop(Outcome.DROPPED, "robots_disallowed")
EMPTY_BODY = Drop(Outcome.DROPPED, "empty_body")
UNCHANGED = Drop(Outcome.UNCHANGED, "")

LINKS_AT_ONCE = 500

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock, aware UTC."""
    return datetime.now(UTC)


def unique(links: Iterable[Link], base: str, limit: int) -> tuple[Link, ...]:
    """Make links absolute, take fragments off, and keep the first of each address."""
    found: dict[str, Link] = {}
    for link in links:
        url = _absolute(base, link.url)
        if url not in found:
            item_id = wellformed(link.item_id) if link.item_id else None
            found[url] = replace(link, url=url, item_id=item_id, hints=wellformed_map(link.hints))
        if len(found) >= limit:
            break
    return tuple(found.values())


def _absolute(base: str, url: str) -> str:
    url = wellformed(url.strip())
    try:
        return without_fragment(urljoin(base, url))
    except ValueError:
        return url


def without_fragment(url: str) -> str:
    """Take the fragment off.

    What cannot be read as an address stays as it is: the fetcher refuses it with a reason, so that
    the item is told instead of lost.
    """
    try:
        return urldefrag(url).url or url
    except ValueError:
        return url


class Trouble(Struct, frozen=True):
    """Why a visit came to nothing, and how long the server wants to be left alone."""

    cause: Cause
    retry_after_seconds: float | None = None


class Visitor:
    """Fetches the links of one source, each with what is remembered of it.

    With `rechecks`, pages of articles are left to their plan, unless the entry says otherwise.
    After its visits, `left_over` says whether the limit of the run kept it from addresses that were never
    visited, and `postponed` counts those that could not be had now. `trouble` is that of the last visit.
    """

    def __init__(
        self,
        entry: Entry,
        fetcher: Fetcher,
        memory: SourceMemory,
        limits: Limits,
        now: Now = utc_now,
        rechecks: Rechecks | None = None,
    ) -> None:
        self.fetcher = fetcher
        self.limits = limits
        self.now = now
        self.left_over = False
        self.postponed = 0
        self.trouble: Trouble | None = None
        self._memory = memory
        self._recheck_seconds = entry.recheck_seconds
        self._rechecks = rechecks

    def visits(self, origin: Origin, links: Iterable[Link]) -> Iterator[Visit]:
        """Visit the links that are due, up to the limit of the run; those never visited come first."""
        self.left_over, self.postponed = False, 0
        again: list[Offer] = []
        room = self.limits.max_visits
        for offer in self._remembered(links):
            if offer.known is None and room:
                room -= 1
                yield self._counted(origin, offer)
            elif offer.known is None:
                self.left_over = True
                return
            elif is_due(offer, self.now(), self._recheck_seconds):
                again.append(offer)
        for offer in again[:room]:
            yield self._counted(origin, offer)

    def _remembered(self, links: Iterable[Link]) -> Iterator[Offer]:
        """Look up what is remembered, of many at once: a listing may have tens of thousands."""
        left = iter(links)
        while some := tuple(islice(left, LINKS_AT_ONCE)):
            urls = [link.url for link in some]
            known = self._memory.visited_many(urls)
            planned = self._rechecks.planned(urls) if self._rechecks else ()
            yield from (Offer(link, known.get(link.url), link.url in planned) for link in some)

    def _counted(self, origin: Origin, offer: Offer) -> Visit:
        visit = self.visit(origin, offer.link, offer.known, was_read=offer.is_planned)
        self.postponed += visit.visited is None
        return visit

    def visit(self, origin: Origin, link: Link, known: Visited | None, *, was_read: bool = False) -> Visit:
        """Go there once.

        What may pass is not remembered as visited, so that the next run tries again. What failed for
        good is, with its reason: the same failure again is unchanged, and not a second dead letter. What
        was there before (an article, where one `was_read`) and is gone or empty now is a document that
        says so.
        """
        self.trouble = None
        before = known.validators if known else Validators()
        was_there = was_read or (known is not None and known.failure is None)
        try:
            answer = self.fetcher.fetch(link.url, before)
        except Unreachable as fault:
            self.trouble = Trouble(cause_of(fault), fault.retry_after_seconds)
            return Visit(result=failed_link(origin, link.url, fault))
        except Permanent as fault:
            self.trouble = Trouble(cause_of(fault))
            failed = self._settled(link, known, failed_link(origin, link.url, fault), Validators())
            is_news = was_there and failed.result != UNCHANGED
            gone = absence(origin, link, fault, self.now()) if is_news else None
            return replace(failed, result=gone or failed.result)
        after = answer.validators if isinstance(answer, Fetched) else before
        settled = self._settled(link, known, self._result(origin, link, answer), after)
        is_emptied = was_there and settled.result == EMPTY_BODY
        emptied = absence(origin, link, None, self.now()) if is_emptied else None
        return replace(settled, result=emptied or settled.result)

    def _settled(
        self, link: Link, known: Visited | None, result: Document | Drop | Rejected, validators: Validators
    ) -> Visit:
        failure = failure_of(result)
        if result == UNCHANGED and known:
            failure = known.failure
        elif failure is not None and known and failure == known.failure:
            result = UNCHANGED
        visited = Visited(url=link.url, validators=validators, visited_at=self.now(), failure=failure)
        return Visit(result=result, visited=visited)

    def _result(
        self, origin: Origin, link: Link, answer: Fetched | NotModified | Disallowed
    ) -> Document | Drop | Rejected:
        if isinstance(answer, NotModified):
            return UNCHANGED
        if isinstance(answer, Disallowed):
            self.trouble = Trouble(Cause.ROBOTS)
            return ROBOTS_DISALLOWED
        if not answer.body.strip():
            self.trouble = Trouble(Cause.UNREADABLE)
            return EMPTY_BODY
        try:
            return from_answer(origin, link, answer)
        except Permanent as fault:
            self.trouble = Trouble(cause_of(fault))
            named = origin.named(link.item_id)
            return dead(named, fault, locator=link.url, payload=answer.body, headers=answer.headers)


def failure_of(result: Document | Drop | Rejected) -> str | None:
    """Say why a visit came to nothing; None where it did not."""
    if isinstance(result, Rejected):
        return f"{result.error}: {result.message}"
    return result.label if isinstance(result, Drop) and result.outcome is Outcome.DROPPED else None


def failed_link(origin: Origin, url: str, fault: Permanent | Transient) -> Rejected:
    """Build the dead letter of an address: the body of the answer where there is one, else the address."""
    if isinstance(fault, HttpFailure) and fault.body:
        return dead(origin, fault, locator=url, payload=fault.body)
    payload = wellformed(url).encode()
    return dead(origin, fault, locator=url, payload=payload, payload_kind=RejectedPayload.LINK)
