"""How far the body of a page is to be trusted, from 0 to 1."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean

from lxml.html import HtmlElement

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.agreement import Joined
from ingestion.parse.clean import key, without_markup
from ingestion.parse.likeness import likeness
from ingestion.parse.outline import Block, size_of
from ingestion.parse.structured import Page

_NOT_COMPARED = 0.5
_FEWEST_STATED_WORDS = 50
_LONG, _RUNNING, _NEAR = 2_000, 80, 300
"""Characters: of a body that is long enough, of a block of running text, of what may stand above a body."""

_SHORT, _FRAGMENT = 400, 0.3


def confidence_in(page: Page, found: Joined, paragraphs: Sequence[Paragraph]) -> float | None:
    """Weigh what speaks for a body, from 0 to 1.

    Of two bodies, the one with less is the likelier to lack a part or to hold what is none. It is the mean of
    the votes. None for a body that is stated only, where nothing can be compared.
    """
    if page.clues.value("body_place") == "json-ld":
        return None
    return round(fmean(_votes(page, found, paragraphs)), 3)


def stated_body(page: Page) -> tuple[Paragraph, ...]:
    """Return the body that the JSON-LD states, where it states one."""
    text = (page.article or {}).get("articleBody")
    if not isinstance(text, str):
        return ()
    lines = (without_markup(line) for line in re.split(r"\n+|</p>", text))
    return tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=line) for line in lines if line)


def is_fragment_of(found: Sequence[Paragraph], stated: Sequence[Paragraph]) -> bool:
    """Whether what was found is next to nothing of the body that is stated."""
    there, due = (sum(len(paragraph.text) for paragraph in body) for body in (found, stated))
    return there < _SHORT and there < _FRAGMENT * due


def _votes(page: Page, found: Joined, paragraphs: Sequence[Paragraph]) -> Iterator[float]:
    """Yield a number from 0 to 1 for each thing that can speak for a body.

    How far the two readings have the same words; how far the body has those of the container; the share of it
    that stands in one element; how near it begins to the headline; its length; the share of it in blocks of
    running text; the share that does not lead elsewhere; how far it has the words, and the length, that the
    page states.
    """
    yield found.agreement if found.agreement is not None else _NOT_COMPARED
    yield likeness(found.container.paragraphs, paragraphs) or 0.0
    yield _together(found.blocks)
    yield _nearness(found)
    sizes = [size_of(paragraph.text) for paragraph in paragraphs]
    yield min(1.0, sum(sizes) / _LONG)
    yield sum(size for size in sizes if size >= _RUNNING) / max(sum(sizes), 1)
    yield 1 - _linked_share(found.blocks)
    yield from _stated_votes(page, paragraphs)


def _linked_share(blocks: Sequence[Block]) -> float:
    shown = sum(len(block.text) for block in blocks)
    return sum(block.linked for block in blocks) / shown if shown else 0.0


def _together(blocks: Sequence[Block]) -> float:
    """Return the largest share of the text that stands in one element."""
    held: Counter[HtmlElement | None] = Counter()
    for block in blocks:
        held[block.element.getparent()] += len(block.text)
    return max(held.values(), default=0) / max(held.total(), 1)


def _nearness(found: Joined) -> float:
    """Return how near the body begins to the headline, or to the top of a page without one: 1 just below."""
    if not found.blocks:
        return 0.0
    first = next(i for i, block in enumerate(found.container.all) if block is found.blocks[0])
    return _NEAR / (_NEAR + found.container.depth(first))


def _stated_votes(page: Page, paragraphs: Sequence[Paragraph]) -> Iterator[float]:
    stated = stated_body(page)
    if sum(len(key(paragraph.text).split()) for paragraph in stated) >= _FEWEST_STATED_WORDS:
        yield likeness(stated, paragraphs) or 0.0
    words = str((page.article or {}).get("wordCount") or "")
    if words.isdecimal() and _FEWEST_STATED_WORDS <= int(words) < 100_000:
        there = sum(len(paragraph.text.split()) for paragraph in paragraphs)
        yield min(there, int(words)) / max(there, int(words))
