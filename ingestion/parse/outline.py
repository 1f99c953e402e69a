"""The blocks of text of a page, each with the element that holds it, in the order they are read."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement
from msgspec import Struct

from ingestion.article import ParagraphRole
from ingestion.parse.clean import CELLS, one_line

_ROLES = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), ParagraphRole.SUBHEADING),
    **dict.fromkeys(("li", "dd"), ParagraphRole.LIST_ITEM),
    "blockquote": ParagraphRole.QUOTE,
}
_LAYOUT = frozenset({"div", "section", "article", "main", "td", "body"})
"""A role does not reach through these from further up: whole stories stand in list items and cells."""

_BLOCKS = frozenset(
    {*_ROLES, *_LAYOUT, "p", "ul", "ol", "dl", "dt", "table", "tbody", "thead", "tr", "pre", "header", "html"}
    | {
        "footer",
        "figure",
        "hr",
        "center",
        "details",
        "summary",
        "address",
        "aside",
        "nav",
        "form",
        "fieldset",
    }
    | {"figcaption", "caption", "menu", "dialog", "hgroup"}
)
_SILENT = frozenset(
    {"script", "style", "noscript", "template", "iframe", "object", "button", "select", "option", "textarea"}
    | {"svg", "head", "title", "audio", "video", "input", "label", "canvas", "map"}
)
_SPACES = re.compile(r"\s+")
_EMPTY_LINE = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"[.!?…:。！？：؟।။។۔][\"”’»«」』)\]）】›\s]*$")
_SENTENCE, _LONG_PROSE = 40, 200
_NEAR_LEVELS = 20
_FEWEST_OF_STORY = 4
"""Paragraphs in one item of a list: the list is there for the layout, as in `_LAYOUT`."""


Shape = tuple[str, str]
"""What elements that look alike on a page have in common: the name, and the class or the id."""


class Block(Struct, frozen=True):
    """A run of text without a break; `linked` counts its characters that lead elsewhere."""

    element: HtmlElement
    role: ParagraphRole
    text: str
    linked: int

    @property
    def is_sentence(self) -> bool:
        """Whether it ends as a sentence does."""
        return bool(_SENTENCE_END.search(self.text[-8:]))

    @property
    def is_linked(self) -> bool:
        """Whether more of it leads elsewhere than not."""
        return self.linked * 2 > len(self.text)

    def is_within(self, element: HtmlElement | None) -> bool:
        """Whether an element holds it, at any depth; for many blocks at once see `blocks_within`."""
        return any(up is element for up in (self.element, *self.element.iterancestors()))

    @property
    def weight(self) -> int:
        """Measure its running text."""
        size = size_of(self.text)
        least = _SENTENCE if self.is_sentence else _LONG_PROSE
        return size if size >= least and not self.is_linked else 0


def size_of(text: str) -> int:
    """Measure a text by its bytes, of which letters that stand for a syllable or a word take three."""
    return len(text) if text.isascii() else max(len(text), len(text.encode()) * 2 // 3)


def is_spaced(text: str, longest_word: int = 8) -> bool:
    """Whether a text sets its words apart: it has one at least to so many characters, or is ASCII."""
    return text.isascii() or len(text.split()) * longest_word > len(text)


def outline(tree: HtmlElement) -> list[Block]:
    """Return the blocks of a page; an empty line made of breaks parts them as a paragraph does."""
    reader = _Reader()
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        reader.take(event, element)
    reader.flush(tree)
    return reader.blocks


class _Reader:
    """What was read of a tree so far."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._pending: list[str] = []
        self._linked = 0
        self._silent = 0
        self._anchors = 0

    def take(self, event: str, element: HtmlElement) -> None:
        """Take the start or the end of an element, and the text that follows it."""
        tag = element.tag if isinstance(element.tag, str) else "script"
        step = 1 if event == "start" else -1
        if tag in _SILENT:
            self._silent += step
        elif tag in _BLOCKS:
            self.flush(element if event == "end" else element.getparent())
        elif tag == "a":
            self._anchors += step
        elif tag == "br" and event == "start":
            self._pending.append("\n")
        if tag in ("td", "th") and event == "end":
            self._pending.append(CELLS)
        self._add(element.text if event == "start" else element.tail)

    def _add(self, text: str | None) -> None:
        if not text or self._silent:
            return
        if text.isspace():
            if not self._pending and not self._anchors:
                return
            text = " "
        # Spaces other than the plain one are not printable.
        if not text.isprintable() or "  " in text:
            text = _SPACES.sub(" ", text)
        self._pending.append(text)
        if self._anchors:
            self._linked += len(text)

    def flush(self, element: HtmlElement | None) -> None:
        """End the block that an element holds."""
        if not self._pending:
            return
        text, linked = "".join(self._pending), self._linked
        self._pending.clear()
        self._linked = 0
        if element is None or not text or text.isspace():
            return
        parts = [words for part in _EMPTY_LINE.split(text) if (words := one_line(part).strip("| "))]
        for part in parts:
            self.blocks.append(Block(element, _role(element), part, linked // len(parts)))


def following(element: HtmlElement, *tags: str) -> Iterator[HtmlElement]:
    """Yield the elements of these names that begin after the end of one, as far as they are asked for."""
    for holder in (element, *element.iterancestors()):
        for sibling in holder.itersiblings():
            yield from sibling.iter(*tags)


def blocks_within(blocks: list[Block], element: HtmlElement) -> list[Block]:
    """Return those that an element holds, at any depth."""
    inside: dict[HtmlElement, bool] = {element: True}
    return [block for block in blocks if _is_inside(block.element, inside)]


def _is_inside(element: HtmlElement, known: dict[HtmlElement, bool]) -> bool:
    walked: list[HtmlElement] = []
    found = False
    for step in (element, *element.iterancestors()):
        if step in known:
            found = known[step]
            break
        walked.append(step)
    known.update(dict.fromkeys(walked, found))
    return found


def _role(element: HtmlElement | None) -> ParagraphRole:
    while element is not None and element.tag not in _LAYOUT:
        if element.tag == "li" and len(element.findall("p")) >= _FEWEST_OF_STORY:
            break
        if element.tag in _ROLES:
            return _ROLES[element.tag]
        element = element.getparent()
    return ParagraphRole.PARAGRAPH


def weights(blocks: list[Block]) -> dict[HtmlElement, int]:
    """Sum the weight of the blocks for each element around them."""
    own: dict[HtmlElement, int] = {}
    for block in blocks:
        if weight := block.weight:
            own[block.element] = own.get(block.element, 0) + weight
    found: dict[HtmlElement, int] = {}
    for holder, weight in own.items():
        for element in (holder, *holder.iterancestors()):
            found[element] = found.get(element, 0) + weight
    return found


def iter_shapes(weighed: dict[HtmlElement, int]) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield the name and class of each element with its weight, of nested ones of a kind the outermost."""
    for element, weight in weighed.items():
        shape = shape_of(element)
        if not any(shape_of(parent) == shape for parent in islice(element.iterancestors(), _NEAR_LEVELS)):
            yield shape, weight


def shape_of(element: HtmlElement) -> Shape:
    """Return what elements that look alike on a page have in common."""
    return str(element.tag), element.get("class") or f"#{element.get('id') or ''}"
