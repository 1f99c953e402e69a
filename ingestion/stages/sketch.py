"""What is kept of a text to find its copies: a sample of its shingles, and keys to look it up by.

The sample is all shingles of a short text, and of a longer one those below a limit that is halved until
at most `MOST_SHINGLES` are left: the same limit for every text, so samples can be compared (as FracMinHash
does). Each of the `KEYS` keys is the least shingle in one of so many random orders (MinHash): two texts
have an equal one as often as they share shingles.
"""

import struct
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Self

from ingestion.stages.shingles import Shingles, mixed, shingles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEYS = 16
MOST_SHINGLES = 256
MOST_NUMBERS = 32
LEAST_SHINGLES = 40
LEAST_SHINGLES_OF_CHARACTERS = 75
"""Texts with fewer are too short to tell a copy from a form that was filled in alike."""

MOST_NUMBERS_SHARE = 0.25
"""Texts with a larger part of numbers among their words are tables: prices, results, temperatures."""

_HEAD = struct.Struct("<BBBHH")
_LAYOUT = 2


class Sample(NamedTuple):
    """The values of a text that are below 2^(32 - level), in ascending order, and what goes with each."""

    level: int
    values: "NDArray[np.uint32]"
    tails: "NDArray[np.uint8]"

    @classmethod
    def of(cls, values: "NDArray[np.uint32]", tails: "NDArray[np.uint8]", most: int) -> Self:
        """Take at most so many."""
        level = 0
        while len(values) > most:
            level += 1
            values = values[: values.searchsorted(1 << (32 - level))]
        return cls(level, values, tails[: len(values)])

    def at(self, level: int) -> "Sample":
        """Take what would be in the sample at this level, which is not below its own."""
        if level == self.level:
            return self
        count = int(self.values.searchsorted(1 << (32 - level)))
        return Sample(level, self.values[:count], self.tails[:count])


class Sketch(NamedTuple):
    """One text, ready to be compared: its shingles with their tails, the places of its numbers with these."""

    shingles: Sample
    places: Sample

    def to_bytes(self) -> bytes:
        """Write it for the state."""
        shingles, places = self
        head = _HEAD.pack(_LAYOUT, shingles.level, places.level, len(shingles.values), len(places.values))
        values = b"".join(sample.values.astype("<u4").tobytes() for sample in self)
        return head + values + shingles.tails.tobytes() + places.tails.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read it again."""
        import numpy as np

        _, shingles_level, places_level, count, more = _HEAD.unpack_from(data)
        values = np.frombuffer(data, "<u4", count=count + more, offset=_HEAD.size)
        tails = np.frombuffer(data, np.uint8, offset=_HEAD.size + values.nbytes)
        return cls(
            Sample(shingles_level, values[:count], tails[:count]),
            Sample(places_level, values[count:], tails[count:]),
        )


class Sketched(NamedTuple):
    """A text's sketch, and the keys that lead to it."""

    sketch: Sketch
    keys: tuple[int, ...]


def sketches(texts: Sequence[str]) -> list[Sketched | None]:
    """Sketch each text; None for one that nothing can be said of: too short, or mostly numbers."""
    read = shingles(texts)
    comparable = [number for number, text in enumerate(read) if _is_comparable(text)]
    found: list[Sketched | None] = [None] * len(texts)
    keys = _keys([read[number].shingles for number in comparable])
    for number, row in zip(comparable, keys, strict=True):
        text = read[number]
        found[number] = Sketched(_sketch(text), tuple(row))
    return found


def _sketch(text: Shingles) -> Sketch:
    return Sketch(
        Sample.of(text.shingles, text.tails, MOST_SHINGLES),
        Sample.of(text.places, text.numbers, MOST_NUMBERS),
    )


def _is_comparable(text: Shingles) -> bool:
    least = LEAST_SHINGLES_OF_CHARACTERS if text.are_of_characters else LEAST_SHINGLES
    return len(text.shingles) >= least and text.numbers_share <= MOST_NUMBERS_SHARE


def _keys(sets: "Sequence[NDArray[np.uint32]]") -> list[list[int]]:
    """Return the keys of each set: signed 32-bit numbers, as both databases store them best."""
    import numpy as np

    if not sets:
        return []
    starts = np.cumsum([0, *(len(values) for values in sets[:-1])])
    values = np.concatenate(sets).astype(np.uint64)
    rows = [
        mixed(np.minimum.reduceat(values * factor + summand, starts)) >> np.uint64(32)
        for factor, summand in zip(*_orders(), strict=True)
    ]
    keys: list[list[int]] = np.stack(rows, axis=1).astype(np.uint32).view(np.int32).tolist()
    return keys


@cache
def _orders() -> "tuple[NDArray[np.uint64], NDArray[np.uint64]]":
    """Return the factors (odd) and summands that put shingles into random orders, modulo 2^64.

    They come out of SHA-256, so that they are the same for ever.
    """
    import numpy as np

    digests = [sha256(f"copies {number}".encode()).digest() for number in range(KEYS)]
    drawn = np.frombuffer(b"".join(digests), "<u8").reshape(KEYS, 4).astype(np.uint64)
    return drawn[:, 0] | np.uint64(1), drawn[:, 1]
