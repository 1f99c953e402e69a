"""The body of a page as typed blocks: what an extractor finds, joined with where the text stands."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lxml import etree
from lxml.html import HtmlElement
from msgspec.structs import replace

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.agreement import Joined, joined
from ingestion.parse.clean import CELLS, one_line
from ingestion.parse.clues import Tried
from ingestion.parse.container import Container
from ingestion.parse.outline import size_of

# Above this many elements the extractor takes seconds: the container is then read as it stands.
_MOST_FOR_EXTRACTOR = 60_000
_SHORTEST_BODY = 250
_FAR_TOO_LITTLE = 0.35
_MUCH_LONGER = 1.3
_PARAGRAPH_LENGTH = 80
_MOST_LINKED = 0.4
_LUMP_LENGTH = 3_000
_LEAST_STOPS = 4 / 1000
_STOPS = re.compile(r"[.!?。！？؟।](?:[\s\"'”’»)」]|$)|[。！？]")
_ROLES = {"head": ParagraphRole.SUBHEADING, "item": ParagraphRole.LIST_ITEM, "quote": ParagraphRole.QUOTE}
_BLOCKS = frozenset({"p", "head", "item", "row", "quote", "list", "table", "code", "div", "ab", "fw"})


def body_of(tree: HtmlElement, container: Container) -> Joined:
    """Return the body on which the extractor and the container agree. The tree is left as it is.

    Precise extraction comes first. Where even both together hold next to nothing of what the page has, the
    more generous one is asked, and then the slow one with its fallbacks.
    """
    if element_count(tree) > _MOST_FOR_EXTRACTOR:
        return Joined(container.paragraphs, container.story, (), None, container)
    best = joined(_extracted(tree, precise=True), container)
    tried = {"precise extractor": best}
    least = max(_SHORTEST_BODY, _FAR_TOO_LITTLE * _size_of_paragraphs(tree))
    for name, again in (("generous extractor", {}), ("slow extractor", {"fast": False})):
        if _size(best.paragraphs) >= least:
            break
        tried[name] = other = joined(_extracted(tree, **again), container)
        best = other if _size(other.paragraphs) > _MUCH_LONGER * _size(best.paragraphs) else best
    return replace(best, tried=tuple(_tried(tried, best, container)))


def _tried(tried: Mapping[str, Joined], best: Joined, container: Container) -> Iterator[Tried]:
    own = container.paragraphs
    yield Tried(method="container alone", blocks=len(own), characters=_characters(own))
    for name, body in tried.items():
        yield Tried(
            method=f"{name}, {body.how}",
            blocks=len(body.paragraphs),
            characters=_characters(body.paragraphs),
            agreement=body.agreement,
            chosen=body is best,
        )


def element_count(tree: HtmlElement) -> int:
    """Count the elements of a tree."""
    return int(float(str(tree.xpath("count(//*)"))))


def _extracted(tree: HtmlElement, *, precise: bool = False, fast: bool = True) -> tuple[Paragraph, ...]:
    from trafilatura import bare_extraction

    document: Any = bare_extraction(tree, options=_options(precise=precise, fast=fast))
    if document is None or document.body is None:
        return ()
    found = tuple(_typed(document.body))
    return () if _is_lump(found) else found


@cache
def _options(*, precise: bool, fast: bool) -> Any:
    from trafilatura.settings import Extractor

    return Extractor(output_format="python", comments=False, precision=precise, fast=fast)


def _is_lump(paragraphs: tuple[Paragraph, ...]) -> bool:
    """One long block with hardly a sentence in it: a whole page with its menus."""
    if len(paragraphs) != 1 or len(text := paragraphs[0].text) < _LUMP_LENGTH:
        return False
    return len(_STOPS.findall(text)) < _LEAST_STOPS * len(text)


def _characters(paragraphs: tuple[Paragraph, ...]) -> int:
    return sum(len(paragraph.text) for paragraph in paragraphs)


def _size(paragraphs: tuple[Paragraph, ...]) -> int:
    return sum(size_of(paragraph.text) for paragraph in paragraphs)


def _size_of_paragraphs(tree: HtmlElement) -> int:
    """Measure the page's own paragraphs of running text, outside of what surrounds a story."""
    total = 0
    for paragraph in tree.iter("p"):
        text = one_line(paragraph.text_content())
        around = next(paragraph.iterancestors("aside", "footer", "nav", "form"), None)
        if len(text) < _PARAGRAPH_LENGTH or around is not None:
            continue
        length = size_of(text)
        linked = sum(size_of(str(link.text_content())) for link in paragraph.iter("a"))
        total += length if linked <= _MOST_LINKED * length else 0
    return total


def _typed(body: Any) -> Iterator[Paragraph]:
    """Yield blocks from the extractor's tree, each piece of text once."""
    pending: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if element.tag == "cell" and event == "end":
            pending.append(CELLS)
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
