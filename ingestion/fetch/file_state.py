"""What a web server says of a file, and which part of it an answer holds (RFC 9110, sections 8.8 and 14)."""

import httpx
from msgspec import Struct


class FileState(Struct, frozen=True, kw_only=True):
    """What a server says of a file, to see whether it is still the same one."""

    etag: str | None
    last_modified: str | None
    size_bytes: int | None

    @property
    def identity(self) -> str:
        """The ETag, else time and size; `unknown` where the server says nothing at all."""
        dated = " ".join(str(fact) for fact in (self.last_modified, self.size_bytes) if fact is not None)
        return self.etag or dated or "unknown"

    @property
    def condition(self) -> str | None:
        """What goes into If-Range: a weak ETag may not (RFC 9110, section 13.1.5)."""
        if self.etag:
            return None if self.etag.startswith("W/") else self.etag
        return self.last_modified


def state_of(response: httpx.Response, size_bytes: int | None) -> FileState:
    """Read what an answer says of its file."""
    headers = response.headers
    return FileState(
        etag=headers.get("etag"), last_modified=headers.get("last-modified"), size_bytes=size_bytes
    )


def length_of(response: httpx.Response) -> int | None:
    """Read Content-Length, None where there is none to be believed."""
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def content_range(response: httpx.Response) -> tuple[int | None, int | None]:
    """Read `bytes 5-9/10`: where it begins, and how large the whole is."""
    unit, _, text = response.headers.get("content-range", "").partition(" ")
    span, _, whole = text.partition("/")
    first = span.partition("-")[0]
    begins = int(first) if unit == "bytes" and first.isascii() and first.isdecimal() else None
    return begins, int(whole) if whole.isascii() and whole.isdecimal() else None
