"""Files and folders of the catalogue: each file is read once, and again when it has changed."""

from collections.abc import Iterator
from glob import glob, has_magic
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Rejected
from ingestion.errors import Cause, Unreadable
from ingestion.source_ports import Bookmark, SourceMemory, Visit
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead, wellformed
from ingestion.sources.file_reader import FileReader, Found
from ingestion.sources.files import is_outside, offered
from ingestion.sources.limits import Limits
from ingestion.sources.links import UNCHANGED, Now, failure_of, utc_now
from ingestion.sources.named import NamedSource
from ingestion.sources.rhythm import Attempt, after_attempt

RECORDS_TO_A_BOOKMARK = 100


class Mark(Struct, frozen=True, kw_only=True):
    """How far a file was read, as it stands in a bookmark.

    `identity` is the state that was read: its size and the time of its change. `passed` counts the records
    of a dump. With `ended`, all of it was; `failure` is why it could not be opened.
    """

    identity: str = ""
    passed: int = 0
    ended: bool = False
    failure: str | None = None


class CatalogueFiles(NamedSource):
    """A `Source` over the paths of an entry: files, folders, and patterns of them such as `dumps/*.csv`."""

    def __init__(self, entry: Entry, memory: SourceMemory, limits: Limits, *, now: Now = utc_now) -> None:
        super().__init__(entry)
        self._entry = entry
        self._memory = memory
        self._limits = limits
        self._now = now
        self._ended: list[Bookmark] = []
        self._failure: str | None = None
        self._read_on = 0

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read each file that is new or has changed; go on with a dump that was not read to its end."""
        self._ended, self._failure, self._read_on = [], None, 0
        reader = FileReader(Origin(source=self.ref, publisher=self.publisher, run_id=run_id), self._limits)
        for pattern in self._entry.paths:
            for root in _matching(pattern):
                for path, locator in offered(root):
                    yield from self._file(reader, root, path, _within(root, locator))

    def settle(self) -> None:
        """Keep which files were read to their end, and note how it went."""
        self._memory.keep_bookmarks(self._ended)
        cause = Cause.UNREADABLE if self._failure else None
        attempt = Attempt(
            at=self._now(), failure=self._failure, cause=cause, partial=True, new_links=self._read_on
        )
        self._memory.keep_state(after_attempt(self._entry, self._memory.state(self.ref.id), attempt))

    def _file(self, reader: FileReader, root: Path, path: Path | OSError, locator: str) -> Iterator[Visit]:
        if isinstance(path, OSError):
            yield self._unopened(reader, str(root), locator, path)
            return
        if is_outside(root, path):
            return
        try:
            identity = _identity(path)
        except OSError as error:
            yield self._unopened(reader, str(path), locator, error)
            return
        mark = self._mark(str(path))
        mark = mark if mark.identity == identity else Mark(identity=identity)
        if not mark.ended:
            self._read_on += 1
            yield from self._read(reader, path, locator, mark)

    def _read(self, reader: FileReader, path: Path, locator: str, mark: Mark) -> Iterator[Visit]:
        """Yield what the file holds; now and then a visit says how much of it was read, and the last all."""
        held: Found | None = None
        for count, found in enumerate(reader.read_from(path, locator, mark.passed)):
            if held:
                whole_hundred = held.passed and count % RECORDS_TO_A_BOOKMARK == 0
                passed = replace(mark, passed=held.passed)
                yield Visit(
                    result=held.result, bookmark=self._at(str(path), passed) if whole_hundred else None
                )
            held = found
        ended = self._at(str(path), Mark(identity=mark.identity, ended=True))
        if held:
            if isinstance(held.result, Rejected) and not held.passed:
                self._failure = f"{locator}: {held.result.message}"
            yield Visit(result=held.result, bookmark=ended)
        else:
            self._ended.append(ended)

    def _unopened(self, reader: FileReader, name: str, locator: str, error: OSError) -> Visit:
        """Tell a failure once: the same one again is unchanged, and not a second dead letter."""
        fault = Unreadable(f"cannot be read: {error.strerror or type(error).__name__}")
        result = dead(reader.origin, fault, locator=locator, payload=None)
        failure = failure_of(result)
        self._failure = f"{locator}: {fault}"
        told_before = self._mark(name).failure == failure
        bookmark = self._at(name, Mark(failure=failure))
        return Visit(result=UNCHANGED if told_before else result, bookmark=bookmark)

    def _mark(self, name: str) -> Mark:
        bookmark = self._memory.bookmark(self.ref.id, wellformed(name))
        try:
            return msgspec.json.decode(bookmark.position, type=Mark) if bookmark else Mark()
        except msgspec.DecodeError:
            return Mark()

    def _at(self, name: str, mark: Mark) -> Bookmark:
        position = msgspec.json.encode(mark).decode()
        return Bookmark(source_id=self.ref.id, name=wellformed(name), position=position, kept_at=self._now())


def _matching(pattern: Path) -> list[Path]:
    """The paths that a pattern means; one without a match stands for itself, so that it is told."""
    if pattern.exists() or not has_magic(str(pattern)):
        return [pattern]
    found = sorted(glob(str(pattern), recursive=True))  # noqa: PTH207 - an absolute pattern is none for pathlib
    return [Path(path) for path in found]


def _within(root: Path, locator: str) -> str:
    """How a file is called: by its folder, which another folder of the entry may share the rest with."""
    return wellformed(root.name if locator in ("", root.name) else f"{root.name}/{locator}")


def _identity(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"
