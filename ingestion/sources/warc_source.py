"""Archives as a source: each is read once, record by record, and gone on with where reading stopped."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Document
from ingestion.errors import Cause, HttpFailure, Permanent, Transient, Unreachable
from ingestion.source_ports import Archives, Bookmark, OpenArchive, SourceMemory, Visit
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin
from ingestion.sources.limits import Limits
from ingestion.sources.links import UNCHANGED, Now, failed_link, failure_of, utc_now
from ingestion.sources.named import NamedSource
from ingestion.sources.rhythm import Attempt, after_attempt
from ingestion.sources.warc import Archived, Found, Place, WarcReader
from ingestion.sources.warc_lists import expanded

RANGE_NOT_SATISFIABLE = 416


class Mark(Struct, frozen=True, kw_only=True):
    """How far an archive was read, as it stands in a bookmark.

    `identity` is the state of the archive that was read. With `ended`, all of it was; `failure` is why
    nothing of it could be. `documents` counts what was found so far.
    """

    identity: str = ""
    size_bytes: int | None = None
    place: Place = Place()
    documents: int = 0
    ended: bool = False
    failure: str | None = None


def mark_of(bookmark: Bookmark | None) -> Mark:
    """Read a bookmark; one that nobody can read is as good as none."""
    try:
        return msgspec.json.decode(bookmark.position, type=Mark) if bookmark else Mark()
    except msgspec.DecodeError:
        return Mark()


class WarcSource(NamedSource):
    """A `Source` over archives: files, addresses, and lists of them.

    `bookmark_prefix` keeps the positions of one reading apart from those of others.
    """

    def __init__(
        self,
        entry: Entry,
        archives: Archives,
        memory: SourceMemory,
        limits: Limits,
        *,
        bookmark_prefix: str = "",
        now: Now = utc_now,
    ) -> None:
        super().__init__(entry)
        self._entry = entry
        self._archives = archives
        self._memory = memory
        self._limits = limits
        self._prefix = bookmark_prefix
        self._now = now
        self._ended: list[Bookmark] = []
        self._failure: str | None = None
        self._read_on = 0

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read on in each archive.

        Raises `Transient` at the end, where one of them could not be had now; the others are read before.
        """
        self._ended, self._failure, self._read_on = [], None, 0
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        waiting: Transient | None = None
        for locator in (*map(str, self._entry.paths), *self._entry.urls):
            try:
                yield from self._listed(origin, locator)
            except Transient as fault:
                waiting = fault
        if waiting:
            self._note(str(waiting), waiting.cause if isinstance(waiting, Unreachable) else None)
            raise waiting

    def settle(self) -> None:
        """Keep that archives were read to their end, and note how it went."""
        self._memory.keep_bookmarks(self._ended)
        self._note(self._failure, Cause.UNREADABLE if self._failure else None)

    def _listed(self, origin: Origin, locator: str) -> Iterator[Visit]:
        try:
            for archive in expanded(self._archives, locator, self._limits):
                yield from self._archive(origin, archive)
        except Permanent as fault:
            yield self._failed(origin, locator, mark_of(self._bookmark(locator)), fault)

    def _archive(self, origin: Origin, locator: str) -> Iterator[Visit]:
        mark = mark_of(self._bookmark(locator))
        try:
            with self._archives.open(locator, mark.place.offset_bytes) as opened:
                if opened.identity == mark.identity or not mark.place.offset_bytes:
                    yield from self._read(origin, locator, opened, mark)
                    return
        except HttpFailure as fault:
            if fault.status != RANGE_NOT_SATISFIABLE or not mark.place.offset_bytes:
                yield self._failed(origin, locator, mark, fault)
                return
        except Permanent as fault:
            yield self._failed(origin, locator, mark, fault)
            return
        yield from self._anew(origin, locator)

    def _anew(self, origin: Origin, locator: str) -> Iterator[Visit]:
        """Read an archive that is not the one of the bookmark from its beginning."""
        try:
            with self._archives.open(locator) as opened:
                yield from self._read(origin, locator, opened, Mark())
        except Permanent as fault:
            yield self._failed(origin, locator, Mark(), fault)

    def _read(self, origin: Origin, locator: str, opened: OpenArchive, mark: Mark) -> Iterator[Visit]:
        if mark.identity != opened.identity:
            mark = Mark(identity=opened.identity)
        if mark.ended:
            return
        self._read_on += 1
        mark = replace(mark, size_bytes=opened.size_bytes, failure=None)
        archived = Archived(
            locator=locator,
            reopen=lambda offset_bytes: self._archives.open(locator, offset_bytes),
            changed_at=opened.changed_at or self._now(),
        )
        for found in WarcReader(origin, self._limits).read_from(archived, opened, mark.place):
            mark = _counted(mark, found)
            bookmark = self._at(locator, mark) if found.behind else None
            yield Visit(result=found.result, bookmark=bookmark)
        self._ended.append(self._at(locator, replace(mark, ended=True)))

    def _failed(self, origin: Origin, locator: str, mark: Mark, fault: Permanent) -> Visit:
        """Tell a failure once: the same one again is unchanged, and not a second dead letter."""
        result = failed_link(origin, locator, fault)
        failure = failure_of(result)
        self._failure = f"{locator}: {failure}"
        told_before = mark.failure == failure
        bookmark = self._at(locator, replace(mark, failure=failure))
        return Visit(result=UNCHANGED if told_before else result, bookmark=bookmark)

    def _bookmark(self, locator: str) -> Bookmark | None:
        return self._memory.bookmark(self.ref.id, f"{self._prefix}{locator}")

    def _at(self, locator: str, mark: Mark) -> Bookmark:
        position = msgspec.json.encode(mark).decode()
        return Bookmark(
            source_id=self.ref.id, name=f"{self._prefix}{locator}", position=position, kept_at=self._now()
        )

    def _note(self, failure: str | None, cause: Cause | None) -> None:
        before = self._memory.state(self.ref.id)
        attempt = Attempt(at=self._now(), failure=failure, cause=cause, new_links=self._read_on)
        self._memory.keep_state(after_attempt(self._entry, before, attempt))


def _counted(mark: Mark, found: Found) -> Mark:
    documents = mark.documents + isinstance(found.result, Document)
    return replace(mark, documents=documents, place=found.behind or mark.place)
