"""The body of a page as typed blocks, found by trafilatura."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.clean import one_line

# Above this many elements the extractor takes seconds: the paragraphs are then read as they stand.
_MOST_FOR_EXTRACTOR = 60_000
_SHORTEST_BODY = 250
_ENOUGH_OF_PAGE = 0.85
_FAR_TOO_LITTLE = 0.35
_PARAGRAPH_LENGTH = 80
_MOST_LINKED = 0.4
_LUMP_LENGTH = 3_000
_LEAST_STOPS = 4 / 1000
_STOPS = re.compile(r"[.!?。！？؟।](?:[\s\"'”’»)」]|$)|[。！？]")
_ROLES = {"head": ParagraphRole.SUBHEADING, "item": ParagraphRole.LIST_ITEM, "quote": ParagraphRole.QUOTE}
_BLOCKS = frozenset({"p", "head", "item", "row", "quote", "list", "table", "code", "div", "ab", "fw"})


def body_of(tree: HtmlElement) -> tuple[Paragraph, ...]:
    """Return the blocks of the body. The tree is left as it is: the extractor works on its own copy.

    Precise extraction comes first. Where it holds less than the page's own paragraphs do, the more
    generous one is asked, and where it is next to nothing, the slow one with its fallbacks.
    """
    if element_count(tree) > _MOST_FOR_EXTRACTOR:
        return tuple(_plain(tree))
    page = _paragraph_length(tree)
    best = _extracted(tree, precise=True)
    if _is_enough(best, _ENOUGH_OF_PAGE * page):
        return best
    best = _longer(best, _extracted(tree), 1.1)
    if _is_enough(best, _FAR_TOO_LITTLE * page):
        return best
    return _longer(best, _extracted(tree, fast=False), 1.3)


def element_count(tree: HtmlElement) -> int:
    """Count the elements of a tree."""
    return int(float(str(tree.xpath("count(//*)"))))


def _is_enough(paragraphs: tuple[Paragraph, ...], length: float) -> bool:
    return _length(paragraphs) >= max(_SHORTEST_BODY, length)


def _longer(
    first: tuple[Paragraph, ...], second: tuple[Paragraph, ...], factor: float
) -> tuple[Paragraph, ...]:
    return second if _length(second) > factor * _length(first) else first


def _extracted(tree: HtmlElement, *, precise: bool = False, fast: bool = True) -> tuple[Paragraph, ...]:
    from trafilatura import bare_extraction

    document: Any = bare_extraction(tree, include_comments=False, fast=fast, favor_precision=precise)
    if document is None or document.body is None:
        return ()
    found = tuple(_typed(document.body))
    return () if _is_lump(found) else found


def _is_lump(paragraphs: tuple[Paragraph, ...]) -> bool:
    """One long block with hardly a sentence in it: a whole page with its menus."""
    if len(paragraphs) != 1 or len(text := paragraphs[0].text) < _LUMP_LENGTH:
        return False
    return len(_STOPS.findall(text)) < _LEAST_STOPS * len(text)


def _length(paragraphs: tuple[Paragraph, ...]) -> int:
    return sum(len(paragraph.text) for paragraph in paragraphs)


def _paragraph_length(tree: HtmlElement) -> int:
    """Measure the page's own paragraphs of running text, outside of what surrounds a story."""
    total = 0
    for paragraph in tree.iter("p"):
        length = len(one_line(paragraph.text_content()))
        if length < _PARAGRAPH_LENGTH or any(
            p.tag in ("aside", "footer", "nav", "form") for p in paragraph.iterancestors()
        ):
            continue
        linked = sum(len(link.text_content()) for link in paragraph.iter("a"))
        total += length if linked <= _MOST_LINKED * length else 0
    return total


def _plain(tree: HtmlElement) -> Iterator[Paragraph]:
    for element in tree.iter("p", "h2", "h3", "li", "blockquote"):
        text = one_line(element.text_content())
        if len(text) >= _PARAGRAPH_LENGTH:
            yield Paragraph(role=ParagraphRole.PARAGRAPH, text=text)


def _typed(body: Any) -> Iterator[Paragraph]:
    """Yield blocks from the extractor's tree, each piece of text once."""
    pending: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if element.tag == "cell" and event == "end":
            pending.append(" | ")
        if element.tag in _BLOCKS:
            yield from _flushed(pending, element if event == "end" else element.getparent())
        elif element.tag == "lb" and event == "start":
            pending.append("\n")
        if event == "start" and element.text:
            pending.append(element.text)
        elif event == "end" and element.tail and element is not body:
            pending.append(element.tail)
    yield from _flushed(pending, None)


def _flushed(pending: list[str], element: Any) -> Iterator[Paragraph]:
    role = _role(element)
    for part in (
        re.split(r"\n\s*\n", "".join(pending)) if role is ParagraphRole.PARAGRAPH else ["".join(pending)]
    ):
        text = one_line(part).strip("| ")
        if text:
            yield Paragraph(role=role, text=text)
    pending.clear()


def _role(element: Any) -> ParagraphRole:
    while element is not None:
        if element.tag in _ROLES:
            return _ROLES[element.tag]
        element = element.getparent()
    return ParagraphRole.PARAGRAPH
