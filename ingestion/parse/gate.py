"""A quick look at a line, before hundreds of patterns are tried on it one by one; it changes no answer."""

import re
from collections.abc import Sequence

from msgspec import Struct

_NAMED = re.compile(r"\(\?P<\w+>")
_CLASS = re.compile(r"(?<!\\)\[(?:[^\]\\]|\\.)+\]")
_GROUP = re.compile(r"(?<!\\)\((?:\?:|\?P<\w+>)?((?:[^()\\]|\\.)*)\)")
_REPEATED = re.compile(r"(?:\\.|[^\\])(?:\{\d*,?\d*\}|[?*+])\??")
_NO_LETTER = re.compile(r"\\[a-zA-Z]|[.^$\0\ue000-\uf8ff]")
_FIRST_GROUP = 0xE000
_GROUP_AHEAD = re.compile("\\.\\{\\d+,\\d+\\}(?:\\\\b)?([\ue000-\uf8ff])(?![?*{])")
_TELLING = 4


class Gate(Struct, frozen=True):
    """The patterns of a table: those that begin with words of their own, and those that begin with any."""

    begun: re.Pattern[str]
    begun_at: tuple[int, ...]
    needles: tuple[tuple[int, tuple[str, ...]], ...]

    @classmethod
    def of(cls, patterns: Sequence[re.Pattern[str]]) -> "Gate":
        """Join the first kind to one pattern; of the second, note the words one of which each needs."""
        needles = [(number, needles_of(pattern.pattern)) for number, pattern in enumerate(patterns)]
        begun = tuple(number for number, words in needles if not words)
        joined = "|".join(f"(?:{_NAMED.sub('(?:', patterns[number].pattern)})" for number in begun)
        loose = tuple((number, words) for number, words in needles if words)
        return cls(re.compile(joined or "(?!)", re.IGNORECASE), begun, loose)

    def may_match(self, line: str) -> list[int]:
        """Return the numbers of the patterns that are worth trying on a line, in their order."""
        folded = _folded(line)
        begun = self.begun_at if self.begun.fullmatch(line) else ()
        worth = (number for number, words in self.needles for word in words if word in folded)
        return sorted({*begun, *worth})


def needles_of(source: str) -> tuple[str, ...]:
    """Return words one of which stands in whatever a pattern matches, where it may begin with anything."""
    if not source.startswith(".{"):
        return ()
    groups: list[str] = []

    def kept(group: re.Match[str]) -> str:
        groups.append(group[1])
        return chr(_FIRST_GROUP + len(groups) - 1)

    flat, before = _CLASS.sub("\0", source), ""
    while flat != before:
        flat, before = _GROUP.sub(kept, flat), flat
    own = _longest_words(flat)
    ahead = _GROUP_AHEAD.match(flat)
    found: tuple[str, ...] = (own,)
    if ahead and len(own) < _TELLING:
        found = tuple(map(_longest_words, groups[ord(ahead[1]) - _FIRST_GROUP].split("|")))
    return found if all(found) and "|" not in flat else ()


def _longest_words(flat: str) -> str:
    """Return the longest run of plain letters in a pattern without groups, as `_folded` writes them."""
    plain = _NO_LETTER.sub("\0", _REPEATED.sub("\0", flat)).replace("\\", "")
    return _folded(max(plain.split("\0"), key=len))


def _folded(text: str) -> str:
    """Fold letter case as the patterns do, for which the four letters I of Turkish are one."""
    text = text.lower()
    return text if text.isascii() else text.replace("i\u0307", "i").replace("ı", "i").replace("ſ", "s")
