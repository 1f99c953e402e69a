"""What is said of a story in its text: corrections, notes of editors and for editors, where it ends."""

import re

from ingestion.article import Publisher
from ingestion.parse import lexicon
from ingestion.parse.credits import dateline_of
from ingestion.parse.text_shape import LONGEST_LABEL, Line, Lines

_NOTICE = re.compile(
    r"[\[(*\s]*(?:correction|corrects?|corrected|clarification|clarifies|editor'?s'? note|"
    r"berichtigung|korrektur|"
    r"anmerkung der redaktion|rectificati(?:f|ve)|correctif|précision|note de la rédaction|corrección|"
    r"fe de errata|nota del editor|rectificación|correção|errata|nota da redação|rettifica|訂正|編集部注|"
    r"تصحيح|تصويب|ملاحظة المحرر|更正|编者按)\b.{0,40}?(?:[:：—–]|-(?!\S))"
    r"|[\[(]\s?(?:this (?:story|article|version) )?(?:corrects|clarifies|refiles to correct)\s"
    r".{10,400}[\])]$",
    re.IGNORECASE,
)
_NOT_FOR_READERS = re.compile(
    r"#+\s?Notizblock|.{0,60}\b(?:not for publication|nicht zur veröffentlichung(?: bestimmt)?|"
    r"non destiné à la publication)\b.{0,40}",
    re.IGNORECASE,
)
_AROUND_STORIES = frozenset({"reporting_credit", "separator"})
_HEAD_OF_NEXT = 4


def is_notice(text: str) -> bool:
    """Whether a line says that the story was corrected, or is an editor's note on it."""
    return bool(_NOTICE.match(text))


def notes_for_editors(lines: Lines, _publisher: Publisher) -> None:
    """Give what an agency tells newsrooms alone, at the end of a story, a role of its own."""
    said = False
    for number, line in enumerate(lines):
        said = said or (number > 0 and bool(_NOT_FOR_READERS.fullmatch(line.text)))
        if said:
            line.become("note_for_editors")


def holds_several(lines: Lines, kept: frozenset[str]) -> bool:
    """Whether a story ends and another one begins: an end mark, or what stands between, then a head."""
    ends = [number for number, line in enumerate(lines) if _is_end(line)]
    if ends and _begins(lines[ends[0] + 1 :], kept):
        return True
    around = [number for number, line in enumerate(lines) if line.role in _AROUND_STORIES]
    return any(_is_headed(lines, number, kept) for number in around)


def _begins(below: Lines, kept: frozenset[str]) -> bool:
    begins = any(line.role == "byline" or (line.is_long and dateline_of(line.text)) for line in below)
    return begins and any(line.is_long and line.role in kept for line in below)


def _is_headed(lines: Lines, number: int, kept: frozenset[str]) -> bool:
    """Whether a line with the place and the agency of a story stands below, and one stood above."""
    below = [line for line in lines[number + 1 :] if line.role in kept][:_HEAD_OF_NEXT]
    above = (line for line in lines[:number] if line.role in kept and line.is_long)
    return (
        bool(below)
        and not below[0].is_sentence
        and any(map(_is_lead, below))
        and any(_is_lead(line) for line in above)
    )


def _is_lead(line: Line) -> bool:
    dateline = dateline_of(line.text) if line.is_long else None
    return bool(dateline and dateline.agencies)


def _is_end(line: Line) -> bool:
    said = lexicon.phrase(line.text) if line.width <= LONGEST_LABEL else None
    return said is not None and said.role == "end_mark"
