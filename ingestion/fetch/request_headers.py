"""What is sent: the headers of every request, those of the caller, and conditions."""

import re
from collections.abc import Mapping

from ingestion.errors import Refused
from ingestion.fetch.body import ACCEPTED_ENCODINGS
from ingestion.source_ports import Validators

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.8"
OURS = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "if-modified-since",
        "if-none-match",
        "keep-alive",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    )
)
"""What no caller decides on: who asks, for what, and how the connection is used."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|")


def standing_headers(user_agent: str) -> dict[str, str]:
    """The headers of every request."""
    return {"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": ACCEPTED_ENCODINGS}


def checked(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers of a caller, which may hold secrets. Raises `Refused`, in which no value stands."""
    for name, value in (headers or {}).items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Refused(f"the header {name!r} holds characters that no header may have") from None
        if name.lower() in OURS:
            raise Refused(f"the header {name!r} is set by this crawler itself; leave it out")
    return dict(headers or {})


def conditions(known: Validators | None) -> dict[str, str]:
    """Return what asks "has it changed?" (RFC 9110, section 13.1)."""
    pairs = (("If-None-Match", known.etag), ("If-Modified-Since", known.last_modified)) if known else ()
    return {name: value for name, value in pairs if value and _VALUE.fullmatch(value)}
