"""A raw text scrape to its story: every line gets a role, and what is not the story goes into the ledger."""

import re
from collections.abc import Iterator

from ingestion.article import Document, Drop, Image, Outcome, Paragraph, ParagraphRole, Removed
from ingestion.errors import Unreadable
from ingestion.parse.charset import decode
from ingestion.parse.clues import Clues, Reading
from ingestion.parse.credits import (
    agencies_among,
    agencies_in,
    attributed_agencies,
    bare_credit,
    without_dateline,
)
from ingestion.parse.people import reporters
from ingestion.parse.rights_said import add_header_rights
from ingestion.parse.text_lines import blocks_of
from ingestion.parse.text_mail import add_mail
from ingestion.parse.text_notices import holds_several
from ingestion.parse.text_rules import BODY, KEPT, LIST_ITEM, SUBHEADING, classified
from ingestion.parse.text_shape import Line, Lines, without_bullet

RULES_VERSION = "3"
MOST_LINES = 50_000
_ROLES = {
    BODY: ParagraphRole.PARAGRAPH,
    SUBHEADING: ParagraphRole.SUBHEADING,
    LIST_ITEM: ParagraphRole.LIST_ITEM,
}
_FIRST_SENTENCE = re.compile(r"^.{20,250}?[.!?。！？؟](?=\s|$|[^\x00-\x7f])|^.{1,120}(?=\s|$)|^.{1,120}")

_TAKE = re.compile(r"^(?:UPDATE ?\d*|RPT|REFILE|REPEAT|CORRECTED|WRAPUP ?\d*|REPORT|ADV)(?:-|:\s)(?=\S)")
"""How agencies number the takes of a story, before its headline."""


def read_text(document: Document) -> Reading | Drop:
    """Read a raw text. Raises `Unreadable` for binary data and for more lines than an article can have."""
    decoded = decode(document)
    if decoded.text.count("\n") > MOST_LINES:
        raise Unreadable(f"a text of more than {MOST_LINES} lines: no article has that many")
    lines = classified(blocks_of(decoded.text), document.publisher)
    paragraphs = tuple(_paragraph(line) for line in lines if line.role in KEPT)
    if not any(paragraph.role is not ParagraphRole.SUBHEADING for paragraph in paragraphs):
        return Drop(Outcome.DROPPED, "empty_body")
    clues = _clues(lines)
    warnings = ["charset_replaced"] if decoded.replaced else []
    warnings += ["several_articles"] if holds_several(lines, KEPT) else []
    if not clues.of("headline") and not document.hints.get("feed.title"):
        clues.add("headline", _first_sentence(without_dateline(paragraphs[0].text)), "text:first sentence")
        warnings.append("no_headline")
    _add_places(clues, lines)
    add_header_rights(clues, document)
    return Reading(
        method="text",
        clues=clues,
        paragraphs=paragraphs,
        images=tuple(_images(lines)),
        removed=tuple(entry for line in lines for entry in _ledger(line)),
        warnings=tuple(warnings),
        versions={"rules": RULES_VERSION},
    )


def _add_places(clues: Clues, lines: Lines) -> None:
    kept = [line.block.line for line in lines if line.role in KEPT]
    pictures = [line.block.line for line in lines if line.role in ("caption", "photo_credit")]
    clues.add("body_place", "text", f"text:lines {kept[0]}-{kept[-1]}")
    if pictures:
        clues.add("images_place", "text", f"text:line {pictures[0]}")


def _paragraph(line: Line) -> Paragraph:
    text = without_bullet(line.text) if line.role == LIST_ITEM else line.text
    return Paragraph(role=_ROLES[line.role], text=text)


def _ledger(line: Line) -> Iterator[Removed]:
    """Yield an entry for each line of the source that is not as it was, also where several were joined."""
    if line.role in KEPT | {"headline"}:
        yield from _marks_taken_off(line)
        return
    for offset, text in enumerate(line.block.raw_lines):
        yield Removed(text=text, rule=line.role, line=line.block.line + offset)


def _marks_taken_off(line: Line) -> Iterator[Removed]:
    """Tell of a line that was kept without the marks or the take number that it was sent with."""
    sent = " ".join(line.block.raw_lines)
    take = line.role == "headline" and _TAKE.match(line.text)
    if take or sent.startswith("^") or sent.endswith((" =", "<")):
        yield Removed(text=sent, rule="wire_marks", line=line.block.line)


def _first_sentence(text: str) -> str:
    match = _FIRST_SENTENCE.match(text)
    return match.group() if match else text[:120]


def _clues(lines: Lines) -> Clues:
    clues = Clues()
    for line in lines:
        place = f"text:line {line.block.line}"
        _add_words(clues, line, place)
        _add_values(clues, line, place)
    for line in lines:
        if credit := line.values.get("credit"):
            kind = "photo credit" if line.role in ("caption", "photo_credit") else "credit"
            for agency in agencies_in(credit):
                clues.add("credit", agency, f"text:line {line.block.line} {kind}")
        for agency in attributed_agencies(line.text) if line.role == "body" else ():
            clues.add("credit", agency, f"text:line {line.block.line} attribution")
    add_mail(clues, lines)
    return clues


def _add_words(clues: Clues, line: Line, place: str) -> None:
    if line.role == "headline":
        clues.add("headline", _TAKE.sub("", line.text), place)
        clues.add("headline", line.text, place)
    elif line.role == "deck":
        clues.add("abstract", line.text, place)
    elif line.role in ("byline", "reporting_credit"):
        clues.add("author", line.values.get("names") or reporters(line.values.get("credit", "")), place)
        clues.add("byline", line.text, place)
    elif line.role == "breadcrumb":
        clues.add("section", _last_crumb(line.text), place)


def _add_values(clues: Clues, line: Line, place: str) -> None:
    for field in ("published", "modified"):
        clues.add(field, line.values.get(field), place)
    for agency in agencies_among(line.values.get("agencies") or line.values.get("names") or ""):
        clues.add("credit", agency, place)
    for agency in agencies_in(line.text) if line.role == "date" else ():
        clues.add("credit", agency, place)
    clues.add("dateline", line.values.get("place"), place)
    clues.add("comment_count", line.values.get("count"), place)
    for tag in re.split(r"[,،、|;#＃]|\s{2,}|\s·\s", line.values.get("tags", "")):
        clues.add("keyword", tag, place)


def _last_crumb(text: str) -> str | None:
    crumbs = [crumb.strip() for crumb in re.split(r"[>›»→]", text) if crumb.strip()]
    return crumbs[-1] if len(crumbs) > 1 and len(crumbs[-1]) <= 40 else None


def _images(lines: Lines) -> Iterator[Image]:
    """Yield each caption once; a credit on its own line belongs to the caption before it."""
    waiting: Image | None = None
    for line in lines:
        credit = bare_credit(line.values.get("credit"))
        if line.role == "caption":
            if waiting:
                yield waiting
            waiting = Image(caption=line.values.get("caption", line.text), credit=credit)
        elif line.role == "photo_credit":
            yield Image(caption=waiting.caption if waiting else None, credit=credit)
            waiting = None
    if waiting:
        yield waiting
