"""The first and last lines of an extracted body, and what removed lines still tell."""

import re
from collections.abc import Callable, Sequence

from ingestion.article import Paragraph, ParagraphRole, Publisher, Removed
from ingestion.parse import lexicon
from ingestion.parse.clean import CELLS, key
from ingestion.parse.clues import Clues
from ingestion.parse.credits import agencies_among, only_agencies
from ingestion.parse.dates import holds_day
from ingestion.parse.outline import is_spaced, size_of
from ingestion.parse.people import is_byline, names_a_role, reporters, split

# In bytes of UTF-8, because scripts with more bytes to a letter say as much in fewer letters.
_LONG_BYTES = 140
_LONGEST_BYLINE = 100
_LONGEST_KICKER = 30
_WIDE, _LONGEST_WORD = 1.5, 9
_LONGEST_LINE, _MOST_WORDS = 90, 8
_ABOUT_THE_TEXT = frozenset({"reading_time", "shares", "tags", "breadcrumb"})
_DATE_IN_FIGURES = re.compile(
    r"\W*\d{1,4}[./-]\d{1,2}[./-]\d{2,4}(?:[\s,|–-]+\d{1,2}[:.]\d{2}(?::\d{2})?)?\W*"
)
_NO_WORD = re.compile(r"[\d\W]+")
_CAPITALS_FOR_THINGS = frozenset({"en", "de", "lb", "gs"})
_BRACKETS = "()（）[]［］【】— –-"
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", ":", "：", "”", "»", '"', "」")

Parts = tuple[tuple[Paragraph, ...], tuple[Removed, ...]]


def without_edges(paragraphs: Sequence[Paragraph], clues: Clues, publisher: Publisher) -> Parts:
    """Take off what stands above the first long paragraph or at the very end and is no part of the story."""
    first = next((i for i, p in enumerate(paragraphs) if len(p.text.encode()) >= _LONG_BYTES), 0)
    last = len(paragraphs) - 1
    kept: list[Paragraph] = []
    removed: list[Removed] = []
    for index, paragraph in enumerate(paragraphs):
        at_edge = last > 0 and (index < first or index == last)
        rule = _rule(paragraph, clues, publisher, index=index if index < first else None) if at_edge else None
        if rule:
            removed.append(Removed(text=paragraph.text, rule=rule))
        else:
            kept.append(_as_deck(paragraph, clues) if index < first else paragraph)
    return tuple(kept), tuple(removed)


def _rule(paragraph: Paragraph, clues: Clues, publisher: Publisher, *, index: int | None) -> str | None:
    text = paragraph.text
    if paragraph.role is not ParagraphRole.PARAGRAPH:
        is_heading = index is not None and paragraph.role is ParagraphRole.SUBHEADING
        return "date_line" if is_heading and _is_date_line(text) else None
    if _is_byline(text, publisher):
        clues.add("byline", text.strip(_BRACKETS), "body:byline")
        return "byline"
    if agencies := only_agencies(text.strip(_BRACKETS)):
        for agency in agencies:
            clues.add("credit", agency, "body:credit")
        return "credit"
    return _rule_above(text, clues, first=index == 0) if index is not None else None


def _rule_above(text: str, clues: Clues, *, first: bool) -> str | None:
    if len(text) > _LONGEST_LINE:
        return None
    if _NO_WORD.fullmatch(text):
        return "date_line" if _DATE_IN_FIGURES.fullmatch(text) else None
    if names_a_role(text):
        return "byline"
    if said := lexicon.phrase(text):
        return said.role if said.role in _ABOUT_THE_TEXT else None
    if _is_date_line(text):
        return "date_line"
    return "kicker" if _is_kicker(text, clues, first=first) else None


