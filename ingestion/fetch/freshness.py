"""For how long an answer is not worth asking for again (RFC 9111, section 4.2).

This crawler is no shared cache: `s-maxage` is for caches in between, and passed over. `immutable`
(RFC 8246) only says that asking sooner is no use, which is what freshness says anyway.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from ingestion.fetch.retry_after import http_date

MAX_FRESH_SECONDS = 7 * 24 * 3600.0
"""What is said to be fresh for longer is asked for again after a week."""

MAX_HEADER_CHARS = 8_000
_DIRECTIVE = re.compile(
    r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)"
    r"(?:=(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\s,\"]*)))?"
)
_DIGITS_FOR_EVER = 12


def fresh_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds left; 0 where it is to be asked for anew each time, None where nothing is said.

    The names of `headers` are in lower case.
    """
    directives = cache_directives(headers.get("cache-control", ""))
    if directives.keys() & {"no-store", "no-cache"}:
        return 0.0
    lifetime = _lifetime(directives, headers, now)
    if lifetime is None:
        return None
    return min(max(0.0, lifetime - _age(headers, now)), MAX_FRESH_SECONDS)


def cache_directives(value: str) -> dict[str, str]:
    """Read Cache-Control; of a directive that comes twice the first counts (RFC 9111, section 4.2.1).

    `no-cache` and `no-store` that name fields are about these fields alone, and left out.
    """
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(value[:MAX_HEADER_CHARS]):
        name = match["name"].lower()
        argument = match["quoted"] if match["quoted"] is not None else match["plain"] or ""
        if not (argument and name in ("no-cache", "no-store")):
            found.setdefault(name, argument)
    return found


def _lifetime(directives: Mapping[str, str], headers: Mapping[str, str], now: datetime) -> float | None:
    """Of two statements `max-age` counts; one that is no number or no date means stale."""
    if "max-age" in directives:
        return _seconds(directives["max-age"]) or 0.0
    if "expires" not in headers:
        return None
    expires, sent = http_date(headers["expires"]), http_date(headers.get("date", "")) or now
    return (expires - sent).total_seconds() if expires else 0.0


def _age(headers: Mapping[str, str], now: datetime) -> float:
    """How old the answer was when it came (section 4.2.3)."""
    stated = _seconds(headers.get("age", "").partition(",")[0].strip()) or 0.0
    sent = http_date(headers.get("date", ""))
    return max(stated, (now - sent).total_seconds() if sent else 0.0)


def _seconds(text: str) -> float | None:
    return float(text[:_DIGITS_FOR_EVER]) if text.isascii() and text.isdecimal() else None
