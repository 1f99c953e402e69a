"""Stems of words, for the languages that have a Snowball stemmer in tantivy."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ingestion.search.words import cased

STEMMED: Mapping[str, str] = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Language (ISO 639-1) to the name of its stemmer."""

ALIASES = {"nb": "no", "nn": "no"}
GERMAN_DIGRAPHS = re.compile(r"ae|oe|(?<![aeiouäöüyq])ue")
UMLAUTS = {"ae": "ä", "oe": "ö", "ue": "ü"}


def language_of(code: str | None) -> str | None:
    """The stemmed language that a BCP 47 code stands for, None if there is no stemmer for it."""
    primary = (code or "").split("-")[0].lower()
    language = ALIASES.get(primary, primary)
    return language if language in STEMMED else None


def stemmable(text: str, language: str) -> str:
    """The words of a text as the stemmer of a language wants them, with spaces between."""
    words = " ".join(cased(text))
    if language == "de":
        return GERMAN_DIGRAPHS.sub(lambda found: UMLAUTS[found.group()], words)
    return words


def stems(text: str, language: str) -> list[str]:
    """The stems of the words of a text, in order."""
    found: list[str] = analyzer(language).analyze(stemmable(text, language))
    return found


@cache
def analyzer(language: str) -> Any:
    """Build the analyzer of a language."""
    import tantivy

    stemmer = tantivy.Filter.stemmer(STEMMED[language])
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(stemmer).build()
