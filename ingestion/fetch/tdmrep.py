"""What a site says in one file about text and data mining (TDM Reservation Protocol, W3C Community Group)."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ingestion.errors import HttpFailure, Permanent, Transient
from ingestion.fetch.path_patterns import matches, path_of
from ingestion.fetch.places import Places
from ingestion.fetch.recent import Recent

PATH = "/.well-known/tdmrep.json"
RESERVATION, POLICY, NOTE = "tdmrep.reservation", "tdmrep.policy", "tdmrep.note"
AGE_SECONDS = 24 * 3600.0
"""A copy is used for a day, as one of robots.txt is."""

FAILED_AGE_SECONDS = 3600.0
"""A file that could not be had is asked for again after an hour."""

MAX_BYTES = 512 * 1024
MAX_RULES = 10_000
MAX_LOCATION_CHARS = 2_000
MAX_ORIGINS = 10_000
MAX_KEPT_BYTES = 16 * 1024 * 1024
"""Files that are kept, by their size as they came."""

_VALUES = {0: "0", 1: "1", "0": "0", "1": "1"}


@dataclass(frozen=True)
class Rule:
    """One rule of a file: to which addresses it applies, and what it says of them."""

    location: str
    reservation: str | None
    policy: str | None


@dataclass(frozen=True, kw_only=True)
class _Copy:
    """The file of one origin; `note` says where it is, or why there is none."""

    rules: tuple[Rule, ...] = ()
    note: str
    until: float
    size_bytes: int = 0


class TdmFiles:
    """Asks each origin for its file once a day, and remembers the answer in this process.

    `read` returns the bytes at an address, None where there are none, and raises what a `Fetcher` raises.
    Safe for several threads, of which one asks.
    """

    def __init__(
        self, read: Callable[[str], bytes | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._copies: Recent[_Copy] = Recent(max_items=MAX_ORIGINS, max_bytes=MAX_KEPT_BYTES)
        self._asking = Places()

    def reservation(self, url: str) -> dict[str, str]:
        """Return what the file of the address's origin says of it, as hints; where it says nothing, why.

        A file that cannot be had, or is no such file, says nothing; it never keeps a page from being read.
        """
        origin = origin_of(url)
        if origin is None:
            return {}
        copy = self._copy(origin)
        rule = first_match(copy.rules, url)
        if rule is None or rule.reservation is None:
            return {NOTE: copy.note}
        policy = {POLICY: rule.policy} if rule.policy else {}
        return {RESERVATION: rule.reservation, **policy, NOTE: f"{copy.note}, {rule.location}"}

    def _copy(self, origin: str) -> _Copy:
        with self._asking.taken(origin):
            copy = self._copies.get(origin)
            if copy is None or copy.until <= self._clock():
                copy = self._ask(origin + PATH)
                self._copies.put(origin, copy, copy.size_bytes)
        return copy

    def _ask(self, url: str) -> _Copy:
        try:
            body = self._read(url)
        except HttpFailure as fault:
            seconds = AGE_SECONDS if 400 <= fault.status < 500 and fault.status != 429 else FAILED_AGE_SECONDS
            return self._none(url, f"cannot be had: {fault}", seconds)
        except (Permanent, Transient) as fault:
            return self._none(url, f"cannot be had: {fault}", FAILED_AGE_SECONDS)
        if body is None:
            return self._none(url, "is not there", AGE_SECONDS)
        rules = rules_of(body)
        if isinstance(rules, str):
            return self._none(url, rules, AGE_SECONDS)
        return _Copy(rules=rules, note=url, until=self._clock() + AGE_SECONDS, size_bytes=len(body))

    def _none(self, url: str, why: str, seconds: float) -> _Copy:
        return _Copy(note=f"{url} {why}", until=self._clock() + seconds)


def origin_of(url: str) -> str | None:
    """The origin of a web address, without credentials; None where it is no web address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{port}" if port else "")


def rules_of(body: bytes) -> tuple[Rule, ...] | str:
    """Read a file; in words what it is where it is none. Entries that are no rules are passed over."""
    if len(body) > MAX_BYTES:
        return f"is larger than {MAX_BYTES} bytes"
    try:
        value = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return "is no JSON"
    if not isinstance(value, list):
        return "is no list of rules"
    return tuple(rule for entry in value[:MAX_RULES] if (rule := _rule(entry)))


def _rule(entry: Any) -> Rule | None:
    """Read one rule; a value other than 0 and 1 is an error by which nothing is said (section 4)."""
    location = entry.get("location") if isinstance(entry, dict) else None
    if not isinstance(location, str) or not 0 < len(location) <= MAX_LOCATION_CHARS:
        return None
    stated, policy = entry.get("tdm-reservation"), entry.get("tdm-policy")
    value = _VALUES.get(stated) if isinstance(stated, int | str) else None
    named = policy.strip() if isinstance(policy, str) and len(policy) <= MAX_LOCATION_CHARS else ""
    return Rule(location.strip(), value, named or None)


def first_match(rules: tuple[Rule, ...], url: str) -> Rule | None:
    """Return the first rule that applies, which is how a file says which one is the most specific."""
    path = path_of(url)
    if path is None:
        return None
    return next((rule for rule in rules if matches(rule.location, path)), None)
