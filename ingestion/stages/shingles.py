"""Every run of five words of a text, as 32-bit numbers; of eight characters where words have no spaces.

The numbers rest in the state, so they may never change: they are made of code points by the arithmetic
written here and of nothing else, the same on every platform and with every version of numpy.

A word is a polynomial of its characters' codes in `BASE`, modulo 2^64; a shingle is one of its words in
`BASE`, first word first; each is finished by `mixed`. Many texts at once are many times quicker than one.

With each shingle goes its tail: seven bits of what follows, twice as long. Where words differ every here
and there, fewer of the shared shingles have the same tail than where a passage was cut out or put in.

A place is the three words before a number, whatever numbers are among them; with it go seven bits of the
number. A form that is filled in anew has other numbers in the same places.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ingestion.stages.characters import ALONE, ASCII_IGNORED, IGNORED, ascii_folds, folds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS = 5
CHARACTERS = 8
PLACE = 3
"""How long a shingle is, of words and of characters that stand alone; and a number's place, of either."""

CHUNK_CHARACTERS = 64 * 1024
"""Texts are read together up to this size, so that what is made of them stays near the processor."""

LONGEST_CHARACTERS = 256 * 1024
"""What comes after so many characters of one text is not read."""

BASE = 0x9E3779B97F4A7C15
MODULUS = 1 << 64
NO_TAIL = MODULUS - 256


class Shingles(NamedTuple):
    """One text: its distinct shingles and the distinct places of its numbers, each in ascending order.

    `tails` are those of the shingles, zero where the text ends sooner; `numbers` stand in `places`, a
    number being a word that has digits. `are_of_characters` tells the shingles of a text whose words have no
    spaces between them; `numbers_share` is the part of its words that has digits.
    """

    shingles: "NDArray[np.uint32]"
    tails: "NDArray[np.uint8]"
    places: "NDArray[np.uint32]"
    numbers: "NDArray[np.uint8]"
    are_of_characters: bool
    numbers_share: float


def shingles(texts: Sequence[str]) -> list[Shingles]:
    """Read texts into shingles, in their order."""
    return [read for chunk in _chunks([text[:LONGEST_CHARACTERS] for text in texts]) for read in _read(chunk)]


def mixed(values: "NDArray[np.uint64]") -> "NDArray[np.uint64]":
    """Spread every bit of each value over all of it (the finisher of SplitMix64)."""
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    chunk: list[str] = []
    size = 0
    for text in texts:
        if chunk and size + len(text) > CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
        chunk.append(text)
        size += len(text) + 1
    if chunk:
        yield chunk


def _read(texts: Sequence[str]) -> Iterator[Shingles]:
    import numpy as np

    codes, ends = _coded(texts)
    words = _words(codes)
    of_words = _with_tails(_runs(words.hashes, WORDS), WORDS)
    of_characters = (
        _with_tails(_runs(words.hashes, CHARACTERS), CHARACTERS) if words.alone.any() else of_words
    )
    in_place = _in_place(words)
    edges = [0, *np.searchsorted(words.starts, ends).tolist()]
    for first, last in pairwise(edges):
        alone = 2 * int(words.alone[first:last].sum()) > last - first
        runs, length = (of_characters, CHARACTERS) if alone else (of_words, WORDS)
        text = runs[first : max(first, last - length + 1)].copy()
        text[-2 * length :] &= np.uint64(NO_TAIL)
        numbers = words.has_digit[first:last]
        yield Shingles(
            *_distinct(text),
            *_distinct(in_place[first : max(first, last - PLACE)][numbers[PLACE:]]),
            are_of_characters=alone,
            numbers_share=float(numbers.mean()) if len(numbers) else 0.0,
        )


def _coded(texts: Sequence[str]) -> "tuple[NDArray[np.uint32] | NDArray[np.uint8], NDArray[np.int64]]":
    """Return the codes of all texts one after the other, zeros between them, and where each ends."""
    import numpy as np

    if all(text.isascii() for text in texts):
        parts = [text.encode().translate(ascii_folds(), ASCII_IGNORED) for text in texts]
        ends = np.cumsum([len(part) + 1 for part in parts])
        return np.frombuffer(b"\0".join(parts) + b"\0", np.uint8), ends
    ends = np.cumsum([len(text) + 1 for text in texts])
    points = np.frombuffer(("\0".join(texts) + "\0").encode("utf-32-le", "surrogatepass"), "<u4")
    codes = folds().take(points, mode="clip")
    kept = np.flatnonzero(codes != IGNORED)
    if len(kept) < len(codes):
        codes, ends = codes[kept], np.searchsorted(kept, ends)
    return codes, ends


