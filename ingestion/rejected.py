"""The one constructor of dead letters, so that everything that fails is kept in the same way."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import NotRequired, TypedDict, Unpack

from ingestion.article import Rejected, RejectedPayload, SourceRef
from ingestion.errors import Transient

MAX_PAYLOAD_BYTES = 11 * 1024 * 1024
"""Larger payloads are told by size and digest alone. Whatever fits through `NEWS_FETCH__MAX_BYTES` as it
is set by default fits in here, record and all."""


class Digest(TypedDict):
    """What is told of a payload that was never held in memory."""

    payload_bytes: int
    payload_sha256: str


class Origin(TypedDict):
    """The record on a topic that failed."""

    topic: str
    partition: int
    offset: int


class Failure(TypedDict):
    """Where something failed, and what it was; `digest` in place of a payload that was too large to read."""

    stage: str
    source: SourceRef
    run_id: str
    locator: str
    payload: bytes | None
    payload_kind: RejectedPayload
    digest: NotRequired[Digest]
    headers: NotRequired[dict[str, str]]
    origin: NotRequired[Origin]
    rejected_at: NotRequired[datetime]


def rejected(fault: Exception, **failure: Unpack[Failure]) -> Rejected:
    """Build the dead letter of a fault; the payload is kept up to `MAX_PAYLOAD_BYTES`."""
    payload = failure["payload"]
    size, digest = _measure(payload, failure.get("digest"))
    origin = failure.get("origin")
    return Rejected(
        rejected_id=_identity(failure, digest),
        stage=failure["stage"],
        error=type(fault).__name__,
        message=_encodable(str(fault)) or type(fault).__name__,
        transient=isinstance(fault, Transient),
        source=failure["source"],
        run_id=failure["run_id"],
        locator=_encodable(failure["locator"]),
        payload_kind=failure["payload_kind"],
        payload=payload if payload is not None and len(payload) <= MAX_PAYLOAD_BYTES else None,
        payload_bytes=size,
        payload_sha256=digest,
        headers=failure.get("headers", {}),
        topic=origin["topic"] if origin else None,
        partition=origin["partition"] if origin else None,
        offset=origin["offset"] if origin else None,
        rejected_at=failure.get("rejected_at") or datetime.now(UTC),
    )


def _measure(payload: bytes | None, digest: Digest | None) -> tuple[int, str | None]:
    if payload is not None:
        return len(payload), sha256(payload).hexdigest()
    return (digest["payload_bytes"], digest["payload_sha256"]) if digest else (0, None)


def _identity(failure: Failure, payload_digest: str | None) -> str:
    origin = failure.get("origin")
    at = f"{origin['topic']}/{origin['partition']}/{origin['offset']}" if origin else failure["source"].id
    parts = (failure["stage"], failure["locator"], at, payload_digest or "")
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def _encodable(text: str) -> str:
    """A lone surrogate cannot be written as UTF-8, and a dead letter that cannot be written is lost."""
    return text.encode("utf-8", "replace").decode("utf-8")
