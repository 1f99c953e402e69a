"""From text to the tokens that are searched: one folding for every script, for index, query and highlighter.

Case, accents, Arabic vowel signs, tatweel, alef variants, full-width forms and digits are levelled (after
Unicode TR 10 and Lucene's Arabic normaliser). Scripts without spaces between words become overlapping
pairs of characters, as in Lucene's CJK analyzer.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, groupby
from typing import NamedTuple

MAX_TOKEN_CHARACTERS = 255
ASCII_WORDS = re.compile(r"[a-z0-9]{1,255}")

UNSPACED_RANGES = (
    (0x0E01, 0x0E4E),  # Thai
    (0x0E81, 0x0EDF),  # Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x1780, 0x17D3),  # Khmer
    (0x3005, 0x3007),  # Han iteration marks and zero
    (0x3041, 0x309F),  # Hiragana
    (0x30A1, 0x30FA),  # Katakana
    (0x30FC, 0x318F),  # Katakana marks, Bopomofo, Hangul compatibility Jamo
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han extension A
    (0x4E00, 0x9FFF),  # Han
    (0xAC00, 0xD7A3),  # Hangul syllables
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x20000, 0x323AF),  # Han extensions B to H
)
REMOVED_MARKS = (
    (0x0300, 0x036F),  # accents of Latin, Greek, Cyrillic
    (0x0591, 0x05BD),  # Hebrew points
    (0x05BF, 0x05BF),
    (0x05C1, 0x05C2),
    (0x05C4, 0x05C5),
    (0x05C7, 0x05C7),
    (0x0610, 0x061A),  # Arabic honorifics
    (0x0640, 0x0640),  # tatweel
    (0x064B, 0x065F),  # Arabic vowel signs, hamza and madda above and below
    (0x0670, 0x0670),
    (0x06D6, 0x06DC),
    (0x06DF, 0x06E4),
    (0x06E7, 0x06E8),
    (0x06EA, 0x06ED),
)
INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
LETTERS = {
    "ı": "i",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ħ": "h",
    "ŧ": "t",
    "ٱ": "ا",
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",
    "’": "'",
}


class Piece(NamedTuple):
    """A stretch of a text that is one word, or one run of a script without spaces, and its folded form."""

    start: int
    end: int
    folded: str
    unspaced: bool


def fold(text: str) -> str:
    """Level everything that a reader would call the same word."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", decomposed.translate(_folding())).lower()


def tokens(text: str) -> list[str]:
    """The tokens of a text as they are indexed: folded words, and pairs of characters."""
    folded = fold(text)
    if folded.isascii():
        return _ascii_words(folded)
    found: Iterable[str] = _runs().findall(folded.replace("_", " "))
    if _is_mixed(folded):
        found = chain.from_iterable(_parts().findall(run) for run in found)
    return list(chain.from_iterable(map(_tokens_of, found)))


def cased(text: str) -> list[str]:
    """The words of a text in lower case with their accents, which is what stemmers are made for."""
    if text.isascii():
        return _ascii_words(text.lower())
    lowered = unicodedata.normalize("NFKC", text).lower()
    words = [run for run in _runs().findall(lowered.replace("_", " ")) if not _is_mixed(run)]
    return [word for word in words if len(word) <= MAX_TOKEN_CHARACTERS]


def pieces(text: str, start: int = 0) -> Iterator[Piece]:
    """Find the words and runs of a text where they stand in it."""
    for run in runs(text, start):
        for part in _parts().finditer(text, run.start(), run.end()):
            if folded := fold(part.group()):
                yield Piece(part.start(), part.end(), folded, is_unspaced(folded))


def runs(text: str, start: int = 0) -> Iterator[re.Match[str]]:
    """Find the stretches of letters, digits and marks, each of one or more pieces."""
    return _runs().finditer(text, start)


def is_unspaced(word: str) -> bool:
    """Tell whether a token is of a script that puts no spaces between words."""
    return not word.isascii() and _unspaced().match(word) is not None


def pairs(run: str) -> list[str]:
    """Overlapping pairs of characters; a run of one character stays as it is."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def is_searchable(text: str) -> bool:
    """Tell whether there is a letter or a digit in it."""
    return bool(tokens(text))


@cache
def _folding() -> dict[int, str | None]:
    table: dict[int, str | None] = {ord(old): new for old, new in LETTERS.items()}
    table.update(dict.fromkeys(_members(REMOVED_MARKS)))
    table.update({ord(character): None for character in INVISIBLE})
    digits = chain(range(0x0660, 0x066A), range(0x06F0, 0x06FA))
    table.update({code: str(unicodedata.digit(chr(code))) for code in digits})
    return table


def _ascii_words(text: str) -> list[str]:
    words: list[str] = ASCII_WORDS.findall(text)
    return words


def _tokens_of(part: str) -> Sequence[str]:
    if is_unspaced(part):
        return pairs(part)
    if len(part) <= MAX_TOKEN_CHARACTERS:
        return (part,)
    return [part[i : i + MAX_TOKEN_CHARACTERS] for i in range(0, len(part), MAX_TOKEN_CHARACTERS)]


def _is_mixed(run: str) -> bool:
    return not run.isascii() and _unspaced().search(run) is not None


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{_as_class(UNSPACED_RANGES)}]")


@cache
def _parts() -> re.Pattern[str]:
    unspaced = _as_class(UNSPACED_RANGES)
    return re.compile(f"[{unspaced}]+|[^{unspaced}_]+")


@cache
def _runs() -> re.Pattern[str]:
    """Letters, digits and marks: without their marks, words of Indic scripts would fall apart."""
    marks = (code for code in range(0x300, 0xFFFF) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
    return re.compile(f"[\\w{INVISIBLE}{_as_class(_ranges(marks))}]+")


def _members(ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    return chain.from_iterable(range(first, last + 1) for first, last in ranges)


def _ranges(codes: Iterable[int]) -> Iterator[tuple[int, int]]:
    for _, group in groupby(enumerate(codes), lambda pair: pair[1] - pair[0]):
        members = [code for _, code in group]
        yield members[0], members[-1]


def _as_class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
