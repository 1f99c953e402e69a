"""Reading a body piece by piece, with a limit on what travels and on what it is decoded to."""

import zlib
from collections.abc import Iterable

from ingestion.errors import HttpFailure, TooLarge
from ingestion.fetch.faults import TryAgain

ACCEPTED_ENCODINGS = "gzip, deflate"
"""Only what can be decoded piece by piece with a bound on each piece."""

GZIP_MAGIC = b"\x1f\x8b"
MAX_PIECE_BYTES = 64 * 1024
"""How much is kept of a piece that cannot be decoded."""


def read_body(pieces: Iterable[bytes], encoding: str | None, *, max_bytes: int) -> bytes:
    """Collect and decode.

    Raises `TooLarge`; `HttpFailure` where it is not what its header says; `TryAgain` where it ends too
    early.
    """
    decode = _decoder(encoding)
    body = bytearray()
    travelled = 0
    for piece in pieces:
        travelled += len(piece)
        _check(travelled, max_bytes, "bytes on the wire")
        body += decode(piece, max_bytes + 1 - len(body))
        _check(len(body), max_bytes, f"bytes decoded from {travelled}")
    if travelled and not decode.complete:
        raise TryAgain(f"the body ended in the middle of its {encoding}")
    return bytes(body)


def read_start(pieces: Iterable[bytes], encoding: str | None, *, max_bytes: int) -> bytes:
    """Collect and decode at most this much. Raises `HttpFailure` where it is not what its header says."""
    decode = _decoder(encoding)
    body = bytearray()
    for piece in pieces:
        body += decode(piece, max_bytes - len(body))
        if len(body) >= max_bytes:
            break
    return bytes(body[:max_bytes])


def read_evidence(pieces: Iterable[bytes], encoding: str | None, *, max_bytes: int) -> bytes:
    """Collect the same of a body that only tells of a failure; one that cannot be decoded says nothing."""
    try:
        return read_start(pieces, encoding, max_bytes=max_bytes)
    except HttpFailure as fault:
        return fault.body


def _check(size: int, max_bytes: int, what: str) -> None:
    if size > max_bytes:
        raise TooLarge(f"the answer has more than {max_bytes} {what}")


class _Plain:
    complete = True

    def __call__(self, piece: bytes, _room: int) -> bytes:
        return piece


class _Inflate:
    """gzip, zlib and raw deflate; some servers send the last under the name of the second.

    A gzip may have several members (RFC 1952, section 2.2); what follows that is no member is left out.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        self._started = False
        self._ended = False

    @property
    def complete(self) -> bool:
        return self._zlib.eof

    def __call__(self, piece: bytes, room: int) -> bytes:
        decoded = bytearray()
        while piece and len(decoded) < room and self._is_open(piece):
            try:
                decoded += self._decode(piece, room - len(decoded))
            except zlib.error as error:
                told = f"the body is no {self._encoding}: {error}"
                raise HttpFailure(told, status=200, body=piece[:MAX_PIECE_BYTES]) from error
            piece = self._zlib.unused_data
        return bytes(decoded)

    def _is_open(self, piece: bytes) -> bool:
        """Begin the next member where one follows."""
        if not self._zlib.eof:
            return True
        if self._encoding != "gzip" or self._ended or not piece.startswith(GZIP_MAGIC[:1]):
            self._ended = True
            return False
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        return True

    def _decode(self, piece: bytes, room: int) -> bytes:
        try:
            decoded = self._zlib.decompress(piece, room)
        except zlib.error:
            if self._started or self._encoding != "deflate":
                raise
            self._zlib = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
            decoded = self._zlib.decompress(piece, room)
        self._started = True
        return decoded


def _decoder(encoding: str | None) -> _Plain | _Inflate:
    name = (encoding or "identity").strip().lower()
    if name in ("identity", ""):
        return _Plain()
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate(name.removeprefix("x-"))
    raise HttpFailure(f"the body is encoded as {name!r}, which was not asked for", status=200)
