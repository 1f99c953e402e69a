"""The HTML that a feed entry carried: a story as it stands, with the entry's own words around it."""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from ingestion.article import Document, Drop, Outcome, Paragraph, ParagraphRole, Removed
from ingestion.parse.charset import decode
from ingestion.parse.clean import CELLS, one_line, readable
from ingestion.parse.clues import Clues, Reading
from ingestion.parse.edges import add_told, without_edges
from ingestion.parse.furniture import take_pictures, without_labels
from ingestion.parse.html import RULES_VERSION, parsed
from ingestion.parse.rights_said import add_header_rights

_ROLES = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), ParagraphRole.SUBHEADING),
    "li": ParagraphRole.LIST_ITEM,
    "blockquote": ParagraphRole.QUOTE,
}
_BLOCKS = frozenset(
    {
        *_ROLES,
        "p",
        "div",
        "section",
        "article",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "table",
        "tr",
        "pre",
        "main",
        "header",
    }
    | {"body", "html", "footer", "figure", "hr", "center", "details", "summary", "address"}
)
_SILENT = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "object",
        "form",
        "button",
        "select",
        "svg",
        "head",
        "title",
    }
)
_FEED_FOOTER = re.compile(
    r"^(?:the post .{1,300} (?:appeared first|first appeared) on .{1,120}|"
    r"(?:continue reading|read more|read (?:the )?(?:full|whole|entire|rest)|"
    r"reply (?:to this post|via e-?mail)|weiterlesen|lire la suite|seguir leyendo|"
    r"続きを読む|اقرأ المزيد)\b.{0,160}|(?:source|quelle)\s?: https?://\S+)[.…→»]*$",
    re.IGNORECASE,
)
_CUT = re.compile(r"(?:\[(?:…|\.\.\.|&#8230;)\]|(?<!\.)\.\.\.|…)\s*$")


def read_fragment(document: Document) -> Reading | Drop:
    """Read a feed entry's HTML. Raises `Unreadable` for binary data."""
    decoded = decode(document)
    if not one_line(readable(decoded.text)):
        return Drop(Outcome.DROPPED, "empty_body")
    tree = parsed(f"<div>{decoded.text}</div>")
    images, taken = take_pictures(tree)
    title = document.hints.get("feed.title")
    captions = [image.caption for image in images if image.caption]
    paragraphs, removed = without_labels(tuple(blocks_of(tree)), [title] if title else [], captions)
    clues = Clues()
    add_told(clues, removed)
    paragraphs, edges = without_edges(paragraphs, clues, document.publisher)
    footers = tuple(p for p in paragraphs if _FEED_FOOTER.match(p.text))
    paragraphs = tuple(p for p in paragraphs if p not in footers)
    if not paragraphs:
        return Drop(Outcome.DROPPED, "empty_body")
    add_header_rights(clues, document)
    clues.add("body_place", "feed", "feed:content")
    warnings = [
        name
        for name, true in (("charset_replaced", decoded.replaced), ("truncated", _is_cut(paragraphs)))
        if true
    ]
    return Reading(
        method="fragment",
        clues=clues,
        paragraphs=paragraphs,
        images=images,
        removed=(
            *taken,
            *removed,
            *edges,
            *(Removed(text=footer.text, rule="feed_footer") for footer in footers),
        ),
        warnings=tuple(warnings),
        versions={"rules": RULES_VERSION},
    )


def _ledger(footers: tuple[Paragraph, ...]) -> Iterator[Removed]:
    return (Removed(text=footer.text, rule="feed_footer") for footer in footers)


def blocks_of(tree: HtmlElement) -> Iterator[Paragraph]:
    """Yield the blocks of HTML that is all story, each piece of text once; cells of a row on one line."""
    pending: list[str] = []
    silent = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else "script"
        if tag in _SILENT:
            silent += 1 if event == "start" else -1
        elif tag in _BLOCKS:
            yield from _flushed(pending, element if event == "end" else element.getparent())
        elif not silent:
            _mark(pending, tag, event)
        text = element.text if event == "start" else element.tail
        if text and not silent:
            pending.append(re.sub(r"\s+", " ", text) if tag != "pre" else text)
    yield from _flushed(pending, None)


def _mark(pending: list[str], tag: str, event: str) -> None:
    if tag == "br" and event == "start":
        pending.append("\n")
    elif tag in ("td", "th") and event == "end":
        pending.append(CELLS)


def _flushed(pending: list[str], element: HtmlElement | None) -> Iterator[Paragraph]:
    role = _role(element)
    for part in re.split(r"\n\s*\n", "".join(pending)):
        text = one_line(part).strip("| ")
        if text:
            yield Paragraph(role=role, text=text)
    pending.clear()


def _role(element: HtmlElement | None) -> ParagraphRole:
    while element is not None:
        if element.tag in _ROLES:
            return _ROLES[element.tag]
        element = element.getparent()
    return ParagraphRole.PARAGRAPH


def _is_cut(paragraphs: tuple[Paragraph, ...]) -> bool:
    return bool(_CUT.search(paragraphs[-1].text))
