"""Files and folders on disk: whatever they hold is offered, whatever cannot be read is told."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ingestion.article import Drop, Outcome, Publisher, SourceRef
from ingestion.errors import Permanent, TooLarge, Unreadable
from ingestion.source_ports import Visit
from ingestion.sources.contents import Content, Result, results
from ingestion.sources.digest import digest_of
from ingestion.sources.documents import UNKNOWN, Origin, dead, wellformed
from ingestion.sources.inflate import gunzip, gunzip_head
from ingestion.sources.limits import Limits
from ingestion.sources.sniff import HEAD_BYTES, Form, sniff
from ingestion.sources.warc import WarcReader

LINK_OUTSIDE = Drop(Outcome.DROPPED, "link_outside")
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe that took the place of a file must not hold us up."""


class FilesSource:
    """A `Source` over one file or all files below a folder, hidden ones left out, in sorted order."""

    def __init__(self, root: Path, *, limits: Limits | None = None, publisher: Publisher = UNKNOWN) -> None:
        self._root = root
        self._limits = limits or Limits()
        self._publisher = publisher

    @property
    def ref(self) -> SourceRef:
        """Its identity: the path as it was given."""
        return SourceRef(id=wellformed(f"files:{self._root.as_posix()}"), kind="files")

    @property
    def publisher(self) -> Publisher:
        """Whom everything here is from, where that was said."""
        return self._publisher

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read each file once."""
        origin = Origin(source=self.ref, publisher=self._publisher, run_id=run_id)
        reader = FileReader(origin, self._limits)
        for path, locator in self._files(reader):
            found = (
                reader.failed(locator, path)
                if isinstance(path, OSError)
                else self._read(reader, path, locator)
            )
            for result in found:
                yield Visit(result=result)

    def settle(self) -> None:
        """Nothing is remembered of files: they are read anew each time."""

    def _files(self, reader: "FileReader") -> Iterator[tuple[Path | OSError, str]]:
        if not self._root.is_dir():
            yield self._root, self._root.name
            return
        for path in _walk(self._root):
            if isinstance(path, Path):
                yield path, path.relative_to(self._root).as_posix()
            else:
                yield path, reader.origin.source.id

    def _read(self, reader: "FileReader", path: Path, locator: str) -> Iterator[Result]:
        if path.is_symlink() and path != self._root:
            inside = path.resolve().is_relative_to(self._root.resolve())
            if not inside:
                return iter([LINK_OUTSIDE])
        return reader.read(path, wellformed(locator))


def _walk(folder: Path) -> Iterator[Path | OSError]:
    """All files, in the order of their paths; folders behind links are not entered (they may be loops)."""
    try:
        children = sorted(folder.iterdir(), key=lambda child: child.name)
    except OSError as error:
        yield error
        return
    for child in children:
        if child.name.startswith("."):
            continue
        if child.is_dir():
            if not child.is_symlink():
                yield from _walk(child)
        else:
            yield child


class FileReader:
    """Reads single files within limits."""

    def __init__(self, origin: Origin, limits: Limits) -> None:
        self.origin = origin
        self._limits = limits

    def read(self, path: Path, locator: str) -> Iterator[Result]:
        """Turn one file into documents, or say what became of it. Never raises a fault."""
        try:
            with _open(path) as file:
                yield from self._read_open(file, locator)
        except OSError as error:
            yield from self.failed(locator, error)
        except Unreadable as fault:
            yield dead(self.origin, fault, locator=locator, payload=None)

    def failed(self, locator: str, error: OSError) -> Iterator[Result]:
        """Tell of a file or folder that the system does not let us read."""
        fault = Unreadable(f"cannot be read: {error.strerror or type(error).__name__}")
        yield dead(self.origin, fault, locator=locator, payload=None)

    def _read_open(self, file: BinaryIO, locator: str) -> Iterator[Result]:
        facts = os.fstat(file.fileno())
        changed_at = datetime.fromtimestamp(facts.st_mtime, UTC)
        form, packed = self._form(file)
        if form is Form.WARC:
            yield from WarcReader(self.origin, self._limits).read(file, locator, changed_at)
        elif facts.st_size > self._limits.max_bytes:
            fault = TooLarge(f"a file of {facts.st_size} bytes; the limit is {self._limits.max_bytes}")
            yield dead(self.origin, fault, locator=locator, payload=None, digest=digest_of(file))
        else:
            yield from self.contents(file.read(self._limits.max_bytes), locator, changed_at, packed=packed)

    def _form(self, file: BinaryIO) -> tuple[Form, bool]:
        """Look at the beginning, through the packing where there is one."""
        form = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        if form is not Form.GZIP:
            return form, False
        inner = sniff(gunzip_head(file, HEAD_BYTES))
        file.seek(0)
        return (inner if inner is Form.WARC else form), True

    def contents(self, body: bytes, locator: str, changed_at: datetime, *, packed: bool) -> Iterator[Result]:
        """Turn the bytes of one file into documents, or say what became of them."""
        name = locator.lower().removesuffix(".gz") if packed else locator.lower()
        try:
            plain = gunzip(BytesIO(body), packed_bytes=len(body), limits=self._limits) if packed else body
        except Permanent as fault:
            yield dead(self.origin, fault, locator=locator, payload=body)
            return
        content = Content(locator=locator, name=name.rpartition("/")[2], body=plain, fetched_at=changed_at)
        yield from results(self.origin, content)


def _open(path: Path) -> BinaryIO:
    """Open a regular file. Raises `OSError`, `Unreadable`."""
    descriptor = os.open(path, OPEN_FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("neither a file nor a folder")
    return os.fdopen(descriptor, "rb")
