"""A sitemap with the sitemaps that it points to: which of them are fetched, and what is remembered of them.

A child whose pages were all visited is finished: while its lastmod stays the same it is not fetched, and
after that it is asked for with its validators. One that is not finished is read again, so that links which
a run did not come to are not lost.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Drop, Rejected
from ingestion.errors import Permanent, Transient
from ingestion.source_ports import (
    Bookmark,
    Disallowed,
    Fetched,
    Fetcher,
    Link,
    NotModified,
    SourceMemory,
    Validators,
    Visit,
)
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead
from ingestion.sources.limits import Limits
from ingestion.sources.link_rules import ChosenLinks, LinkChoice
from ingestion.sources.links import ROBOTS_DISALLOWED, UNCHANGED, Visitor, failed_link, failure_of, unique
from ingestion.sources.listing import ListingSource, Reading
from ingestion.sources.sitemap import Sitemap, newest_first, read_sitemap

CHILDREN = "children"
"""The name of the bookmark."""

TRUSTED = timedelta(days=1)
"""A lastmod that stands still is believed for so long; then the child itself is asked."""

DAY_IS_OVER = timedelta(hours=36)
"""From the beginning of a day in UTC to its end everywhere on earth."""


class Child(Struct, frozen=True, kw_only=True):
    """What is remembered of a child: `finished` when nothing of it is left to do, `failure` in words."""

    read_at: datetime
    lastmod: str | None = None
    validators: Validators = Validators()
    finished: bool = False
    failure: str | None = None

    def stands_still(self, lastmod: str | None, now: datetime) -> bool:
        """Whether there is no reason to ask for it now."""
        if not self.finished or self.lastmod != lastmod or now - self.read_at >= TRUSTED:
            return False
        return (bool(self.failure) and lastmod is not None) or _was_over(lastmod, self.read_at)


def _was_over(lastmod: str | None, read_at: datetime) -> bool:
    """Whether the last change was over when the child was read; a bare day lasts until its end."""
    if lastmod is None or len(lastmod) < len("2026-11-22"):
        return False
    if len(lastmod) > len("2026-11-22"):
        return True
    try:
        day = datetime.fromisoformat(lastmod).replace(tzinfo=read_at.tzinfo)
    except ValueError:
        return False
    return read_at >= day + DAY_IS_OVER


class SitemapSource(ListingSource):
    """A `Source` over a sitemap, an index of them, or the sitemaps that a robots.txt names."""

    def __init__(self, entry: Entry, visitor: Visitor, memory: SourceMemory) -> None:
        choice = LinkChoice(entry.links)
        self._sitemap = SitemapReader(visitor.fetcher, visitor.limits, memory, choice)
        super().__init__(entry, ChosenLinks(self._sitemap, choice), visitor, memory)

    def settle(self) -> None:
        """Keep the listing and what is known of the children, and note how it went."""
        super().settle()
        self._sitemap.settle()


class SitemapReader:
    """Reads a sitemap, and those that it points to, newest first and within limits."""

    def __init__(self, fetcher: Fetcher, limits: Limits, memory: SourceMemory, choice: LinkChoice) -> None:
        self._fetcher = fetcher
        self._limits = limits
        self._memory = memory
        self._choice = choice
        self._mark: Bookmark | None = None

    def read(self, origin: Origin, answer: Fetched) -> Reading:
        """Find the links. Raises `Unreadable`, `TooLarge`, for the first file only."""
        self._mark = None
        sitemap = read_sitemap(answer.body, self._limits)
        if not sitemap.children:
            return Reading(links=sitemap.links)
        before = self._remembered(origin.source.id)
        descent = _Descent(self, origin, before, answer.fetched_at)
        links, asides = list(sitemap.links), []
        for found in descent.below(answer.url, sitemap):
            if isinstance(found, Visit):
                asides.append(found)
            elif len(links) < self._limits.max_links:
                links.append(found)
        self._mark = Bookmark(
            source_id=origin.source.id,
            name=CHILDREN,
            position=msgspec.json.encode(descent.after).decode(),
            kept_at=answer.fetched_at,
        )
        return Reading(links=newest_first(links), asides=tuple(asides), whole=False)

    def settle(self) -> None:
        """Remember the children; those that the index names no more fall out."""
        if self._mark:
            self._memory.keep_bookmarks([self._mark])

    def _remembered(self, source_id: str) -> dict[str, Child]:
        mark = self._memory.bookmark(source_id, CHILDREN)
        try:
            return msgspec.json.decode(mark.position, type=dict[str, Child]) if mark else {}
        except msgspec.DecodeError:
            return {}

    def fetch(self, origin: Origin, url: str, known: Validators | None) -> Fetched | NotModified | Visit:
        """Fetch a child, or tell what became of the attempt."""
        try:
            answer = self._fetcher.fetch(url, known)
        except (Permanent, Transient) as fault:
            return Visit(result=failed_link(origin, url, fault))
        return Visit(result=ROBOTS_DISALLOWED) if isinstance(answer, Disallowed) else answer

    def read_child(self, origin: Origin, answer: Fetched) -> Sitemap | Visit:
        """Read a child with the links that the catalogue takes, or tell why it cannot be read."""
        try:
            sitemap = read_sitemap(answer.body, self._limits)
        except Permanent as fault:
            return Visit(result=dead(origin, fault, locator=answer.url, payload=answer.body))
        chosen = unique(self._choice.of(sitemap.links, answer.url), answer.url, self._limits.max_links)
        children = unique(sitemap.children, answer.url, self._limits.max_sitemaps)
        return Sitemap(links=chosen, children=children)

    def is_finished(self, sitemap: Sitemap) -> bool:
        """Whether every page of it was visited; an index is never finished, because its parts change."""
        return not sitemap.children and all(self._memory.visited(link.url) for link in sitemap.links)

    @property
    def limits(self) -> Limits:
        """How much of an index is read."""
        return self._limits


class _Descent:
    """One walk down an index. `after` is what is to be remembered of each child that it names."""

    def __init__(
        self, reader: SitemapReader, origin: Origin, before: dict[str, Child], now: datetime
    ) -> None:
        self._reader = reader
        self._origin = origin
        self._before = before
        self._now = now
        self.after: dict[str, Child] = {}

    def below(self, url: str, index: Sitemap) -> Iterator[Link | Visit]:
        """Go down level by level, so that the nearest come first where there are too many."""
        limits = self._reader.limits
        seen, level = {url}, unique(index.children, url, limits.max_sitemaps)
        for _ in range(limits.max_sitemap_depth):
            deeper: list[Link] = []
            for child in level:
                if child.url in seen or len(seen) > limits.max_sitemaps:
                    continue
                seen.add(child.url)
                found = self._child(child)
                if isinstance(found, Visit):
                    yield found
                else:
                    yield from found.links
                    deeper += found.children
            level = tuple(deeper)

    def _child(self, child: Link) -> Sitemap | Visit:
        lastmod = child.hints.get("sitemap.lastmod")
        before = self._before.get(child.url)
        if before and before.stands_still(lastmod, self._now):
            self.after[child.url] = before
            return Sitemap()
        known = before.validators if before and before.finished else None
        answer = self._reader.fetch(self._origin, child.url, known)
        if isinstance(answer, NotModified):
            self.after[child.url] = replace(
                before or Child(read_at=self._now), lastmod=lastmod, read_at=self._now
            )
            return Sitemap()
        if isinstance(answer, Visit):
            return self._failed(child, answer, Validators())
        sitemap = self._reader.read_child(self._origin, answer)
        if isinstance(sitemap, Visit):
            return self._failed(child, sitemap, answer.validators)
        self.after[child.url] = Child(
            read_at=self._now,
            lastmod=lastmod,
            validators=answer.validators,
            finished=self._reader.is_finished(sitemap),
        )
        return sitemap

    def _failed(self, child: Link, visit: Visit, validators: Validators) -> Visit:
        """Tell a failure once; one that may pass leaves what is known as it was."""
        before = self._before.get(child.url)
        result = visit.result
        if isinstance(result, Rejected) and result.transient:
            if before:
                self.after[child.url] = before
            return visit
        failure = failure_of(result) if isinstance(result, Drop | Rejected) else None
        self.after[child.url] = Child(
            read_at=self._now,
            lastmod=child.hints.get("sitemap.lastmod"),
            validators=validators,
            finished=True,
            failure=failure,
        )
        return Visit(result=UNCHANGED) if before and before.failure == failure else visit
