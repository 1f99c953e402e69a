"""Dumps: files of many articles, one to a line or to a row, read forwards within bounded memory."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from msgspec import Struct

from ingestion.article import Document, DocumentKind, Rejected
from ingestion.errors import Permanent, TooLarge
from ingestion.sources.contents import TABLE_NAMES
from ingestion.sources.documents import Origin, dead, document
from ingestion.sources.dumps_lines import Row, json_rows
from ingestion.sources.dumps_parquet import MAGIC as PARQUET_MAGIC
from ingestion.sources.dumps_parquet import parquet_rows
from ingestion.sources.dumps_table import table_rows
from ingestion.sources.inflate import RATIO_FREE_BYTES
from ingestion.sources.json_articles import BOM, fields_of, mended
from ingestion.sources.limits import Limits
from ingestion.sources.packing import Unpacker, unpacker
from ingestion.sources.sniff import Form as Sniffed
from ingestion.sources.sniff import sniff

LINES_NAMES = (".ndjson", ".jsonl", ".ndjsonl", ".jsonlines")
NO_TEXT = (Sniffed.BINARY, Sniffed.GZIP, Sniffed.WARC)


class Form(StrEnum):
    """How a dump is written."""

    LINES = "lines of JSON"
    TABLE = "a table as text"
    PARQUET = "a Parquet file"


class Dump(Struct, frozen=True, kw_only=True):
    """A dump that was found. `locator` names it, `head` is how it begins without its packing."""

    form: Form
    locator: str
    head: bytes
    changed_at: datetime


def form_of(name: str, head: bytes, *, whole: bool) -> Form | None:
    """Tell a dump by its name, without `.gz`, and by its beginning; None for any other file.

    `whole` says that the file is small enough to be held.
    """
    if head.startswith(PARQUET_MAGIC):
        return Form.PARQUET
    if not head.strip() or sniff(head) in NO_TEXT:
        return None
    if name.endswith(LINES_NAMES):
        return Form.LINES if not whole or _begins_with_object(head) else None
    if name.endswith(".json"):
        return Form.LINES if not whole and _begins_with_object(head) else None
    return Form.TABLE if name.endswith(TABLE_NAMES) else None


def _begins_with_object(head: bytes) -> bool:
    """Tell whether the first line is an object, as far as it can be seen."""
    first, ended, _ = head.removeprefix(BOM).lstrip().partition(b"\n")
    return fields_of(mended(first.strip())) is not None if ended else first.startswith(b"{")


class DumpReader:
    """Reads one dump after the other."""

    def __init__(self, origin: Origin, limits: Limits) -> None:
        self._origin = origin
        self._limits = limits

    def read(self, dump: Dump, file: BinaryIO, passed: int) -> Iterator[tuple[int, Document | Rejected]]:
        """Go on behind so many records. Yields each record with its number.

        Raises `Unreadable`, `TooLarge` where nothing of the rest can be read.
        """
        for row in self._rows(dump, file, passed):
            yield row.number, self._result(dump, row)

    def _rows(self, dump: Dump, file: BinaryIO, passed: int) -> Iterator[Row]:
        if dump.form is Form.PARQUET:
            return parquet_rows(file, self._limits.max_bytes, passed)
        read = table_rows if dump.form is Form.TABLE else json_rows
        unpacked = _Bounded(unpacker(file), self._limits.max_ratio)
        return read(unpacked, dump.head, self._limits.max_bytes, passed)

    def _result(self, dump: Dump, row: Row) -> Document | Rejected:
        locator = f"{dump.locator}#{row.number}"
        origin = self._origin.named(row.item_id)
        if row.fault and row.digest:
            return dead(origin, row.fault, locator=locator, payload=None, digest=row.digest)
        if row.fault or row.body is None:
            fault: Permanent = row.fault or TooLarge("a record that is too large")
            return dead(origin, fault, locator=locator, payload=row.body)
        return document(
            origin,
            row.body,
            locator=locator,
            kind=DocumentKind.JSON,
            fetched_at=dump.changed_at,
            discovered_url=row.url,
            fetched_url=row.url,
            content_type="application/json",
            charset="utf-8",
        )


class _Bounded:
    """What is unpacked, as long as it is not too many times larger than its packing."""

    def __init__(self, unpacked: Unpacker, max_ratio: int) -> None:
        self._unpacked = unpacked
        self._max_ratio = max_ratio

    def read(self, size: int = -1, /) -> bytes:
        piece = self._unpacked.read(size)
        packed = self._unpacked.packed_bytes
        if self._unpacked.tell() > max(RATIO_FREE_BYTES, packed * self._max_ratio):
            raise TooLarge(f"{packed} bytes unpack to more than {self._max_ratio} times as many")
        return piece
