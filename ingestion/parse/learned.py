"""Furniture that a publisher prints on many pages: seen at the edges of bodies, removed on that evidence.

Pure: counts come from outside and go outside. Lines are known by a hash, and only lines at the edges count,
because furniture that survives the rules stands there and because a phrase may recur within stories.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Paragraph, ParagraphRole, Removed
from ingestion.parse.clean import key
from ingestion.parse.clues import Reading

LEARNED = "learned"
FEWEST_PAGES = 8
"""A line counts as furniture from so many pages of one publisher on, at most one count for each address."""

LEAST_SHARE = 0.05
"""Of the pages of the publisher that were seen; a series prints its introduction on fewer."""

_FIRST, _LAST = 2, 4
_LONGEST = 400
_HASH_BYTES = 8
_LEAST_LEFT = 0.5
"""Where less of a body would be left than this, nothing of it is removed."""


class Edges(Struct, frozen=True):
    """A body without learned furniture, what was removed, and the hashes of the lines at its edges before."""

    paragraphs: tuple[Paragraph, ...]
    removed: tuple[Removed, ...]
    seen: tuple[int, ...]


def line_hash(text: str) -> int:
    """Return a line as one number of 64 bits, the same for two printings of the same words."""
    return int.from_bytes(blake2b(key(text).encode(), digest_size=_HASH_BYTES).digest(), signed=True)


def furniture_in(counts: Mapping[int, int], pages: int) -> frozenset[int]:
    """Return the lines that are furniture, of counted lines of so many pages."""
    least = max(FEWEST_PAGES, LEAST_SHARE * pages)
    return frozenset(line for line, count in counts.items() if count >= least)


def without_learned(paragraphs: Sequence[Paragraph], furniture: Iterable[int]) -> Edges:
    """Take learned lines off both ends, as far as they reach without a gap."""
    known = frozenset(furniture)
    hashes = [_counted(paragraph) for paragraph in paragraphs]
    begin, end = 0, len(paragraphs)
    while begin < min(_FIRST, end) and hashes[begin] in known:
        begin += 1
    while end > max(begin, len(paragraphs) - _LAST) and hashes[end - 1] in known:
        end -= 1
    kept, whole = (sum(len(p.text) for p in part) for part in (paragraphs[begin:end], paragraphs))
    if kept < _LEAST_LEFT * whole:
        begin, end = 0, len(paragraphs)
    gone = (*paragraphs[:begin], *paragraphs[end:])
    edges = (*hashes[:_FIRST], *hashes[max(_FIRST, len(hashes) - _LAST) :])
    return Edges(
        tuple(paragraphs[begin:end]),
        tuple(Removed(text=paragraph.text, rule=LEARNED) for paragraph in gone),
        tuple(dict.fromkeys(line for line in edges if line is not None)),
    )


def learned_off(reading: Reading, furniture: frozenset[int]) -> Reading:
    """Take learned lines off a reading; its `edges` are the lines to count, whatever was learned before."""
    found = without_learned(reading.paragraphs, furniture)
    removed = (*reading.removed, *found.removed)
    return replace(reading, paragraphs=found.paragraphs, removed=removed, edges=found.seen)


def _counted(paragraph: Paragraph) -> int | None:
    """Return the hash of a line that could be furniture; long paragraphs and quotes could not."""
    if paragraph.role is ParagraphRole.QUOTE or len(paragraph.text) > _LONGEST:
        return None
    return line_hash(paragraph.text)
