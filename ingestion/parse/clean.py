"""Strings as the contract allows them: no controls, no lone surrogates, NFC, single spaces, never empty."""

import html
import re
import unicodedata
from functools import lru_cache

CELLS = " | "
"""Between the cells of a row in a body."""

_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_SPACES = re.compile(r"[^\S\u3000]+|\u3000{2,}")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u0730-\u074a\u0816-\u082d"
    "\u08ca-\u08ff\u093c\u094d\u0e38-\u0e3a\u0e48-\u0e4b\u0eb8-\u0eba\u0ec8-\u0ecb\u0f71-\u0f84\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\u2de0-\u2dff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f\U0001d165-\U0001d1ad"
)
"""The blocks of marks that are written above and below letters."""

_MANY_MARKS = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
"""More than follow a letter in stream-safe text (UAX #15): to put them in order takes their square."""

_INSTEAD = ((_SURROGATES, "\ufffd"), (_CONTROLS, ""), (_MANY_MARKS, r"\1"))
_ODD = re.compile(f"{_CONTROLS.pattern[:-1]}\ud800-\udfff{_MARKS}]")
_SHORT = 1000
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_WORDS = re.compile(r"\w+")
_ASCII_WORDS = {code: chr(code) if _WORDS.match(chr(code)) else " " for code in range(128)}
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/h[1-6])\b[^<>]{0,200}>", re.IGNORECASE)


def readable(text: str) -> str:
    """Replace what UTF-8 cannot carry, drop control and zero-width characters, compose (NFC)."""
    rare = _rare(text) if len(text) > _SHORT else text
    if (len(text) > _SHORT or not text.isprintable()) and _ODD.search(rare):
        for odd, instead in _INSTEAD:
            if odd.search(rare):
                text, rare = odd.sub(instead, text), odd.sub(instead, rare)
        return unicodedata.normalize("NFC", text)
    composed = rare.isascii() or unicodedata.is_normalized("NFC", rare)
    return text if composed else unicodedata.normalize("NFC", text)


def _rare(text: str) -> str:
    """Return the characters of a text that are not ASCII's printable ones; they are few in most pages.

    None that is not `_ODD` composes with one of ASCII, so that they tell whether the whole text is composed.
    """
    whole = text.encode(errors="surrogatepass")
    return whole.translate(None, _PRINTABLE).decode(errors="surrogatepass")


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
        text = _TAGS.sub("", _BREAKS.sub(" ", _without_comments(text)))
    return one_line(unescaped(text))


def _without_comments(text: str) -> str:
    """A pattern would look for the end of a comment from each of its beginnings."""
    kept, position = [], 0
    while (begin := text.find("<!--", position)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        kept.append(text[position:begin])
        position = end + 3
    return "".join((*kept, text[position:]))


def key(text: str) -> str:
    """Return the form in which two printings of the same words are equal."""
    return _short_key(text) if len(text) <= _SHORT else _key(text)


def _key(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_WORDS).split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORDS.findall(folded))


_short_key = lru_cache(maxsize=8192)(_key)  # the same lines are asked for again and again
