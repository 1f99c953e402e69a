"""How far two texts have the same words."""

from collections import Counter
from collections.abc import Sequence

from ingestion.article import Paragraph
from ingestion.parse.clean import key


def likeness(first: Sequence[Paragraph], second: Sequence[Paragraph]) -> float | None:
    """Return the F1 of two bodies by their words, counted."""
    if not first or not second:
        return None
    return key_likeness(said_in(first), said_in(second))


def key_likeness(first: str, second: str) -> float | None:
    """Return the F1 of two texts by their words, given the keys of the texts."""
    one, other = _words(first), _words(second)
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else None


def _words(text: str) -> Counter[str]:
    """Count words, or letters where words are not set apart."""
    return Counter(text.split() if text.isascii() or text.count(" ") * 15 > len(text) else text)


def said_in(paragraphs: Sequence[Paragraph]) -> str:
    """Return the key of the whole text."""
    return " ".join(filter(None, (key(paragraph.text) for paragraph in paragraphs)))
