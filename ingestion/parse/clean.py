"""Strings as the contract allows them: no controls, no lone surrogates, NFC, single spaces, never empty."""

import html
import re
import unicodedata

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\ufff9-\ufffb]")
_SPACES = re.compile(r"[^\S\u3000]+|\u3000{2,}")
_SURROGATES = re.compile("[\ud800-\udfff]")
_ODD = re.compile(f"{_CONTROLS.pattern}|{_SURROGATES.pattern}")
_WORDS = re.compile(r"\w+")
_TAGS = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,500}|!--.*?--)>", re.DOTALL)
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/h[1-6])\b[^<>]{0,200}>", re.IGNORECASE)


def readable(text: str) -> str:
    """Replace what UTF-8 cannot carry, drop control and zero-width characters, compose (NFC)."""
    if not text.isprintable() and _ODD.search(text):
        text = _CONTROLS.sub("", _SURROGATES.sub("\ufffd", text))
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Return readable text on one line, with single spaces; the wide space of Japanese print stays."""
    text = readable(text)
    return _SPACES.sub(" ", text).strip() if "\u3000" in text else " ".join(text.split())


def words(value: object) -> str | None:
    """Return a value as one line of text; None where it holds no words. Numbers count as words."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return one_line(str(value)) or None


def unescaped(text: str) -> str:
    """Undo HTML entities, also where they were escaped twice."""
    return html.unescape(html.unescape(text)) if "&" in text else text


def without_markup(text: str) -> str:
    """Return the words of a string that may hold tags and entities."""
    if "<" in text:
        text = _TAGS.sub("", _BREAKS.sub(" ", text))
    return one_line(unescaped(text))


def key(text: str) -> str:
    """Return the form in which two printings of the same words are equal."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORDS.findall(folded))
