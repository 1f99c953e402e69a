"""WARC archives (ISO 28500), plain or gzip, read record by record and never as a whole."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from ingestion.article import Drop, Outcome
from ingestion.errors import TooLarge, Unreadable
from ingestion.rejected import MAX_PAYLOAD_BYTES
from ingestion.sources.contents import Content, Result, form_of, results
from ingestion.sources.digest import CHUNK_BYTES, digest_of
from ingestion.sources.documents import Origin, dead
from ingestion.sources.limits import Limits
from ingestion.sources.sniff import Form

if TYPE_CHECKING:
    from fastwarc import ArchiveIterator, WarcRecord

RESPONSE = 4
"""The value of `fastwarc.WarcRecordType.response`; a test holds it to that."""

HTTP_STATUS = Drop(Outcome.DROPPED, "http_status")
GZIP_MAGIC = b"\x1f\x8b"
NO_TEXT = ("image/", "video/", "audio/", "font/", "text/css", "text/javascript", "application/javascript")
"""Media types of what belongs to a page and is no document of its own."""


class WarcReader:
    """Reads the `response` records; other records are no documents."""

    def __init__(self, origin: Origin, limits: Limits) -> None:
        self._origin = origin
        self._limits = limits

    def read(self, file: BinaryIO, locator: str, changed_at: datetime) -> Iterator[Result]:
        """Turn the records into documents, and whatever follows a damage into one dead letter."""
        from fastwarc import ArchiveIterator

        place = _Place()
        try:
            for record in _counted(ArchiveIterator(file, parse_http=False), place):
                yield from self._record(record, f"{locator}#{place.number}", changed_at)
            _check_end(file, place)
        except (OSError, Unreadable) as error:
            fault = Unreadable(f"damaged at record {place.number}, read up to there: {error}")
            yield self._rest(file, place, fault, locator)

    def _rest(self, file: BinaryIO, place: "_Place", fault: Unreadable, locator: str) -> Result:
        file.seek(place.start)
        payload = file.read(MAX_PAYLOAD_BYTES + 1)
        locator = f"{locator}#{place.number}"
        if len(payload) <= MAX_PAYLOAD_BYTES:
            return dead(self._origin, fault, locator=locator, payload=payload)
        file.seek(place.start)
        return dead(self._origin, fault, locator=locator, payload=None, digest=digest_of(file))

    def _record(self, record: "WarcRecord", locator: str, changed_at: datetime) -> Iterator[Result]:
        """Read one record. Raises `Unreadable` where it is cut off, which no later record survives."""
        if record.headers.get("Content-Length") is None:
            raise Unreadable("a record header that breaks off")
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
        fault = TooLarge(f"a record of {record.content_length} bytes; the limit is {self._limits.max_bytes}")
        digest = digest_of(record.reader)
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


class _Place:
    """How far the archive was read: the number of the record, and the byte at which it starts."""

    number = 0
    start = 0


def _counted(records: "ArchiveIterator", place: _Place) -> Iterator["WarcRecord"]:
    for place.number, record in enumerate(records, start=1):
        place.start = record.stream_pos
        yield record


def _skip(record: "WarcRecord") -> None:
    """Pass a record that is no document. Raises `Unreadable` where it is cut off."""
    announced, passed = record.content_length, 0
    while chunk := record.reader.read(CHUNK_BYTES):
        passed += len(chunk)
    if passed < announced:
        raise Unreadable(f"a record that breaks off after {passed} of {announced} bytes")


def _check_end(file: BinaryIO, place: _Place) -> None:
    """See that nothing was cut off behind the last record; the reader ends there without a word.

    Raises `Unreadable`.
    """
    file.seek(place.start)
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    rest = file.read(CHUNK_BYTES)
    if not rest.startswith(GZIP_MAGIC):
        return
    try:
        while rest:
            unpacker.decompress(rest)
            if unpacker.eof and unpacker.unused_data:
                rest, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            else:
                rest = file.read(CHUNK_BYTES)
    except zlib.error as error:
        raise Unreadable(f"what follows is no gzip: {error}") from error
    if not unpacker.eof:
        raise Unreadable("the archive breaks off in the middle of its gzip")


def _content(record: "WarcRecord", body: bytes, locator: str, changed_at: datetime) -> Content:
    headers: dict[str, str] = {}
    for name, value in record.http_headers.items():
        key = name.lower()
        if not key.startswith("set-cookie"):
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
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
