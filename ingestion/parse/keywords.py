"""Keywords as a reader would set them: one each, without the marks of the machine that wrote them."""

import re
from collections.abc import Iterator, Sequence

from ingestion.parse.clean import key
from ingestion.parse.clues import Clues, Found

MOST_KEYWORDS = 50
_LONGEST = 100
_LIST = re.compile(r"\s*[,;、،|]\s*")
_KIND = re.compile(
    r"^(?:[a-z]+ ){0,2}(?:categor(?:y|ies|ia|ie)|kategorie|rubrik|topics?|tags?|subjects?|sections?)"
    r"\s*[:=]\s*(?=\S)",
    re.IGNORECASE,
)
_SHELF = re.compile(r"^[a-z][a-z_-]{2,30}/(?=\S)")
_MACHINE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=\S*\d)[0-9a-f]{16,}|\d{5,}|(?=\S*[:_=])[a-z\d:_=.-]{12,}",
    re.IGNORECASE,
)
"""Numbers of a content system."""

_HOST = re.compile(r"(?:[a-z\d-]+\.)+[a-z]{2,10}")


def keywords_of(clues: Clues) -> tuple[str, ...]:
    """Return the distinct keywords, as first printed."""
    sites = {key(found.value) for found in clues.of("site")}
    kept: dict[str, str] = {}
    for word in words_in(clues.of("keyword")):
        if key(word) not in sites:
            kept.setdefault(key(word), word)
    kept.pop("", None)
    return tuple(kept.values())[:MOST_KEYWORDS]


def words_in(finds: Sequence[Found]) -> Iterator[str]:
    """Yield the keywords that the finds hold: lists taken apart, shelves and numbers left out."""
    for found in finds:
        parts = _LIST.split(found.value)
        for part in parts if _is_list(found.value, parts) else [found.value]:
            word = _SHELF.sub("", _KIND.sub("", part.strip(" #")))
            if word and len(word) <= _LONGEST and not _is_machine(word):
                yield word


def _is_list(value: str, parts: Sequence[str]) -> bool:
    """A single comma with a space after it may stand inside a name."""
    return len(parts) > 2 or (len(parts) == 2 and ", " not in value)


def _is_machine(word: str) -> bool:
    return "://" in word or bool(_MACHINE.fullmatch(word) or _HOST.fullmatch(word))
