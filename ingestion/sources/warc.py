"""WARC archives (ISO 28500), plain or packed, read record by record and never as a whole."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from msgspec import Struct

from ingestion.article import Drop, Outcome
from ingestion.errors import NewsError, TooLarge, Unreadable
from ingestion.rejected import MAX_PAYLOAD_BYTES
from ingestion.sources.contents import Content, Result, form_of, results
from ingestion.sources.digest import CHUNK_BYTES, Readable, digest_of
from ingestion.sources.documents import Origin, dead
from ingestion.sources.limits import Limits
from ingestion.sources.packing import Unpacker, unpacker
from ingestion.sources.sniff import Form

if TYPE_CHECKING:
    from fastwarc import WarcRecord

RESPONSE = 4
"""The value of `fastwarc.WarcRecordType.response`; a test holds it to that."""

HTTP_STATUS = Drop(Outcome.DROPPED, "http_status")
NO_TEXT = ("image/", "video/", "audio/", "font/", "text/css", "text/javascript", "application/javascript")
"""Media types of what belongs to a page and is no document of its own."""

BY_LINES = frozenset({"x-robots-tag"})
"""Headers whose values are kept apart, as lines: with commas, the crawler that one names would take all."""

Reopen = Callable[[int], AbstractContextManager[Readable]]
"""Opens the archive once more, at a byte."""


class Place(Struct, frozen=True, kw_only=True):
    """Where reading goes on: at a byte of the archive, behind so many records that follow it.

    `number` counts the records from the beginning of the archive, `packed_bytes` what was read of it.
    """

    offset_bytes: int = 0
    passed: int = 0
    number: int = 0
    packed_bytes: int = 0


class Found(NamedTuple):
    """One result, and where reading goes on behind it; None where more of the same record follows."""

    result: Result
    behind: Place | None


class Archived(Struct, frozen=True, kw_only=True):
    """An archive that can be opened anywhere, its name, and when it changed last."""

    locator: str
    reopen: Reopen
    changed_at: datetime


class WarcReader:
    """Reads the `response` records; other records are no documents."""

    def __init__(self, origin: Origin, limits: Limits) -> None:
        self._origin = origin
        self._limits = limits

    def read(self, file: BinaryIO, locator: str, changed_at: datetime) -> Iterator[Result]:
        """Turn the records of a file into documents, and whatever follows a damage into one dead letter."""

        def reopen(offset_bytes: int) -> AbstractContextManager[Readable]:
            file.seek(offset_bytes)
            return nullcontext(file)

        archived = Archived(locator=locator, reopen=reopen, changed_at=changed_at)
        return (found.result for found in self.read_from(archived, file, Place()))

    def read_from(self, archived: Archived, opened: Readable, start: Place) -> Iterator[Found]:
        """Go on where somebody stopped; `opened` is the archive, opened at the byte of `start`.

        Raises what `opened` raises when it cannot be read on, other than `Unreadable`.
        """
        records = _Records(opened, start)
        try:
            yield from self._records(records, archived)
        except (OSError, Unreadable) as error:
            records.raise_fault_of_reading()
            fault = Unreadable(f"damaged at record {records.number}, read up to there: {error}")
            yield Found(self._rest(records, fault, archived), None)

    def _records(self, records: "_Records", archived: Archived) -> Iterator[Found]:
        for record in records:
            held: Result | None = None
            for result in self._record(record, f"{archived.locator}#{records.number}", archived.changed_at):
                if held is not None:
                    yield Found(held, None)
                held = result
            if held is not None:
                yield Found(held, records.behind())

    def _rest(self, records: "_Records", fault: Unreadable, archived: Archived) -> Result:
        """Keep what cannot be read, from the start of the member or record that holds it."""
        locator = f"{archived.locator}#{records.number}"
        with archived.reopen(records.start) as again:
            payload = _read_up_to(again, MAX_PAYLOAD_BYTES + 1)
        if len(payload) <= MAX_PAYLOAD_BYTES:
            return dead(self._origin, fault, locator=locator, payload=payload)
        with archived.reopen(records.start) as again:
            return dead(self._origin, fault, locator=locator, payload=None, digest=digest_of(again))

    def _record(self, record: "WarcRecord", locator: str, changed_at: datetime) -> Iterator[Result]:
        """Read one record. Raises `Unreadable` where it is cut off, which no later record survives."""
        wanted = record.record_type == RESPONSE and record.is_http
        if wanted and record.content_length > self._limits.max_bytes:
            yield self._too_large(record, locator)
            return
        if not wanted:
            _skip(record)
            return
        announced = record.content_length
        record.freeze()
        if record.content_length < announced:
            raise Unreadable(f"a record that breaks off after {record.content_length} of {announced} bytes")
        yield from self._response(record, locator, changed_at)

    def _too_large(self, record: "WarcRecord", locator: str) -> Result:
        announced = record.content_length
        fault = TooLarge(f"a record of {announced} bytes; the limit is {self._limits.max_bytes}")
        digest = digest_of(record.reader)
        if digest["payload_bytes"] < announced:
            raise Unreadable(f"a record that breaks off after {digest['payload_bytes']} of {announced} bytes")
        return dead(self._named(record), fault, locator=locator, payload=None, digest=digest)

    def _response(self, record: "WarcRecord", locator: str, changed_at: datetime) -> Iterator[Result]:
        try:
            record.parse_http(auto_decode="all")
            body = record.reader.read(self._limits.max_bytes + 1)
        except Exception as error:  # noqa: BLE001 - over hostile bytes a parser may raise anything
            fault = Unreadable(f"a response that cannot be read: {error}")
            yield dead(self._named(record), fault, locator=locator, payload=None)
            return
        if len(body) > self._limits.max_bytes:
            too_large = TooLarge(f"a response that unpacks to more than {self._limits.max_bytes} bytes")
            yield dead(self._named(record), too_large, locator=locator, payload=None)
            return
        yield from self._content(_content(record, body, locator, changed_at))

    def _content(self, content: Content) -> Iterator[Result]:
        no_text = (content.content_type or "").startswith(NO_TEXT)
        if no_text or form_of(content) in (Form.EMPTY, Form.BINARY, Form.GZIP, Form.WARC):
            return
        if not 200 <= (content.http_status or 200) < 300:
            yield HTTP_STATUS
            return
        yield from results(self._origin, content)

    def _named(self, record: "WarcRecord") -> Origin:
        return self._origin.named(record.record_id)


class _Records:
    """The records of an archive from a place on, and where the present one is.

    `start` is the byte at which the member or record begins that holds the present record.
    """

    def __init__(self, opened: Readable, place: Place) -> None:
        self._opened = _Watched(opened)
        self._base = place.offset_bytes
        self._skipped = place.passed
        self._passed = 0
        self.number = place.number - place.passed
        self.start = place.offset_bytes
        self._unpacked: Unpacker | None = None

    def __iter__(self) -> Iterator["WarcRecord"]:
        """Yield each record behind the place. Raises `OSError`, `Unreadable`, and what reading raises."""
        from fastwarc import ArchiveIterator

        self._unpacked = unpacker(self._opened)
        # What it asks of a stream is `read` and `tell`; its stubs ask for more.
        for record in ArchiveIterator(self._unpacked, parse_http=False, stream_detect=False):  # type: ignore[arg-type]
            self._note(record)
            if self._passed <= self._skipped and self.start == self._base:
                _skip(record)
            else:
                yield record
        self.raise_fault_of_reading()

    def raise_fault_of_reading(self) -> None:
        """Raise the fault with which reading ended, which the parser in between may have changed."""
        fault = self._opened.fault
        if fault and not isinstance(fault, Unreadable):
            raise fault

    def behind(self) -> Place:
        """Say where reading goes on behind the present record."""
        read = self._unpacked.packed_bytes if self._unpacked else 0
        return Place(
            offset_bytes=self.start,
            passed=self._passed,
            number=self.number,
            packed_bytes=self._base + read,
        )

    def _note(self, record: "WarcRecord") -> None:
        self.number += 1
        begins = self._unpacked.begins_at(record.stream_pos) if self._unpacked else None
        if begins is None:
            self._passed += 1
        else:
            self.start, self._passed = self._base + begins, 1
        if record.headers.get("Content-Length") is None:
            raise Unreadable("a record header that breaks off")


class _Watched:
    """What is read, and the fault with which reading ended."""

    def __init__(self, opened: Readable) -> None:
        self._opened = opened
        self.fault: NewsError | None = None

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._opened.read(size)
        except NewsError as fault:
            self.fault = fault
            raise


def _read_up_to(archive: Readable, size: int) -> bytes:
    found = bytearray()
    while len(found) < size and (piece := archive.read(min(CHUNK_BYTES, size - len(found)))):
        found += piece
    return bytes(found)


def _skip(record: "WarcRecord") -> None:
    """Pass a record that is no document. Raises `Unreadable` where it is cut off."""
    announced, passed = record.content_length, 0
    while chunk := record.reader.read(CHUNK_BYTES):
        passed += len(chunk)
    if passed < announced:
        raise Unreadable(f"a record that breaks off after {passed} of {announced} bytes")


def _content(record: "WarcRecord", body: bytes, locator: str, changed_at: datetime) -> Content:
    headers: dict[str, str] = {}
    for name, value in record.http_headers.items():
        key = name.lower()
        if not key.startswith("set-cookie"):
            between = "\n" if key in BY_LINES else ", "
            headers[key] = f"{headers[key]}{between}{value}" if key in headers else value
    return Content(
        locator=locator,
        name="",
        body=body,
        fetched_at=_date(record) or changed_at,
        item_id=record.record_id,
        url=record.headers.get("WARC-Target-URI"),
        http_status=record.http_headers.status_code,
        headers=headers,
        content_type=record.http_content_type,
        charset=record.http_charset,
    )


def _date(record: "WarcRecord") -> datetime | None:
    date: datetime | None = record.record_date
    return date.astimezone(UTC) if date else None
