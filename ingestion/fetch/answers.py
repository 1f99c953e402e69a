"""Reading an answer: its status, its headers, its body within the limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import httpx

from ingestion.errors import HttpFailure, TooLarge
from ingestion.fetch.body import read_body, read_evidence, read_start
from ingestion.fetch.freshness import fresh_seconds
from ingestion.source_ports import Fetched, NotModified, Validators

MAX_EVIDENCE_BYTES = 64 * 1024
"""How much of the body of a failure is kept."""

NEVER_KEPT = frozenset({"set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization"})
BY_LINES = frozenset({"x-robots-tag"})
"""Headers whose values are kept apart, as lines: with commas, the crawler that one names would take all."""


@dataclass(frozen=True, kw_only=True)
class BodyLimit:
    """How much of a body is taken; what is longer is cut, or refused."""

    max_bytes: int
    cut: bool = False


def failure(response: httpx.Response) -> HttpFailure:
    """Build the fault of an answer that is none, with its body."""
    pieces: Iterable[bytes] = response.iter_raw()
    body = read_evidence(pieces, response.headers.get("content-encoding"), max_bytes=MAX_EVIDENCE_BYTES)
    return HttpFailure(status_line(response), status=response.status_code, body=body)


def status_line(response: httpx.Response) -> str:
    """The status in words, with the host."""
    return f"{response.status_code} {response.reason_phrase} from {response.url.host}".replace("  ", " ")


def not_modified(response: httpx.Response, at: datetime) -> NotModified:
    """Build the answer of a server that says that nothing changed."""
    return NotModified(fetched_at=at, fresh_seconds=fresh_seconds(kept_headers(response), at))


def fetched(
    response: httpx.Response, limit: BodyLimit, known_digest: str | None, at: datetime
) -> Fetched | NotModified:
    """Build the answer; a body that is known already is nothing new, whatever the server says.

    Raises `TooLarge`, `HttpFailure`, `TryAgain`.
    """
    headers = kept_headers(response)
    body = _body(response, limit)
    digest = sha256(body).hexdigest()
    if digest == known_digest:
        return not_modified(response, at)
    etag, last_modified = headers.get("etag"), headers.get("last-modified")
    return Fetched(
        url=str(response.url),
        status=response.status_code,
        headers=headers,
        content_type=media_type(headers.get("content-type")),
        charset=response.charset_encoding,
        body=body,
        fetched_at=at,
        validators=Validators(etag=etag, last_modified=last_modified, digest=digest),
        fresh_seconds=fresh_seconds(headers, at),
    )


def kept_headers(response: httpx.Response) -> dict[str, str]:
    """Return the headers, names in lower case, without cookies and credentials."""
    kept = {name: value for name, value in response.headers.items() if name not in NEVER_KEPT}
    return kept | {name: "\n".join(response.headers.get_list(name)) for name in BY_LINES & kept.keys()}


def media_type(value: str | None) -> str | None:
    """The media type without its parameters."""
    return (value or "").partition(";")[0].strip().lower() or None


def _body(response: httpx.Response, limit: BodyLimit) -> bytes:
    encoding = response.headers.get("content-encoding")
    if limit.cut:
        return read_start(response.iter_raw(), encoding, max_bytes=limit.max_bytes)
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit.max_bytes:
        raise TooLarge(f"the answer announces {declared[:20]} bytes; the limit is {limit.max_bytes}")
    return read_body(response.iter_raw(), encoding, max_bytes=limit.max_bytes)
