"""Patterns of paths as robots.txt and its kin have them (RFC 9309, section 2.2.3)."""

import re
from urllib.parse import quote, urlsplit

_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile("[A-Za-z0-9._~-]")
_AS_THEY_ARE = "%/?#[]@!&'()+,;=:~-._"
"""Signs that stand for themselves in an address; `*` and `$`, which mean something in a pattern, do not."""


def path_of(url: str) -> str | None:
    """Return path and query of an address, comparable with patterns; None where it is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return comparable((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern fits the beginning of a path: `*` is anything, `$` at the end the end of the path.

    The time is linear in the length of the path for each `*`, whatever is tried on us.
    """
    whole = pattern.endswith("$")
    first, *others = [comparable(part) for part in pattern.removesuffix("$").split("*")]
    if not path.startswith(first):
        return False
    at, last = len(first), others.pop() if whole and others else None
    for part in others:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= at
    return not whole or at == len(path)


def comparable(path: str) -> str:
    """Write a path in one way: unreserved signs plain, others percent-encoded in upper case (RFC 3986)."""
    plain = _ESCAPE.sub(_unescaped, path)
    return quote(plain.encode("utf-8", "replace"), safe=_AS_THEY_ARE)


def _unescaped(escape: re.Match[str]) -> str:
    sign = chr(int(escape[1], 16))
    return sign if _UNRESERVED.fullmatch(sign) else escape[0].upper()
