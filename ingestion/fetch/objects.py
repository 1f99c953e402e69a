"""Large objects in S3, read forwards from any byte. Arrow's client speaks to the store."""

import os
from datetime import UTC, datetime
from typing import Any

from ingestion.errors import Cause, HttpFailure, Refused, Unreachable

PIECE_BYTES = 8 * 1024 * 1024
"""One request fetches so much."""

CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Any of these set means that the caller is somebody; else public objects are read without a name."""


def open_object(
    locator: str, offset_bytes: int, *, connect_seconds: float, read_seconds: float
) -> "ObjectReader":
    """Open `s3://bucket/key`. Raises `Unreachable`, `HttpFailure`, `Refused`."""
    path = locator.removeprefix("s3://")
    if "/" not in path.strip("/"):
        raise Refused(f"an address of an object is s3://bucket/key, not {locator!r}")
    store = _store(connect_seconds, read_seconds)
    try:
        found = store.get_file_info(path)
        if not found.is_file:
            raise HttpFailure(f"there is no object {locator}", status=404)
        if offset_bytes > found.size:
            raise HttpFailure(f"{locator} has {found.size} bytes", status=416)
        return ObjectReader(store, path, found, offset_bytes)
    except OSError as error:
        raise _fault(locator, error) from error


def _store(connect_seconds: float, read_seconds: float) -> Any:
    from pyarrow import fs

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    scheme, _, host = endpoint.rpartition("://")
    return fs.S3FileSystem(
        anonymous=not any(os.environ.get(name) for name in CREDENTIALS),
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint_override=host.rstrip("/") or None,
        scheme=scheme or "https",
        connect_timeout=connect_seconds,
        request_timeout=read_seconds,
    )


class ObjectReader:
    """`source_ports.OpenArchive` over an object."""

    def __init__(self, store: Any, path: str, found: Any, offset_bytes: int) -> None:
        self._store = store
        self._path = path
        self._found = found
        self._file = store.open_input_file(path)
        self._position = offset_bytes
        self._held = b""

    @property
    def identity(self) -> str:
        """Which state of the object this is: size and time of change."""
        return f"{self._found.size} {self._found.mtime_ns}"

    @property
    def size_bytes(self) -> int | None:
        """How large it is."""
        return int(self._found.size)

    @property
    def changed_at(self) -> datetime | None:
        """When it was written."""
        return self._found.mtime.astimezone(UTC) if self._found.mtime else None

    def read(self, size: int = -1, /) -> bytes:
        """Return what is there, at most so much. Raises `Unreachable`."""
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE_BYTES), b""))
        if not self._held:
            self._held = self._piece()
            self._position += len(self._held)
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def _piece(self) -> bytes:
        left = max(0, self._found.size - self._position)
        try:
            if not left:
                return b""
            piece: bytes = self._file.read_at(min(PIECE_BYTES, left), self._position)
            self._see_that_it_is_the_same()
        except OSError as error:
            raise _fault(f"s3://{self._path}", error) from error
        return piece

    def _see_that_it_is_the_same(self) -> None:
        """Ask anew after each piece: of an object that became shorter, Arrow makes up the rest with zeros."""
        now = self._store.get_file_info(self._path)
        if (now.size, now.mtime_ns) != (self._found.size, self._found.mtime_ns):
            told = f"s3://{self._path} changed while it was read; it is read anew"
            raise Unreachable(told, cause=Cause.UNREADABLE)


def _fault(locator: str, error: OSError) -> Exception:
    """Arrow tells what S3 answered in words only."""
    text = " ".join(str(error).split())
    if "ACCESS_DENIED" in text or "HTTP status 403" in text or "HTTP status 401" in text:
        return HttpFailure(f"{locator} may not be read: {text}", status=403)
    if isinstance(error, FileNotFoundError) or "NO_SUCH" in text or "HTTP status 404" in text:
        return HttpFailure(f"there is no object {locator}", status=404)
    return Unreachable(f"{locator} cannot be had: {text}", cause=Cause.CONNECTION)
