"""The words that page furniture uses on any site (`lexicon.toml`), and what a line says by them."""

import re
import unicodedata
from functools import cache

from msgspec import Struct

from ingestion.parse.data import table
from ingestion.parse.gate import Gate

# Marks that decorate a label: bullets, arrows, icons, brackets around a count. A full stop is none of
# them, because it makes a sentence of a word.
_EDGE = r"\s•·▪■▶►◀◄▸▹»«›‹→←↑↓|*#_~…※◆◇●○★☆✓✔✕✖⏸⏯⏵🔊🔈🎧▼▲\-–—:：＞＜><"
_DECORATION = re.compile(rf"^[{_EDGE}]+|[{_EDGE}]+$")
_ICONS = re.compile("[\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
_WIDE = str.maketrans("：／", ":/")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "＇": "'"})


class Said(Struct, frozen=True):
    """The role of a line by its words alone, and what could be read from it."""

    role: str
    values: dict[str, str] = {}


def normal(text: str) -> str:
    """Return a line without decoration, letter case and full-width forms."""
    text = unicodedata.normalize("NFKC", _ICONS.sub("", text)).translate(_QUOTES).casefold()
    return _DECORATION.sub("", text).strip()


def label(text: str) -> Said | None:
    """Return the role of a line that is, as a whole, a label of page furniture."""
    role = _exact().get(normal(text))
    return Said(role) if role else None


def phrase(text: str) -> Said | None:
    """Return the role of a line that is, as a whole, a phrase of page furniture, with what it holds."""
    line = unicodedata.normalize("NFKC", _ICONS.sub("", text)).translate(_QUOTES).strip()
    for number in _gate().may_match(line):
        role, pattern = _phrases()[number]
        if match := pattern.fullmatch(line):
            return Said(role, {name: value for name, value in match.groupdict().items() if value})
    return None


def ending(text: str) -> str | None:
    """Return the role of a line that is furniture where it is the last one: a source, an address."""
    line = unicodedata.normalize("NFKC", text).strip()
    return next((role for role, pattern in _endings() if pattern.fullmatch(line)), None)


def byline(text: str) -> str | None:
    """Return the names of a line that is a byline."""
    line = text.strip(" *_|•·-–—").translate(_WIDE)
    for pattern in _bylines():
        if match := pattern.fullmatch(line):
            return match["names"]
    return None


def date_label(text: str) -> tuple[str, str] | None:
    """Return whether a date line tells the publication or a change, and the rest of it, if it has a label."""
    match = _date_labels().match(text.strip())
    return (_date_roles()[match["label"].casefold()], match["rest"]) if match else None


def caption_prefix(text: str) -> bool:
    """Whether a line says by its first word that it is a caption or a credit."""
    return bool(_caption_prefixes().match(text.translate(_WIDE)))


def credit_only(text: str) -> str | None:
    """Return the credit of a line that holds nothing but a credit."""
    line = text.translate(_WIDE)
    matches = (pattern.fullmatch(line) for pattern in _patterns("caption", "credit_only"))
    return next((match["credit"] for match in matches if match), None)


def speaks_of_picture(text: str) -> bool:
    """Whether a bracket at the end of a line is the credit of a picture."""
    return bool(_picture_words().search(text))


def speaks_of_site(text: str) -> bool:
    """Whether a summary has a word by which sites describe themselves."""
    return bool(_site_words().search(text))


@cache
def _site_words() -> re.Pattern[str]:
    words = "|".join(word for tongue in table("lexicon")["site"].values() for word in tongue)
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


@cache
def _exact() -> dict[str, str]:
    return {
        normal(word): role
        for role, tongues in table("lexicon")["exact"].items()
        for words in tongues.values()
        for word in words
    }


@cache
def _phrases() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return _roles_of("pattern")


@cache
def _endings() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return _roles_of("ending")


def _roles_of(group: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (role, re.compile(pattern, re.IGNORECASE))
        for role, tongues in table("lexicon")[group].items()
        for patterns in tongues.values()
        for pattern in patterns
    )


@cache
def _gate() -> Gate:
    return Gate.of([pattern for _, pattern in _phrases()])


@cache
def _patterns(group: str, name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in table("lexicon")[group][name])


@cache
def _caption_prefixes() -> re.Pattern[str]:
    return re.compile("|".join(table("lexicon")["caption"]["prefix"]), re.IGNORECASE)


@cache
def _bylines() -> tuple[re.Pattern[str], ...]:
    # Names are written in capitals: only the words before them may be in any case.
    patterns = (pattern for tongue in table("lexicon")["byline"].values() for pattern in tongue)
    return tuple(re.compile(_any_case_before_names(pattern)) for pattern in patterns)


def _any_case_before_names(pattern: str) -> str:
    before, names, after = pattern.partition("(?P<names>")
    return f"(?i:{before}){names}{after}" if before.count("(") == before.count(")") else pattern


@cache
def _date_roles() -> dict[str, str]:
    return {word.casefold(): role for role, words in table("lexicon")["date_label"].items() for word in words}


@cache
def _date_labels() -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in sorted(_date_roles(), key=len, reverse=True))
    return re.compile(
        rf"[\s\[(【（]*(?P<label>{words})(?:\s+(?:on|at|am|le|el|em|il|في))?\s?[:：\]】)）]?\s*(?P<rest>.*)$",
        re.IGNORECASE,
    )


@cache
def _picture_words() -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in table("lexicon")["caption"]["bracket_words"])
    return re.compile(rf"(?<![a-zA-Zء-ي])(?:{words})(?![a-zA-Zء-ي])|\w\s?/\s?\w|©", re.IGNORECASE)
