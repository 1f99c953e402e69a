"""Which source stands behind each part of a bucket, and how far it is by its bookmark."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import UNKNOWN, Document, Publisher, SourceRef
from ingestion.backfill.crawl import Crawl
from ingestion.backfill.crawl import Window as Days
from ingestion.backfill.dates import A_DAY
from ingestion.backfill.range_source import RangeSource, position_of
from ingestion.backfill.store import PlanStore
from ingestion.errors import ConfigurationError
from ingestion.source_ports import Archives, Bookmark, Fetcher, Source, SourceMemory, Visit
from ingestion.sources.api import ApiSource
from ingestion.sources.api_mark import Span, Window
from ingestion.sources.api_mark import mark_of as api_mark_of
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import host_of
from ingestion.sources.interrupt import Interrupt, Interrupted
from ingestion.sources.limits import Limits
from ingestion.sources.link_rules import LinkChoice
from ingestion.sources.links import Visitor
from ingestion.sources.named import NamedSource
from ingestion.sources.warc_source import WarcSource, mark_of

KEEP_SECONDS = 20.0
"""A crawl that goes on is kept so often; a kill costs the sitemaps that were read since."""

MOMENT = timedelta(microseconds=1)
MAX_PAGES = 10_000
MAX_ITEMS = 1_000_000
"""An API that has more in one slice of days is read on by the next run of the bucket."""

READABLE = ("sitemap", "api", "warc")


class Progress(Struct, frozen=True):
    """How far a part is, in addresses or bytes, and the documents that it brought."""

    done: int = 0
    total: int | None = None
    documents: int = 0


class Means(Struct, frozen=True, kw_only=True):
    """What sources are made with."""

    fetcher: Fetcher
    archives: Archives
    memory: SourceMemory
    limits: Limits
    interrupt: Interrupt


class Part(NamedSource):
    """A `Source` that is one part of a bucket. `is_read` once all of it was read and acknowledged."""

    def __init__(
        self,
        source: Source,
        progress: Callable[[Bookmark], Progress] | None,
        name: str,
        is_whole: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(source)
        self._source = source
        self._progress = progress
        self._name = name
        self._is_whole = is_whole
        self.progress = Progress()
        self.is_read = False

    def visits(self, run_id: str) -> Iterator[Visit]:
        """What the source offers."""
        return self._source.visits(run_id)

    def settle(self) -> None:
        """The source was read to its end."""
        self._source.settle()
        self.is_read = self._is_whole()

    @property
    def tells_progress(self) -> bool:
        """Whether bookmarks say how far it is; else only documents are counted, as they come."""
        return self._progress is not None

    def noted(self, visit: Visit) -> None:
        """See how far it is by a visit that was acknowledged."""
        if self._progress is None:
            found = isinstance(visit.result, Document)
            self.progress = Progress(0, None, self.progress.documents + found)
        else:
            self.marked(visit.bookmark)

    def marked(self, bookmark: Bookmark | None) -> None:
        """See how far it is by a bookmark; that of another part says nothing here."""
        if self._progress and bookmark and bookmark.name == self._name:
            self.progress = self._progress(bookmark)


class QuietMemory:
    """A `SourceMemory` for backfills, which leave alone what is known of the live collection of a source."""

    def __init__(self, memory: SourceMemory) -> None:
        self._memory = memory
        self.visited = memory.visited
        self.visited_many = memory.visited_many
        self.record_visits = memory.record_visits
        self.bookmark = memory.bookmark
        self.keep_bookmarks = memory.keep_bookmarks
        self.listing = memory.listing

    def keep_listing(self, source_id: str, listing: object) -> None:
        """Keep nothing: the live collection has its own."""

    def state(self, source_id: str) -> None:
        """Know nothing of it."""

    def keep_state(self, state: object) -> None:
        """Keep nothing."""


class PartMaker:
    """Opens the parts of a bucket."""

    def __init__(self, store: PlanStore, means: Means, entries: Mapping[str, Entry], *, name: str) -> None:
        self._store = store
        self._means = means
        self._entries = entries
        self._name = name

    @property
    def names(self) -> list[str]:
        """The parts: archives, or else sources."""
        plan = self._store.plan
        return list(plan.archives or plan.sources)

    def host(self, part: str) -> str:
        """The host that a part is read from; an archive on disk has one for itself."""
        address = part if self._store.plan.archives else self._entries[part].urls[0]
        return urlsplit(address).hostname or part

    def open(self, part: str) -> Part:
        """Open one. Raises `ConfigurationError` where the catalogue has it no more."""
        plan = self._store.plan
        if plan.archives:
            return self._archive(part, plan.sources[0] if plan.sources else None)
        entry = self._entries[part]
        if entry.kind == "api":
            return self._api(entry, plan.since or date.min, plan.until or date.max - A_DAY)
        return self._range(entry, plan.since or date.min, plan.until or date.max)

    def _archive(self, locator: str, source_id: str | None) -> Part:
        entry = self._entries[source_id] if source_id else archive_entry(locator)
        local = "://" not in locator
        only = replace(entry, paths=(Path(locator),) if local else (), urls=() if local else (locator,))
        means, prefix = self._means, f"{self._name}/"
        source = WarcSource(only, means.archives, means.memory, means.limits, bookmark_prefix=prefix)
        part = Part(source, _of_archive, f"{prefix}{locator}")
        part.marked(means.memory.bookmark(entry.id, f"{prefix}{locator}"))
        return part

    def _range(self, entry: Entry, since: date, until: date) -> Part:
        means = self._means
        window = Days(since=since, until=until, undated=self._store.plan.takes_undated)
        listing = self._store.listing(entry.id)
        crawl = Crawl(means.fetcher, LinkChoice(entry.links), means.limits, window, listing)
        source = RangeSource(
            entry,
            crawl,
            Visitor(entry, means.fetcher, means.memory, means.limits),
            means.memory,
            bookmark_name=self._name,
            between=_Between(self._store, entry.id, crawl, means.interrupt),
        )

        def progress(bookmark: Bookmark) -> Progress:
            position = position_of(bookmark)
            return Progress(position.done, len(listing.addresses), position.documents)

        part = Part(source, progress, self._name)
        part.marked(means.memory.bookmark(entry.id, self._name))
        return part

    def _api(self, entry: Entry, since: date, until: date) -> Part:
        """The API from the first moment of the first day to the last of the last day, in UTC."""
        if entry.api is None:
            raise ConfigurationError(f"{entry.id} does not say how its API is asked")
        means = self._means
        window = Window(since=_midnight(since), until=_midnight(until + A_DAY) - MOMENT)
        patient = replace(entry.api.limits, pages=MAX_PAGES, items=MAX_ITEMS)
        asked = replace(entry, api=replace(entry.api, limits=patient))
        span = Span(window=window, name=self._name)
        limits = dataclasses.replace(means.limits, max_visits=MAX_ITEMS)
        source = ApiSource(asked, means.fetcher, means.memory, limits, span=span)

        def is_whole() -> bool:
            return api_mark_of(means.memory.bookmark(entry.id, self._name)).ended

        return Part(source, None, self._name, is_whole)


class _Between:
    """Between two sitemaps: keep what was found now and then, and stop where somebody says so."""

    def __init__(self, store: PlanStore, source_id: str, crawl: Crawl, interrupt: Interrupt) -> None:
        self._store = store
        self._source_id = source_id
        self._crawl = crawl
        self._interrupt = interrupt
        self._kept_at = time.monotonic()

    def __call__(self) -> None:
        """Raises `Interrupted`."""
        if self._crawl.listing.complete or time.monotonic() - self._kept_at >= KEEP_SECONDS:
            self._keep()
        try:
            self._interrupt.sleep(0)
        except Interrupted:
            self._keep()
            raise

    def _keep(self) -> None:
        self._store.keep(self._source_id, self._crawl.listing)
        self._kept_at = time.monotonic()


def _of_archive(bookmark: Bookmark) -> Progress:
    mark = mark_of(bookmark)
    size = mark.size_bytes
    done = mark.place.packed_bytes if size is None else min(size, mark.place.packed_bytes)
    return Progress(size if mark.ended and size else done, size, mark.documents)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def archive_entry(locator: str) -> Entry:
    """Describe an archive that is in no catalogue: each page is of the publisher that its host stands for."""
    return Entry(
        ref=SourceRef(id=f"warc:{locator}"[:255], kind="warc", url=locator),
        publisher=UNKNOWN,
        urls=(locator,),
    )


def sitemap_entry(url: str) -> Entry:
    """Describe a sitemap that is in no catalogue."""
    return Entry(
        ref=SourceRef(id=f"url:{url}"[:255], kind="sitemap", url=url),
        publisher=Publisher(id=host_of(url) or UNKNOWN.id),
        urls=(url,),
    )