class _Words(NamedTuple):
    """The words of a chunk: where each begins, its hash, whether it is one character alone, has a digit."""

    starts: "NDArray[np.int64]"
    hashes: "NDArray[np.uint64]"
    alone: "NDArray[np.bool_]"
    has_digit: "NDArray[np.bool_]"


def _words(codes: "NDArray[np.uint32] | NDArray[np.uint8]") -> _Words:
    import numpy as np

    starts = _starts(codes)
    powers, inverses = _powers(len(codes))
    if not len(starts):
        return _Words(starts, np.empty(0, np.uint64), np.empty(0, np.bool_), np.empty(0, np.bool_))
    # What lies between two words is zero, and adds nothing to the word before it.
    hashes = np.add.reduceat(codes * powers, starts) * inverses.take(starts)
    has_digit = np.zeros(len(starts), np.bool_)
    digits = np.flatnonzero((codes >= ord("0")) & (codes <= ord("9")))
    has_digit[np.searchsorted(starts, digits, side="right") - 1] = True
    return _Words(starts, mixed(hashes), codes[starts] >= ALONE, has_digit)


def _starts(codes: "NDArray[np.uint32] | NDArray[np.uint8]") -> "NDArray[np.int64]":
    import numpy as np

    within = codes != 0
    begins = within.copy()
    begins[1:] &= ~within[:-1]
    if codes.itemsize > 1:  # ASCII has none that stands alone
        alone = codes >= ALONE
        begins |= alone
        begins[1:] |= within[1:] & alone[:-1]
    return np.flatnonzero(begins)


def _runs(words: "NDArray[np.uint64]", length: int) -> "NDArray[np.uint32]":
    """Hash each run of so many words, by where it begins."""
    import numpy as np

    count = max(0, len(words) - length + 1)
    runs = words[:count].copy()
    for step in range(1, length):
        runs *= np.uint64(BASE)
        runs += words[step : step + count]
    return (mixed(runs) >> np.uint64(32)).astype(np.uint32)


def _with_tails(runs: "NDArray[np.uint32]", length: int) -> "NDArray[np.uint64]":
    """Put below each run a tail made of the two that follow it, whatever texts these belong to."""
    import numpy as np

    both = runs.astype(np.uint64) << np.uint64(8)
    near, far = runs[length:], runs[2 * length :]
    both[: len(far)] |= _seven_bits(near[: len(far)] ^ (far << np.uint32(1)))
    return both


def _in_place(words: _Words) -> "NDArray[np.uint64]":
    """Put the word that follows below each place, by where the place begins."""
    import numpy as np

    places = _runs(np.where(words.has_digit, np.uint64(0), words.hashes), PLACE)[:-1]
    following = (words.hashes[PLACE:] >> np.uint64(32)).astype(np.uint32)
    return (places.astype(np.uint64) << np.uint64(8)) | _seven_bits(following)


def _seven_bits(values: "NDArray[np.uint32]") -> "NDArray[np.uint32]":
    """What goes below a value; never zero."""
    import numpy as np

    return (values >> np.uint32(24)) | np.uint32(1)


def _distinct(both: "NDArray[np.uint64]") -> "tuple[NDArray[np.uint32], NDArray[np.uint8]]":
    """Sort in place; of a value that is there twice, the least of what is below it stays."""
    import numpy as np

    both.sort()
    values, below = (both >> np.uint64(8)).astype(np.uint32), both.astype(np.uint8)
    is_new = values[1:] != values[:-1]
    if is_new.all():
        return values, below
    first = np.concatenate(([True], is_new))
    return values[first], below[first]


def _powers(count: int) -> "tuple[NDArray[np.uint64], NDArray[np.uint64]]":
    """Powers of `BASE`, and of its inverse, from 0 up to `count`."""
    return _powers_of(BASE)[:count], _powers_of(pow(BASE, -1, MODULUS))[:count]


@cache
def _powers_of(base: int) -> "NDArray[np.uint64]":
    import numpy as np

    powers = np.ones(2 * LONGEST_CHARACTERS, np.uint64)
    known = 1
    while known < len(powers):
        powers[known : 2 * known] = powers[:known] * np.uint64(pow(base, known, MODULUS))
        known *= 2
    return powers
