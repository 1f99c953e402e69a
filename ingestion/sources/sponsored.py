"""What a feed itself calls an advertisement: by a category of the entry, or by a mark before its title."""

import re
from collections.abc import Iterable

from ingestion.sources import words

WORDS = frozenset(words.WORDS["sponsored"]["words"])
MARK = re.compile(
    r"\s*(?:\[(?P<boxed>[^\]]{2,30})\]|\((?P<round>[^)]{2,30})\)|(?P<bare>[^:|]{2,30})[:|])\s*\S"
)


def sponsored_by(title: str | None, categories: Iterable[str]) -> str | None:
    """The words by which an entry says that it was paid for; None where it does not say so."""
    marked = MARK.match(title or "")
    marks = [text for text in marked.groups() if text] if marked else []
    return next((text for text in (*categories, *marks) if text.strip().lower() in WORDS), None)