def _is_date_line(text: str) -> bool:
    """Whether a line above the story is of the day and hardly of anything else."""
    words = sum(1 for word in text.split() if not _NO_WORD.fullmatch(word))
    is_row = CELLS in text and not any(char.isdigit() for char in text.partition(CELLS)[0])
    if words > _MOST_WORDS or is_row or text.endswith(SENTENCE_ENDS):
        return False
    return any(char.isdigit() for char in text) and holds_day(text)


def _is_byline(text: str, publisher: Publisher) -> bool:
    inside = text.strip(_BRACKETS)
    names = lexicon.byline(inside) or inside
    # One word in a script without capitals could be anything, unless a bracket sets it apart.
    telling = inside != text or names != inside or " " in inside or "/" in inside
    return len(text) <= _LONGEST_BYLINE and telling and is_byline(names, publisher)


def _is_kicker(text: str, clues: Clues, *, first: bool) -> bool:
    """A word or two above the story: its section, or something of the kind."""
    known = {key(found.value) for field in ("section", "keyword", "site") for found in clues.of(field)}
    shaped = (
        len(text) <= _LONGEST_KICKER and not text.endswith(SENTENCE_ENDS) and not _NO_WORD.fullmatch(text)
    )
    return shaped and (key(text) in known or (first and len(text.split()) <= 2 and not _is_unspaced(text)))


def _is_unspaced(text: str) -> bool:
    """Whether it is of a script without spaces, of which two words may be a whole sentence."""
    return size_of(text) > _WIDE * len(text) and not is_spaced(text, _LONGEST_WORD)


def _as_deck(paragraph: Paragraph, clues: Clues) -> Paragraph:
    """A heading above the whole story is its deck and heads no part of it."""
    summaries = {key(found.value) for found in clues.of("abstract")}
    if paragraph.role is ParagraphRole.SUBHEADING and key(paragraph.text) in summaries:
        return Paragraph(role=ParagraphRole.PARAGRAPH, text=paragraph.text)
    return paragraph


def named(removed: Sequence[Removed], clues: Clues, publisher: Publisher) -> tuple[Removed, ...]:
    """Give lines that were taken out for their place the more telling name that their words have."""
    return tuple(Removed(text=entry.text, rule=_name(entry, clues, publisher)) for entry in removed)


def _name(entry: Removed, clues: Clues, publisher: Publisher) -> str:
    said = lexicon.label(entry.text) or lexicon.phrase(entry.text)
    if said:
        return said.role
    if _is_name_of_anything(entry.text, clues):
        return entry.rule
    line = Paragraph(role=ParagraphRole.PARAGRAPH, text=entry.text)
    return _rule(line, clues, publisher, index=None) or entry.rule


def _is_name_of_anything(text: str, clues: Clues) -> bool:
    """Whether words in capitals may be anything: English has them in titles, German for all things."""
    language = (clues.value("language") or "en")[:2].lower()
    several = len(split(text)) > 1 and "," not in text
    plain = text.strip(_BRACKETS) == text and lexicon.byline(text) is None and not several
    return plain and language in _CAPITALS_FOR_THINGS


def add_told(clues: Clues, removed: Sequence[Removed]) -> None:
    """Keep what furniture tells on its way out: the number of comments, who reported, which agency."""
    readers: dict[str, Callable[[Clues, Removed], None]] = {
        "comment_count": _add_count,
        "reporting_credit": _add_reporters,
    }
    for entry in removed:
        if entry.rule in readers:
            readers[entry.rule](clues, entry)


def _add_count(clues: Clues, entry: Removed) -> None:
    said = lexicon.phrase(entry.text)
    clues.add("comment_count", said.values.get("count") if said else None, "body:comment_count")


def _add_reporters(clues: Clues, entry: Removed) -> None:
    said = lexicon.phrase(entry.text)
    clues.add("author", reporters(said.values.get("credit", "")) if said else None, "body:reporting_credit")
    clues.add("byline", entry.text.strip(_BRACKETS), "body:reporting_credit")
    for agency in agencies_among(said.values.get("credit", "") if said else ""):
        clues.add("credit", agency, "body:reporting_credit")
