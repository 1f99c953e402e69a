"""Unpacking an archive as it is read, knowing where reading could begin again.

A reader's `begins_at` says at which byte of the packed archive what stands at a byte of the unpacked one
begins, where it can be read from there alone: at every byte of a plain archive, at the start of every
member of a gzip archive, at the start alone of what is packed in another way.
"""

import zlib
from collections import deque
from typing import TYPE_CHECKING, Protocol

from ingestion.errors import Unreadable
from ingestion.sources.digest import CHUNK_BYTES, Readable

if TYPE_CHECKING:
    from fastwarc.stream_io import WarcReader

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18", b"\x50\x2a\x4d\x18")
"""Frames, and the skippable frame that a dictionary of WARC records comes in."""

MAGIC_BYTES = 4
MAX_PIECE_BYTES = 256 * 1024


class Unpacker(Protocol):
    """An archive without its packing."""

    @property
    def packed_bytes(self) -> int:
        """Return how far the archive was read, packed as it is."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so much of what follows. Raises `Unreadable`."""
        ...

    def tell(self) -> int:
        """Return how far it was read, unpacked."""
        ...

    def begins_at(self, position: int) -> int | None:
        """Return the byte of the archive from which this position can be read; None where there is none.

        Asked for in rising order.
        """
        ...


def unpacker(archive: Readable) -> Unpacker:
    """Open an archive that is at the start of a member or record, by its first bytes. Raises `Unreadable`."""
    tape = _Tape(archive)
    head = tape.head()
    if head.startswith(GZIP_MAGIC):
        return _Gzip(tape)
    if head.startswith(ZSTD_MAGIC):
        return _Zstandard(tape)
    return _Plain(tape)


class _Tape:
    """What is read, with its beginning looked at, and counted."""

    def __init__(self, archive: Readable) -> None:
        self._archive = archive
        self._head = b""
        self.position = 0

    def head(self) -> bytes:
        while len(self._head) < MAGIC_BYTES and (piece := self._archive.read(CHUNK_BYTES)):
            self._head += piece
        return self._head[:MAGIC_BYTES]

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            size = len(self._head) if size < 0 else size
            piece, self._head = self._head[:size], self._head[size:]
        else:
            piece = self._archive.read(CHUNK_BYTES if size < 0 else size)
        self.position += len(piece)
        return piece

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = 0) -> int:
        raise Unreadable(f"a packing that is not read forwards alone ({offset} from {whence})")

    def close(self) -> None:
        """Whoever opened it closes it."""


class _Plain:
    def __init__(self, tape: _Tape) -> None:
        self._tape = tape

    @property
    def packed_bytes(self) -> int:
        return self._tape.position

    def read(self, size: int = -1, /) -> bytes:
        return self._tape.read(size)

    def tell(self) -> int:
        return self._tape.position

    def begins_at(self, position: int) -> int | None:
        return position


class _Gzip:
    """gzip (RFC 1952), one member after the other."""

    def __init__(self, tape: _Tape) -> None:
        self._tape = tape
        self._packed = b""
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._inside = True
        self._position = 0
        self._starts: deque[tuple[int, int]] = deque([(0, 0)])

    @property
    def packed_bytes(self) -> int:
        return self._tape.position - len(self._packed)

    def read(self, size: int = -1, /) -> bytes:
        size = MAX_PIECE_BYTES if size < 0 else min(size, MAX_PIECE_BYTES)
        while True:
            if not self._packed:
                self._packed = self._tape.read(CHUNK_BYTES)
            if not self._inside and not self._begin():
                return b""
            if piece := self._unpack(size):
                self._position += len(piece)
                return piece

    def tell(self) -> int:
        return self._position

    def begins_at(self, position: int) -> int | None:
        while self._starts and self._starts[0][0] < position:
            self._starts.popleft()
        if self._starts and self._starts[0][0] == position:
            return self._starts[0][1]
        return None

    def _begin(self) -> bool:
        """Begin the next member; some writers fill up with zeros behind the last one."""
        while self._packed and not (rest := self._packed.lstrip(b"\0")):
            self._packed = self._tape.read(CHUNK_BYTES)
        if not self._packed:
            return False
        self._packed = rest
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._inside = True
        if self._starts and self._starts[-1][0] == self._position:
            self._starts.pop()
        self._starts.append((self._position, self.packed_bytes))
        return True

    def _unpack(self, size: int) -> bytes:
        try:
            piece = self._zlib.decompress(self._packed, size)
        except zlib.error as error:
            raise Unreadable(f"what follows is no gzip: {error}") from error
        if not (piece or self._packed or self._zlib.eof):
            raise Unreadable("the archive breaks off in the middle of its gzip")
        self._packed = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
        self._inside = not self._zlib.eof
        return piece


class _Zstandard:
    """Zstandard: a dictionary may stand at its beginning, so it can be read from there alone."""

    def __init__(self, tape: _Tape) -> None:
        from fastwarc.stream_io import ZstdReader

        self._tape = tape
        self._reader: WarcReader = ZstdReader(tape)

    @property
    def packed_bytes(self) -> int:
        return self._tape.position

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._reader.read(MAX_PIECE_BYTES if size < 0 else min(size, MAX_PIECE_BYTES))
        except OSError as error:
            raise Unreadable(f"what follows is no Zstandard: {error}") from error

    def tell(self) -> int:
        return self._reader.tell()

    def begins_at(self, position: int) -> int | None:
        return None if position else 0
