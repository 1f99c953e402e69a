"""What went wrong at Elasticsearch, as the faults of this project."""

from collections.abc import Mapping
from typing import Any

from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, UnsupportedProductError

from ingestion.errors import ConfigurationError, NewsError, Stop, Unavailable

BUSY = frozenset({408, 429, 502, 503, 504})
BLOCKED = "cluster_block_exception"
"""A block passes when a person or the disk watermark lifts it; its status is 403, 429 or 503."""

SECURITY = "security_exception"


class TooLargeRequest(Stop):
    """The server, or a proxy before it, takes no request of this size."""


class Missing(Stop):
    """There is no such index, alias or document."""


def fault_of(error: Exception, what: str) -> NewsError:
    """Say what an exception of the client means; `what` is what was asked of whom."""
    if isinstance(error, UnsupportedProductError):
        return ConfigurationError(f"{what}: the server is not Elasticsearch; set the address of one")
    if isinstance(error, ApiError):
        return _answer(error.status_code, *_told(error.body), what=what)
    if isinstance(error, TlsError):
        return ConfigurationError(f"{what}: {_cause(error)}; set the certificate authority that signed it")
    if isinstance(error, SerializationError):
        return Unavailable(
            f"{what}: the answer is not what Elasticsearch answers, as of a proxy that is down"
        )
    if isinstance(error, ConnectionTimeout):
        return Unavailable(f"{what}: no answer in time")
    return Unavailable(f"{what}: {_cause(error)}")


def is_busy(status: int, kind: str) -> bool:
    """Tell whether the same again may work later."""
    return status in BUSY or status >= 500 or kind == BLOCKED


def _answer(status: int, kind: str, reason: str, *, what: str) -> NewsError:
    told = f"{what}: {status} {kind}: {reason}".rstrip(": ")
    if is_busy(status, kind):
        return Unavailable(told)
    if status in {401, 403}:
        return ConfigurationError(f"{told}. {_advice(status)}")
    if status == 413:
        return TooLargeRequest(told)
    if status == 404:
        return Missing(told)
    if kind == "media_type_header_exception" or status == 406:
        return ConfigurationError(f"{told}. Elasticsearch 9 or newer is needed")
    return Stop(told)


def _advice(status: int) -> str:
    if status == 401:
        return "The API key, or the user and password, are not valid there"
    return "Grant the API key or user the privileges of docs/elasticsearch.md"


def _told(body: Any) -> tuple[str, str]:
    """The type and the reason in an error's body, which a proxy may have written."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        return str(error.get("type", "")), reason_of(error)
    return "", str(error or body or "")[:300]


def reason_of(error: Mapping[str, Any]) -> str:
    """The reason in words, with its cause."""
    reason = str(error.get("reason", "no reason given"))
    cause = error.get("caused_by")
    return f"{reason}: {cause['reason']}" if isinstance(cause, Mapping) and cause.get("reason") else reason


def _cause(error: Exception) -> str:
    """The innermost cause in words; the client's own wording repeats itself."""
    causes = error.errors if isinstance(error, TransportError) else ()
    return str(causes[-1]) if causes else str(getattr(error, "message", error))
