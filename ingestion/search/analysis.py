"""How Elasticsearch cuts texts into tokens: the folding of `words` and the stems of `stems`, in its terms.

Words end where letters and digits end, as in `words.tokens`; what its standard tokenizer would keep together
(`l'eau`, `3.14`, `example.com`) is parted before. Its own filters fold Latin letters and full-width forms;
the letters of other scripts are taken from `words.fold` one by one.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from ingestion.search.stems import STEMMED
from ingestion.search.words import INVISIBLE, fold

SNOWBALL: Mapping[str, str] = {
    language: name.capitalize() for language, name in STEMMED.items() if language not in {"el", "ta"}
}
"""Language (ISO 639-1) to the name of its `snowball` filter; none is documented for Greek and Tamil."""

JOINING = "_'’‘‛＇.․﹒．·‧:︓﹕：,﹐，;﹔；"
"""What UAX 29 does not end a word at, between letters or between digits."""

FIRST, LAST = 0x0300, 0x06FF
"""Combining marks, Greek, Cyrillic, Armenian, Hebrew, Arabic."""


def analysis() -> dict[str, Any]:
    """Build the analysis settings of the index template."""
    stemmers = {
        f"snowball_{language}": {"type": "snowball", "language": name} for language, name in SNOWBALL.items()
    }
    folding = ["cjk_width", "lowercase", "asciifolding"]
    return {
        "char_filter": {
            "part": {"type": "mapping", "mappings": [_rule(mark, "\\u0020") for mark in JOINING]},
            "fold": {"type": "mapping", "mappings": _folding()},
        },
        "filter": stemmers,
        "analyzer": {
            "folded": _analyzer(["part", "fold"], [*folding[:2], "cjk_bigram", folding[2]]),
            **{f"stem_{name}": _analyzer(["part"], ["lowercase", f"snowball_{name}"]) for name in SNOWBALL},
        },
        "normalizer": {"folded": {"type": "custom", "char_filter": ["fold"], "filter": folding}},
    }


def _analyzer(before: list[str], after: list[str]) -> dict[str, Any]:
    return {"type": "custom", "char_filter": before, "tokenizer": "standard", "filter": after}


def _folding() -> list[str]:
    letters = [chr(code) for code in range(FIRST, LAST + 1) if unicodedata.category(chr(code))[0] in "LMN"]
    folded = ((letter, fold(letter)) for letter in letters)
    changed = [_rule(letter, plain) for letter, plain in folded if plain != letter.lower()]
    return changed + [_rule(character, "") for character in INVISIBLE]


def _rule(old: str, new: str) -> str:
    return f"\\u{ord(old):04x} => {new}".rstrip()
