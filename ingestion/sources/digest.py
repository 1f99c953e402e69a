"""Measuring what is too large to be held."""

from hashlib import sha256
from typing import Protocol

from ingestion.rejected import Digest

CHUNK_BYTES = 64 * 1024


class Readable(Protocol):
    """Anything that is read piece by piece."""

    def read(self, size: int = ..., /) -> bytes:
        """Return the next piece, nothing at the end."""
        ...


def digest_of(file: Readable) -> Digest:
    """Measure what is left of a file without holding it."""
    digest, size = sha256(), 0
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return {"payload_bytes": size, "payload_sha256": digest.hexdigest()}
