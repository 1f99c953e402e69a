"""What was found in a document, field by field, in order of trust, each with the place it was found at."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ingestion.article import Image, Paragraph, Removed
from ingestion.parse.clean import words

MOST_FINDS = 1000
"""For one field; a page with more of them is no article, and each is compared with others."""


class Found(Struct, frozen=True):
    """A value and its place, as in `json-ld:headline` or `text:line 1`."""

    value: str
    place: str


class Clues:
    """The finds of one document. The first of a field is the one to trust most."""

    def __init__(self) -> None:
        self._found: dict[str, list[Found]] = {}
        self._known: set[tuple[str, Found]] = set()

    def add(self, field: str, value: object, place: str) -> None:
        """Note a find; values without words are passed over."""
        text = words(value)
        if text is None or len(self.of(field)) >= MOST_FINDS:
            return
        found = Found(text, place)
        if (field, found) not in self._known:
            self._known.add((field, found))
            self._found.setdefault(field, []).append(found)

    def of(self, field: str) -> Sequence[Found]:
        """Return all finds of a field, the most trusted first."""
        return self._found.get(field, ())

    def first(self, field: str) -> Found | None:
        """Return the find to trust most."""
        return next(iter(self.of(field)), None)

    def value(self, field: str) -> str | None:
        """Return the value to trust most."""
        found = self.first(field)
        return found.value if found else None

    def by_place(self, field: str) -> Iterator[tuple[str, list[str]]]:
        """Yield each place with its values, the most trusted place first."""
        places: dict[str, list[str]] = {}
        for found in self.of(field):
            places.setdefault(found.place, []).append(found.value)
        yield from places.items()


class Tried(Struct, frozen=True, kw_only=True):
    """A body that was looked at: how it was found, what it holds, how far both readings agree on it."""

    method: str
    blocks: int
    characters: int
    agreement: float | None = None
    chosen: bool = False


class Reading(Struct, frozen=True, kw_only=True):
    """What a parser read out of one document, before it is put together as an article."""

    method: str
    clues: Clues
    paragraphs: tuple[Paragraph, ...]
    images: tuple[Image, ...] = ()
    removed: tuple[Removed, ...] = ()
    warnings: tuple[str, ...] = ()
    confidence: float | None = None
    versions: dict[str, str] = {}
    tried: tuple[Tried, ...] = ()
