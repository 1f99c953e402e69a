"""What an extractor left out of a story: blocks that stand among those it kept, and a lost end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse import lexicon
from ingestion.parse.clean import key, one_line

_ROLES = {
    "p": ParagraphRole.PARAGRAPH,
    "h2": ParagraphRole.SUBHEADING,
    "h3": ParagraphRole.SUBHEADING,
    "h4": ParagraphRole.SUBHEADING,
    "blockquote": ParagraphRole.QUOTE,
}
_FEWEST_KEPT = 3
"""Of an element that is taken for the one that holds the story."""

_LEVELS = 3
_SHORTEST_SENTENCE = 60
_LONGEST_HEADING = 120
_MOST_LINKED = 0.7
_LEAST_END, _LEAST_END_SHARE = 600, 0.25
"""A lost end has so many characters, and so much of what was kept; less is what comes after stories."""

_STOPS = (".", "!", "?", "…", "。", "！", "？", "؟", "”", "»", '"', "」", ")", "’", ":")

Block = tuple[HtmlElement, str]
"""An element with the key of its text."""


def without_gaps(paragraphs: tuple[Paragraph, ...], tree: HtmlElement) -> tuple[Paragraph, ...]:
    """Put back the sentences and subheadings between two blocks that were kept, in their order."""
    order = {key(paragraph.text): index for index, paragraph in reversed(list(enumerate(paragraphs)))}
    missing: dict[int, list[Paragraph]] = {}
    said = key(" ".join(paragraph.text for paragraph in paragraphs))
    blocks = _siblings(tree, order)
    for after, found in _between(blocks, order):
        if key(found.text) not in said:
            missing.setdefault(after, []).append(found)
    return (*_merged(paragraphs, missing), *_end(blocks, order, said))


def _end(blocks: Sequence[Block], order: dict[str, int], said: str) -> tuple[Paragraph, ...]:
    """Return the sentences after the last block that was kept, where an extractor stopped half-way.

    They stand in elements that look like that block's, three levels deep.
    """
    kept = [number for number, (_, of) in enumerate(blocks) if of in order]
    if not kept:
        return ()
    last = _deep_shape(blocks[kept[-1]][0])
    after = [element for element, of in blocks[kept[-1] + 1 :] if of not in said]
    found = [block for element in after if _deep_shape(element) == last and (block := _block(element))]
    length = sum(len(block.text) for block in found if block.role is ParagraphRole.PARAGRAPH)
    return tuple(found) if length >= max(_LEAST_END, _LEAST_END_SHARE * len(said)) else ()


def _siblings(tree: HtmlElement, order: dict[str, int]) -> list[Block]:
    """Return the blocks of the elements that hold the story: those with enough kept ones, and their like."""
    blocks = [(element, key(element.text_content())) for element in tree.iter(*_ROLES)]
    kept = Counter(_shape(element) for element, said in blocks if element.tag == "p" and said in order)
    holders = {shape for shape, count in kept.items() if count >= _FEWEST_KEPT}
    return [(element, said) for element, said in blocks if _shape(element) in holders]


def _shape(element: HtmlElement) -> tuple[str, str]:
    """Tell what holds a block: the name and the class of the element around it."""
    parent = element.getparent()
    return ("", "") if parent is None else (str(parent.tag), parent.get("class") or "")


def _deep_shape(element: HtmlElement) -> list[tuple[str, str]]:
    around = islice(element.iterancestors(), _LEVELS)
    return [(str(parent.tag), parent.get("class") or "") for parent in around]


def _between(blocks: Sequence[Block], order: dict[str, int]) -> Iterator[tuple[int, Paragraph]]:
    """Yield what stands between the first and the last kept block, with the index that it comes after."""
    waiting: list[Paragraph] = []
    last: int | None = None
    for element, said in blocks:
        index = order.get(said)
        if index is not None:
            if last is not None and index > last:
                yield from ((last, found) for found in waiting)
            last, waiting = index, []
        elif last is not None and (found := _block(element)):
            waiting.append(found)


def _block(child: HtmlElement) -> Paragraph | None:
    role = _ROLES[child.tag]
    text = one_line(child.text_content())
    if not text or lexicon.label(text) or lexicon.phrase(text) or lexicon.credit_only(text):
        return None
    linked = sum(len(one_line(link.text_content())) for link in child.iter("a"))
    if linked > _MOST_LINKED * len(text):
        return None
    fits = (
        len(text) <= _LONGEST_HEADING and not linked
        if role is ParagraphRole.SUBHEADING
        else _is_sentence(text)
    )
    return Paragraph(role=role, text=text) if fits else None


def _is_sentence(text: str) -> bool:
    return len(text.encode()) >= _SHORTEST_SENTENCE and text.endswith(_STOPS)


def _merged(paragraphs: Sequence[Paragraph], missing: dict[int, list[Paragraph]]) -> Iterator[Paragraph]:
    for index, paragraph in enumerate(paragraphs):
        yield paragraph
        yield from missing.get(index, ())
