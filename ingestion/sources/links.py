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
    SourceMemory,
    Validators,
    Visit,
    Visited,
)
from ingestion.sources.absence import absence
from ingestion.sources.ages import changed_at
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead, from_answer, wellformed, wellformed_map
from ingestion.sources.limits import Limits

ROBOTS_DISALLOWED = Drop(Outcome.DROPPED, "robots_disallowed")
EMPTY_BODY = Drop(Outcome.DROPPED, "empty_body")
UNCHANGED = Drop(Outcome.UNCHANGED, "")

LINKS_AT_ONCE = 500

SOONEST_SECONDS = 600
"""A page that is said to have changed is not asked for sooner: some say so with every reading."""

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
    ) -> None:
        self.fetcher = fetcher
        self.limits = limits
        self.now = now
        self.left_over = False
        self.postponed = 0
        self.trouble: Trouble | None = None
        self._memory = memory
        self._recheck_seconds = entry.recheck_seconds

    def visits(self, origin: Origin, links: Iterable[Link]) -> Iterator[Visit]:
        """Visit the links that are due, up to the limit of the run; those never visited come first."""
        self.left_over, self.postponed = False, 0
        again: list[tuple[Link, Visited]] = []
        room = self.limits.max_visits
        for link, known in self._remembered(links):
            if known is None and room:
                room -= 1
                yield self._counted(origin, link, known)
            elif known is None:
                self.left_over = True
                return
            elif self._due(link, known):
                again.append((link, known))
        for link, known in again[:room]:
            yield self._counted(origin, link, known)

    def _remembered(self, links: Iterable[Link]) -> Iterator[tuple[Link, Visited | None]]:
        """Look up what is remembered, of many at once: a listing may have tens of thousands."""
        left = iter(links)
        while some := tuple(islice(left, LINKS_AT_ONCE)):
            known = self._memory.visited_many([link.url for link in some])
            yield from ((link, known.get(link.url)) for link in some)

    def _counted(self, origin: Origin, link: Link, known: Visited | None) -> Visit:
        visit = self.visit(origin, link, known)
        self.postponed += visit.visited is None
        return visit

    def visit(self, origin: Origin, link: Link, known: Visited | None) -> Visit:
        """Go there once.

        What may pass is not remembered as visited, so that the next run tries again. What failed for
        good is, with its reason: the same failure again is unchanged, and not a second dead letter. What
        was there before and is gone or empty now is a document that says so.
        """
        self.trouble = None
        before = known.validators if known else Validators()
        try:
            answer = self.fetcher.fetch(link.url, before)
        except Unreachable as fault:
            self.trouble = Trouble(cause_of(fault), fault.retry_after_seconds)
            return Visit(result=failed_link(origin, link.url, fault))
        except Permanent as fault:
            self.trouble = Trouble(cause_of(fault))
            failed = self._settled(link, known, failed_link(origin, link.url, fault), Validators())
            gone = absence(origin, link, known, fault, self.now()) if isinstance(fault, HttpFailure) else None
            return replace(failed, result=gone or failed.result)
        after = answer.validators if isinstance(answer, Fetched) else before
        settled = self._settled(link, known, self._result(origin, link, answer), after)
        emptied = absence(origin, link, known, None, self.now()) if settled.result == EMPTY_BODY else None
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

    def _due(self, link: Link, known: Visited) -> bool:
        age_seconds = (self.now() - known.visited_at).total_seconds()
        if age_seconds >= self._recheck_seconds:
            return True
        told = changed_at(link.hints)
        return age_seconds >= SOONEST_SECONDS and bool(told and known.visited_at < told <= self.now())

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
