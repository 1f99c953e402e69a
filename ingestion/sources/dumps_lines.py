"""Lines of a large file, read forwards and never held as a whole, and the records of which they are rows."""

import codecs
from collections.abc import Callable, Iterator
from hashlib import sha256

from msgspec import Struct

from ingestion.errors import Permanent, TooLarge, Unreadable
from ingestion.rejected import Digest
from ingestion.sources.digest import CHUNK_BYTES, Readable
from ingestion.sources.json_articles import fields_of, mended
from ingestion.sources.sniff import BOMS


class Row(Struct, frozen=True, kw_only=True):
    """One record of a dump: the JSON of an article, or with a `fault` the bytes of what is none.

    `number` counts from 1: the lines of a file of lines, the rows below the header of a table. `digest`
    stands in for a body that was too large to be held.
    """

    number: int
    body: bytes | None
    item_id: str | None = None
    url: str | None = None
    fault: Permanent | None = None
    digest: Digest | None = None


class Line(Struct, frozen=True, kw_only=True):
    """A line with its end; one that is too long has a digest in place of its bytes."""

    body: bytes = b""
    digest: Digest | None = None


class InUtf8:
    """What is read, in UTF-8. A byte order mark is left out; what is no text is replaced."""

    def __init__(self, file: Readable, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ended = False

    def read(self, size: int = -1, /) -> bytes:
        """Return the next piece, nothing at the end."""
        while not self._ended:
            piece = self._file.read(CHUNK_BYTES if size < 0 else size)
            self._ended = not piece
            text = self._decoder.decode(piece, final=self._ended).removeprefix("\ufeff")
            if text:
                return text.encode("utf-8", "replace")
        return b""


def in_utf8(file: Readable, head: bytes) -> Readable:
    """Read in UTF-8 what begins with a byte order mark; else guess where the beginning is no UTF-8."""
    encoding = next((name for bom, name in BOMS if head.startswith(bom)), None) or _guess(head)
    return InUtf8(file, encoding) if encoding else file


def _guess(head: bytes) -> str | None:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(head).best()
        return best.encoding if best else None
    return None


def lines(file: Readable, max_bytes: int, end: bytes = b"\n") -> Iterator[Line]:
    """Split at `end`, holding one line of at most so many bytes."""
    held = bytearray()
    beyond: _Beyond | None = None
    while piece := file.read(CHUNK_BYTES):
        *whole, rest = piece.split(end)
        for part in whole:
            yield beyond.ended(part + end) if beyond else Line(body=bytes(held) + part + end)
            held.clear()
            beyond = None
        if beyond:
            beyond.add(rest)
        elif len(held) + len(rest) > max_bytes:
            beyond = _Beyond(bytes(held) + rest)
            held.clear()
        else:
            held += rest
    if beyond:
        yield beyond.ended(b"")
    elif held:
        yield Line(body=bytes(held))


class _Beyond:
    """A line that is measured, since it is too long to be held."""

    def __init__(self, begin: bytes) -> None:
        self._digest = sha256(begin)
        self._size = len(begin)

    def add(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._size += len(piece)

    def ended(self, piece: bytes) -> Line:
        self.add(piece)
        return Line(digest={"payload_bytes": self._size, "payload_sha256": self._digest.hexdigest()})


def json_rows(file: Readable, head: bytes, max_bytes: int, passed: int) -> Iterator[Row]:
    """Turn each line behind those that were `passed` into a record; empty lines are none."""
    for number, line in enumerate(lines(in_utf8(file, head), max_bytes), start=1):
        if number > passed and (line.digest or line.body.strip(b"\xef\xbb\xbf \t\r\n")):
            yield _json_row(number, line, max_bytes)


def _json_row(number: int, line: Line, max_bytes: int) -> Row:
    if line.digest:
        return too_large(number, line.digest, f"a line of {line.digest['payload_bytes']} bytes", max_bytes)
    body = line.body.removeprefix(codecs.BOM_UTF8).strip()
    whole = mended(body)
    if fields_of(whole) is None:
        return Row(number=number, body=body, fault=Unreadable("a line that is no JSON object"))
    return Row(number=number, body=whole)


def too_large(number: int, digest: Digest, what: str, max_bytes: int) -> Row:
    """A record beyond the limit."""
    fault = TooLarge(f"{what}; the limit is {max_bytes}")
    return Row(number=number, body=None, fault=fault, digest=digest)


Rows = Callable[[Readable, bytes, int, int], Iterator[Row]]
"""Reads a file, whose head is known, with records of at most so many bytes, behind so many of them."""
