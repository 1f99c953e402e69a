"""The other headlines of a story: what says something else, and not the same with more or fewer words."""

import re
from collections.abc import Iterator, Sequence

from ingestion.parse.clean import key
from ingestion.parse.clues import Found

MOST = 5
_SETS_APART = r"\s+(?:[–—-]|::)\s+|\s*[|·»：｜]\s*|\s*:\s+|(?<=[\u3040-\u9fff])[-_](?=\S+$)"
_HEADING = "html:h1"
_LOOSE = frozenset({_HEADING, "meta:dc.title", "json-ld:name"})
"""Places where sites also put their own name."""

_FEWEST_WORDS = 3
_LEAST_SHARED = 0.25
_LETTERS_AT_ONCE = 3


def alternatives_of(headlines: Sequence[Found], abstract: str | None) -> tuple[str, ...]:
    """Return the headlines beside the first; `headlines` are distinct, the most trusted first."""
    kept: list[str] = []
    for found in headlines[1:]:
        if not _is_of_another(found, headlines) and not _repeats(found.value, [headlines[0].value, *kept]):
            kept.append(found.value)
    return tuple(title for title in kept if key(title) != key(abstract or ""))[:MOST]


def _repeats(title: str, others: Sequence[str]) -> bool:
    """Whether a title is one of the others: cut short, or with a site or a label set off from it."""
    return any(key(other).startswith(key(title)) or _adds_label(title, other) for other in others)


def _adds_label(title: str, other: str) -> bool:
    parts = re.split(_SETS_APART, title)
    words = key(other)
    return any(
        key(" ".join(parts[begin:end])) == words
        for begin, end in _runs(len(parts))
        if end - begin < len(parts)
    )


def _runs(count: int) -> Iterator[tuple[int, int]]:
    return (
        (begin, end) for begin in range(min(count, 4)) for end in range(max(begin + 1, count - 3), count + 1)
    )


def _is_of_another(found: Found, headlines: Sequence[Found]) -> bool:
    """Sites set their name, their boxes and other stories as headings of the first rank, too."""
    if found.place not in _LOOSE:
        return False
    if found.value.isascii() and len(found.value.split()) < _FEWEST_WORDS:
        return True
    own = _pieces(found.value)
    trusted = [other for other in headlines if other is headlines[0] or other.place not in _LOOSE]
    rest = set().union(*(_pieces(other.value) for other in trusted))
    return len(own & rest) < _LEAST_SHARED * max(1, len(own))


def _pieces(title: str) -> set[str]:
    letters = key(title)
    return {letters[i : i + _LETTERS_AT_ONCE] for i in range(max(1, len(letters) - _LETTERS_AT_ONCE + 1))}
