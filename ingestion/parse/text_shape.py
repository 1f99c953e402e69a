"""The shape of a line of raw text: its width, how it ends, what it could be by that alone."""

import re
from collections.abc import Sequence

from msgspec import Struct

from ingestion.article import Publisher
from ingestion.parse import dates, lexicon
from ingestion.parse.credits import agencies_among, only_agencies
from ingestion.parse.people import names_a_desk, people_in
from ingestion.parse.text_lines import Block, columns

LONGEST_LABEL = 90
SHORTEST_SENTENCE = 30
_LONG = 100
_LONGEST_HEADLINE = 220
_LONGEST_BYLINE = 140
_LONGEST_SENTENCE_BYLINE = 60
_MOST_WORDS_BESIDE_A_DATE = 3
_ENDS_SENTENCE = re.compile(r"[.!?…。！？؟۔।][\"”’'»«」』)\]）】›]*$")
_ENDS_STATEMENT = re.compile(r"[.…。۔।][\"”’'»«」』)\]）】›]*$")
_BRACKET_AT_END = re.compile(
    r"^(?P<caption>.{8,}?)\s*[(（\[](?P<credit>[^()（）\[\]]{2,120})[)）\]]\s*[.。]?$"
)
_CREDIT_AT_END = re.compile(
    r"^(?P<caption>.{15,}?)\s+(?:(?i:photo|picture|image|foto|bild|credit|crédit|quelle|صورة|写真|fotoğraf)s?)"
    r"\s?[:/：＝=]\s?(?P<credit>[^.!?]{2,80})$"
    r"|^(?P<caption2>.{15,}?[.。])\s*©\s?(?P<credit2>[^.!?]{2,80})$"
    r"|^(?P<caption3>.{8,}?)[＝=](?P<credit3>[^＝=。]{2,20}(?:撮影|提供|通信|ロイター|共同|AP|AFP))。?$"
)
# Looked for first: the patterns above try each space of a paragraph.
_CREDIT_MARK = re.compile("[:/：＝=©]")
_LONGEST_CREDIT = 90
_BRACKETS = (")", "）", "]")
_BULLET = re.compile(r"^(?:[•·▪■◆●○*–—-]|\d{1,2}[.)])\s+(?=\S)")
_LATIN_NAME = re.compile(
    r"^(?:[A-ZÀ-ÞĀ-Ž][\w'’.-]*|al-\w+|"
    r"(?:de|del|della|da|di|dos|du|van|von|der|den|zu|al|el|bin|bint|la|le|y|e|and|und|et|ter)\b)$"
)
_AMBIGUOUS = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}")
_CLOCK_AHEAD = re.compile(r"\s*\d{1,2}[:.]\d{2}(?!\d|\.\d)")
_DATE_PARTS = re.compile(r"\s[|•·]\s|[|•·](?=\D)|\s{3,}|[;/／](?=\s?[^\d\s])")


class Line(Struct, kw_only=True):
    """A block on its way to a role; `values` is what could be read from it."""

    block: Block
    width: int
    role: str = ""
    values: dict[str, str] = {}
    copies: int = 1

    @classmethod
    def of(cls, block: Block) -> "Line":
        """Measure a block in columns; a wide character takes two."""
        return cls(block=block, width=columns(block.text))

    @property
    def text(self) -> str:
        """The words of the line."""
        return self.block.text

    @property
    def is_sentence(self) -> bool:
        """Whether the line ends as a sentence does."""
        return bool(_ENDS_SENTENCE.search(self.text[-8:]))

    @property
    def is_statement(self) -> bool:
        """Whether the line ends as a sentence does that is neither asked nor exclaimed."""
        return bool(_ENDS_STATEMENT.search(self.text[-8:]))

    @property
    def is_long(self) -> bool:
        """Whether the line is surely a paragraph by its shape."""
        return self.width >= _LONG and (self.is_sentence or self.width > _LONGEST_HEADLINE)

    @property
    def is_prose(self) -> bool:
        """Whether the line is a paragraph or at least a sentence of some length."""
        return self.is_long or (self.is_sentence and self.width >= SHORTEST_SENTENCE)

    @property
    def is_item(self) -> bool:
        """Whether the line begins with the mark of a list."""
        return bool(_BULLET.match(self.text))

    def become(self, role: str, **values: str) -> None:
        """Take a role, unless the line has one."""
        if not self.role:
            self.role, self.values = role, values


