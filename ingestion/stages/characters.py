"""One form of every character for comparing texts, as tables over code points.

Case, accents, vowel signs, width and the joiners inside words do not count; every script's digits are
0 to 9. Where words have no spaces between them, a character stands alone, as a word does elsewhere.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BETWEEN = 0
"""What separates words: spaces, punctuation, symbols, emoji."""

ALONE = 1 << 20
"""Set in the code of a character that stands alone; codes of others are below it."""

IGNORED = 0xFFFFFFFF
"""What does not count inside a word: accents, vowel signs, soft hyphens, apostrophes."""

APOSTROPHES = "'’ʼ＇"  # don't and don’t are one word
TATWEEL = "ـ"
UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # CJK radicals
    (0x3005, 0x3007),  # iteration mark, zero
    (0x3040, 0x30FF),  # kana
    (0x31F0, 0x31FF),  # small kana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han, compatibility forms
)
HAN_BEYOND_16_BITS = (0x20000, 0x3FFFE)
SIZE = 0x40000
"""Code points from here on, and those that the tables leave out, are `BETWEEN`."""


@cache
def folds() -> "NDArray[np.uint32]":
    """The code of each code point: `BETWEEN`, `IGNORED`, or what it is compared as."""
    import numpy as np

    codes = np.zeros(SIZE, np.uint32)
    codes[:0x10000] = [_code(point) for point in range(0x10000)]
    first, last = HAN_BEYOND_16_BITS
    codes[first:last] = np.arange(first, last, dtype=np.uint32) | ALONE
    return codes


@cache
def ascii_folds() -> bytes:
    """Fold ASCII by `bytes.translate`; what is ignored has to be deleted first."""
    codes = folds()[:256].tolist()
    return bytes(code if code < 128 else 0 for code in codes)


ASCII_IGNORED = b"'"


def _code(point: int) -> int:
    char = chr(point)
    category = unicodedata.category(char)
    if category[0] == "M" or category == "Cf" or char in APOSTROPHES or char == TATWEEL:
        return IGNORED
    if category[0] not in "LN":
        return BETWEEN
    folded = ord(_folded(char))
    alone = any(first <= point <= last for first, last in UNSPACED)
    return folded | ALONE if alone else folded


def _folded(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    base = [c for c in unicodedata.normalize("NFKD", char) if unicodedata.category(c)[0] != "M"]
    folded = (base[0] if len(base) == 1 else char).casefold()
    return folded if len(folded) == 1 else char
