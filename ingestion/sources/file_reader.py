"""One file on disk: whatever it holds is offered, whatever cannot be read is told."""

import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ingestion.errors import Permanent, TooLarge, Unreadable
from ingestion.sources import dumps
from ingestion.sources.contents import NO_ARTICLES, Content, Result, results
from ingestion.sources.digest import digest_of
from ingestion.sources.documents import Origin, dead
from ingestion.sources.dumps import Dump, DumpReader
from ingestion.sources.inflate import gunzip, unpack
from ingestion.sources.limits import Limits
from ingestion.sources.packing import GZIP_MAGIC, ZSTD_MAGIC, unpacker
from ingestion.sources.sniff import HEAD_BYTES, Form, sniff
from ingestion.sources.warc import WarcReader

OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe that took the place of a file must not hold us up."""

PART = re.compile(r"#\d+$")
"""Behind the name of a file, the number of a record in it: a dead letter of one is read again alone."""

PACKED_NAMES = (".gz", ".zst", ".zstd")


class Found(NamedTuple):
    """One result, and how many records of its file are behind it; 0 where the file is no dump."""

    result: Result
    passed: int = 0


class FileReader:
    """Reads single files within limits."""

    def __init__(self, origin: Origin, limits: Limits) -> None:
        self.origin = origin
        self._limits = limits
        self._dumps = DumpReader(origin, limits)

    def read(self, path: Path, locator: str) -> Iterator[Result]:
        """Turn one file into documents, or say what became of it. Never raises a fault."""
        return (found.result for found in self.read_from(path, locator, 0))

    def read_from(self, path: Path, locator: str, passed: int) -> Iterator[Found]:
        """Go on behind so many records of a dump; any other file is read as a whole."""
        try:
            with _open(path) as file:
                yield from self._read_open(file, locator, passed)
        except OSError as error:
            yield from map(Found, self.failed(locator, error))
        except Unreadable as fault:
            yield Found(dead(self.origin, fault, locator=locator, payload=None))

    def failed(self, locator: str, error: OSError) -> Iterator[Result]:
        """Tell of a file or folder that the system does not let us read."""
        fault = Unreadable(f"cannot be read: {error.strerror or type(error).__name__}")
        yield dead(self.origin, fault, locator=locator, payload=None)

    def _read_open(self, file: BinaryIO, locator: str, passed: int) -> Iterator[Found]:
        facts = os.fstat(file.fileno())
        changed_at = datetime.fromtimestamp(facts.st_mtime, UTC)
        head, is_packed = _head(file)
        name = plain_name(locator) if is_packed else locator.lower()
        form = dumps.form_of(name, head, whole=facts.st_size <= self._limits.max_bytes)
        if form and not (is_packed and form is dumps.Form.PARQUET):
            dump = Dump(form=form, locator=locator, head=head, changed_at=changed_at)
            yield from self._dump(file, dump, passed)
        elif sniff(head) is Form.WARC:
            yield from map(Found, WarcReader(self.origin, self._limits).read(file, locator, changed_at))
        elif facts.st_size > self._limits.max_bytes:
            fault = TooLarge(f"a file of {facts.st_size} bytes; the limit is {self._limits.max_bytes}")
            yield Found(dead(self.origin, fault, locator=locator, payload=None, digest=digest_of(file)))
        else:
            body = file.read(facts.st_size)
            yield from map(Found, self.contents(body, locator, changed_at, packed=is_packed))

    def _dump(self, file: BinaryIO, dump: Dump, passed: int) -> Iterator[Found]:
        found = passed
        try:
            for found, result in self._dumps.read(dump, file, passed):
                yield Found(result, found)
        except Permanent as fault:
            yield Found(self._broken(file, dump.locator, fault), found)
            return
        if not found:
            yield Found(NO_ARTICLES)

    def _broken(self, file: BinaryIO, locator: str, fault: Permanent) -> Result:
        """Tell of a dump that cannot be read, or not to its end."""
        file.seek(0)
        size = os.fstat(file.fileno()).st_size
        if size > self._limits.max_bytes:
            return dead(self.origin, fault, locator=locator, payload=None, digest=digest_of(file))
        return dead(self.origin, fault, locator=locator, payload=file.read(size))

    def contents(self, body: bytes, locator: str, changed_at: datetime, *, packed: bool) -> Iterator[Result]:
        """Turn the bytes of one file into documents, or say what became of them."""
        name = PART.sub("", plain_name(locator) if packed else locator.lower())
        try:
            plain = self._unpacked(body) if packed else body
        except Permanent as fault:
            yield dead(self.origin, fault, locator=locator, payload=body)
            return
        content = Content(locator=locator, name=name.rpartition("/")[2], body=plain, fetched_at=changed_at)
        yield from results(self.origin, content)

    def _unpacked(self, body: bytes) -> bytes:
        if body.startswith(GZIP_MAGIC):
            return gunzip(BytesIO(body), packed_bytes=len(body), limits=self._limits)
        return unpack(BytesIO(body), packed_bytes=len(body), limits=self._limits)


def plain_name(locator: str) -> str:
    """What a packed file would be called without its packing."""
    name = locator.lower()
    return next((name.removesuffix(end) for end in PACKED_NAMES if name.endswith(end)), name)


def _head(file: BinaryIO) -> tuple[bytes, bool]:
    """Look at the beginning, through the packing where there is one; nothing where it cannot be unpacked."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not head.startswith((GZIP_MAGIC, *ZSTD_MAGIC)):
        return head, False
    found = b""
    try:
        unpacked = unpacker(file)
        while len(found) < HEAD_BYTES and (piece := unpacked.read(HEAD_BYTES - len(found))):
            found += piece
    except Unreadable:
        found = found or head
    file.seek(0)
    return found, True


def _open(path: Path) -> BinaryIO:
    """Open a regular file. Raises `OSError`, `Unreadable`."""
    descriptor = os.open(path, OPEN_FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("neither a file nor a folder")
    return os.fdopen(descriptor, "rb")
