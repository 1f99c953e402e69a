"""What of a text counts: words, numbers, the signs of money and of measure; not how they are set.

Two texts with the same essence differ only in spaces, punctuation, dashes, quotation marks, letter case,
width and the breaks between paragraphs.
"""

import re
import unicodedata

SEPARATOR = " "
KEPT = frozenset({"Sc", "Sm", "No"})
TYPOGRAPHIC = frozenset("|~<>¦")
"""Of the class of mathematical symbols, and printed between words of news as furniture."""

MEANT = frozenset("%‰°#@&§")
JOINERS = frozenset("'’ʼ＇\u00ad\u0640")
"""Apostrophes, the soft hyphen, the Arabic tatweel: a word with and without them is the same."""

MINUS = re.compile(r"(?<![^\W_])[-−–](?=\d)")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff]")


class _Forms(dict[int, str]):
    """The form of each character, found when it is first met; for `str.translate`."""

    def __missing__(self, point: int) -> str:
        self[point] = form = _form(chr(point))
        return form


def _form(char: str) -> str:
    category = unicodedata.category(char)
    if char in JOINERS or category == "Cf":
        return ""
    if category[0] in "LM" or category == "Nd" or char in MEANT:
        return char
    return char if category in KEPT and char not in TYPOGRAPHIC else SEPARATOR


_FORMS = _Forms()


def essence(text: str) -> str:
    """Bring a text to one form; one that is made of nothing else but signs is its own essence."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = MINUS.sub("\u2212", plain).translate(_FORMS).split()
    return SEPARATOR.join(words) or plain.strip()


def words_of(text: str) -> list[str]:
    """The words of a text in one form; where no spaces part them, each character is one."""
    return UNSPACED.sub(r" \g<0> ", essence(text)).split()
