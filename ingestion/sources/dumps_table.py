"""Tables as text: CSV (RFC 4180) and what is called so, with its delimiter, quoting and charset."""

import csv
import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain

from ingestion.errors import Unreadable
from ingestion.rejected import Digest
from ingestion.sources.digest import Readable
from ingestion.sources.dumps_columns import Columns
from ingestion.sources.dumps_lines import Line, Row, in_utf8, lines, too_large

QUOTED = re.compile(r'"[^"]*"')
DELIMITERS = ",\t;|"
NO_TEXT = "a row without a headline and without a text"


def table_rows(file: Readable, head: bytes, max_bytes: int, passed: int) -> Iterator[Row]:
    """Turn each row below the header, behind those that were `passed`, into a record.

    Raises `Unreadable` where the header names no column of articles.
    """
    end = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
    read = _Lines(lines(in_utf8(file, head), max_bytes, end), max_bytes)
    csv.field_size_limit(max(csv.field_size_limit(), max_bytes))
    delimiter, header = _header(read)
    columns = Columns(header)
    if not columns.holds_text:
        raise Unreadable("a table of addresses without texts; make them the urls of a source of kind page")
    escaped = b'\\"' in head and b'""' not in head
    table = csv.reader(
        read,
        delimiter=delimiter,
        doublequote=not escaped,
        escapechar="\\" if escaped else None,
        strict=True,
    )
    for number, cells in enumerate(_records(table, read), start=1):
        if number > passed:
            yield _row(number, cells, read, header, columns)


def _header(read: "_Lines") -> tuple[str, list[str]]:
    """The delimiter, and the names of the columns; a name may hold a line break."""
    try:
        first = next(read, "")
        unquoted = QUOTED.sub("", first)
        delimiter = max(DELIMITERS, key=unquoted.count)
        names = next(csv.reader(chain([first], read), delimiter=delimiter), [])
    except (csv.Error, _TooLong) as error:
        raise Unreadable(f"a header that cannot be read: {error}") from error
    return delimiter, [name.strip() for name in names]


def _records(table: Iterator[list[str]], read: "_Lines") -> Iterator[list[str] | Exception]:
    """The cells of each record, or why it has none; records without anything in them are none."""
    while True:
        read.begin()
        try:
            cells = next(table)
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            yield error
            continue
        if any(cell.strip() for cell in cells):
            yield cells


def _row(
    number: int, cells: list[str] | Exception, read: "_Lines", header: list[str], columns: Columns
) -> Row:
    if isinstance(cells, _TooLong):
        return too_large(number, read.digest(), "a row that does not end", read.max_bytes)
    if isinstance(cells, Exception):
        return Row(number=number, body=read.body(), fault=Unreadable(f"a row that cannot be read: {cells}"))
    while len(cells) > len(header) and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) != len(header):
        told = f"a row of {len(cells)} cells where the header has {len(header)}"
        return Row(number=number, body=read.body(), fault=Unreadable(told))
    article = columns.article(dict(zip(header, (cell.strip() for cell in cells), strict=True)))
    if article is None:
        return Row(number=number, body=read.body(), fault=Unreadable(NO_TEXT))
    return Row(number=number, body=article.body, item_id=article.item_id, url=article.url)


class _TooLong(Exception):
    """A record whose lines are together beyond the limit."""

    def __str__(self) -> str:
        return "it does not end"


class _Lines:
    """The lines of a table as text, and the bytes of those that the present record is made of."""

    def __init__(self, found: Iterator[Line], max_bytes: int) -> None:
        self._found = found
        self._held: list[bytes] = []
        self._size = 0
        self._beyond: Line | None = None
        self.max_bytes = max_bytes

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._size > self.max_bytes:
            raise _TooLong
        line = next(self._found)
        if line.digest:
            self._beyond, self._size = line, self.max_bytes + 1
            raise _TooLong
        self._held.append(line.body)
        self._size += len(line.body)
        return line.body.decode("utf-8", "replace").removeprefix("\ufeff")

    def begin(self) -> None:
        """Begin a record."""
        self._held, self._size, self._beyond = [], 0, None

    def body(self) -> bytes:
        """Return the bytes of the record."""
        return b"".join(self._held)

    def digest(self) -> Digest:
        """Measure a record that is too large."""
        if self._beyond and self._beyond.digest:
            return self._beyond.digest
        body = self.body()
        return {"payload_bytes": len(body), "payload_sha256": sha256(body).hexdigest()}