Lines = Sequence[Line]


def headline_shaped(line: Line) -> bool:
    """Whether a line that has no role yet could be a headline."""
    fits = 6 <= line.width <= _LONGEST_HEADLINE and not line.is_item
    return not line.role and fits and not line.is_statement


def word_count(text: str) -> int:
    """Count words; three characters of a script without spaces count as one."""
    wide = len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff]", text))
    return len(text.split()) + wide // 3


def without_bullet(text: str) -> str:
    """Return a list item without its mark."""
    return _BULLET.sub("", text)


def caption_of(text: str, *, leads: bool) -> dict[str, str] | None:
    """Read caption and credit where a line ends in a picture's credit."""
    marked = _CREDIT_MARK.search(text[-_LONGEST_CREDIT:])
    if match := _CREDIT_AT_END.match(text) if marked else None:
        groups = [value for value in match.groups() if value]
        return {"caption": groups[0].rstrip(" /|"), "credit": groups[1]}
    match = _BRACKET_AT_END.match(text) if text.rstrip(" .。").endswith(_BRACKETS) else None
    if not match:
        return None
    pictorial = lexicon.speaks_of_picture(match["credit"])
    if pictorial or (leads and only_agencies(match["credit"])):
        return {"caption": match["caption"], "credit": match["credit"].strip()}
    return None


def dates_of(line: Line) -> dict[str, str] | None:
    """Read a line that is a date and hardly anything else, perhaps two dates with their labels."""
    if _AMBIGUOUS.fullmatch(line.text):
        return {"published": line.text}
    if line.width > 2 * LONGEST_LABEL or not re.search(r"\d", line.text):
        return None
    values: dict[str, str] = {}
    for part in _date_parts(line.text):
        role, rest = lexicon.date_label(part) or ("", part)
        if not _is_date(rest):
            continue
        values.setdefault(role or ("modified" if values else "published"), rest)
    return values if values and _left_of_dates(line.text, values) <= _MOST_WORDS_BESIDE_A_DATE else None


def _date_parts(text: str) -> list[str]:
    """Part a line of two dates; a clock that is set apart stays with its day."""
    cuts = [
        match.span() for match in _DATE_PARTS.finditer(text) if not _CLOCK_AHEAD.match(text[match.end() :])
    ]
    begins = (0, *(end for _, end in cuts))
    ends = (*(start for start, _ in cuts), len(text))
    return [text[begin:end] for begin, end in zip(begins, ends, strict=True)]


def _is_date(text: str) -> bool:
    try:
        return dates.read(text) is not None
    except ValueError:
        return False


def _left_of_dates(text: str, values: dict[str, str]) -> int:
    """Count the words of a line that belong neither to its dates nor to their labels."""
    for value in values.values():
        text = text.replace(value, " ")
    dates_words = sum(len(re.findall(r"[^\W\d_]{4,}", value)) - 2 for value in values.values())
    return len(re.findall(r"[^\W\d_]{2,}", text)) + max(0, dates_words - 2 * len(values))


def byline_of(line: Line, publisher: Publisher) -> str | None:
    """Return the names where a line is a byline: people or agencies, written as names are."""
    names = lexicon.byline(line.text)
    if (
        not names
        or line.width > _LONGEST_BYLINE
        or (line.is_sentence and line.width > _LONGEST_SENTENCE_BYLINE)
    ):
        return None
    if not (people_in([names], publisher) or agencies_among(names) or names_a_desk(names)):
        return None
    words = re.split(r"[\s,;/&|]+", re.sub(r"\(.*?\)|[|•·].*", "", names))
    latin = [word for word in words if re.match(r"[a-zA-Z]", word)]
    strange = [word for word in latin if not _LATIN_NAME.match(word)]
    return names if len(strange) * 3 <= len(latin) else None
