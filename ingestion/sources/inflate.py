"""Unpacking gzip with limits on size and ratio, so that a bomb is refused and never held."""

import gzip
import zlib
from typing import BinaryIO

from ingestion.errors import TooLarge, Unreadable
from ingestion.sources.digest import CHUNK_BYTES
from ingestion.sources.limits import Limits
from ingestion.sources.packing import unpacker

RATIO_FREE_BYTES = 1024 * 1024
"""Small files may be packed as tightly as they like."""


def gunzip(packed: BinaryIO, *, packed_bytes: int, limits: Limits) -> bytes:
    """Unpack all of it. Raises `TooLarge`, `Unreadable`."""
    allowed = min(limits.max_bytes, max(RATIO_FREE_BYTES, packed_bytes * limits.max_ratio))
    body = bytearray()
    try:
        with gzip.GzipFile(fileobj=packed) as unpacked:
            while chunk := unpacked.read(CHUNK_BYTES):
                body += chunk
                if len(body) > allowed:
                    raise TooLarge(f"{packed_bytes} bytes of gzip unpack to more than {allowed}")
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"a gzip archive that cannot be unpacked: {error}") from error
    return bytes(body)


def unpack(packed: BinaryIO, *, packed_bytes: int, limits: Limits) -> bytes:
    """Unpack all of what is packed in any way that `packing` knows. Raises `TooLarge`, `Unreadable`."""
    allowed = min(limits.max_bytes, max(RATIO_FREE_BYTES, packed_bytes * limits.max_ratio))
    unpacked = unpacker(packed)
    body = bytearray()
    while piece := unpacked.read(CHUNK_BYTES):
        body += piece
        if len(body) > allowed:
            raise TooLarge(f"{packed_bytes} bytes unpack to more than {allowed}")
    return bytes(body)
