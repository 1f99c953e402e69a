"""Reading a body piece by piece, with a limit on what travels and on what it is decoded to."""

import zlib
from collections.abc import Iterable

from ingestion.errors import HttpFailure, TooLarge, Unreachable

ACCEPTED_ENCODINGS = "gzip, deflate"
"""Only what can be decoded piece by piece with a bound on each piece."""


def read_body(pieces: Iterable[bytes], encoding: str | None, *, max_bytes: int) -> bytes:
    """Collect and decode.

    Raises `TooLarge`; `HttpFailure` where it is not what its header says; `Unreachable` where it
    ends too early.
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
        raise Unreachable(f"the body ended in the middle of its {encoding}")
    return bytes(body)


def read_some(pieces: Iterable[bytes], encoding: str | None, *, max_bytes: int) -> bytes:
    """Collect at most this much of a body that is only evidence; what cannot be decoded is left out."""
    body = bytearray()
    try:
        decode = _decoder(encoding)
        for piece in pieces:
            body += decode(piece, max_bytes - len(body))
            if len(body) >= max_bytes:
                break
    except HttpFailure:
        return bytes(body)
    return bytes(body[:max_bytes])


def _check(size: int, max_bytes: int, what: str) -> None:
    if size > max_bytes:
        raise TooLarge(f"the answer has more than {max_bytes} {what}")


class _Plain:
    complete = True

    def __call__(self, piece: bytes, _room: int) -> bytes:
        return piece


class _Inflate:
    """gzip, zlib and raw deflate; some servers send the last under the name of the second."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        self._started = False

    @property
    def complete(self) -> bool:
        return self._zlib.eof

    def __call__(self, piece: bytes, room: int) -> bytes:
        if self._zlib.eof or room <= 0:
            return b""
        try:
            return self._decode(piece, room)
        except zlib.error as error:
            raise HttpFailure(f"the body is no {self._encoding}: {error}", status=200) from error

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
