"""The deck: the lines between headline and story, which extractors often take for furniture."""

import re
from collections.abc import Iterator
from itertools import islice, takewhile

from lxml.html import HtmlElement

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse import lexicon
from ingestion.parse.clean import key, one_line
from ingestion.parse.clues import Clues
from ingestion.parse.container import Container
from ingestion.parse.dates import holds_day
from ingestion.parse.outline import Block, following, size_of

_BLOCKS = ("p", "h2", "h3", "h4", "div", "span", "strong")
_MARKED = re.compile(
    r"(?:^|[\s_-])(?:standfirst|deck|dek|sapo|ingress|preamble|vorspann|chapo|entradilla|bajada|copete|catenaccio|"
    r"subtitle|sub-?heading|sub-?headline|strap-?line)(?:$|[\s_-])",
    re.IGNORECASE,
)
_AROUND = frozenset({"aside", "footer", "nav", "form", "a", "figure", "li"})
_SHORTEST, _LONGEST = 40, 700
_NEAR = 12
"""Blocks after the headline among which a deck is looked for by its class."""


def with_deck(
    paragraphs: tuple[Paragraph, ...], tree: HtmlElement, clues: Clues, container: Container
) -> tuple[Paragraph, ...]:
    """Put the deck before a body that lacks it.

    It is a block that says what the page states as its summary, or, just below the headline, one that
    its class calls a deck, or the only text of some length between the headline and the story.
    """
    said = " ".join(key(paragraph.text) for paragraph in paragraphs)
    if not said:
        return paragraphs
    summaries = {key(found.value) for found in clues.of("abstract")}
    found = [next(_stated(tree, summaries), None), next(_marked(tree, clues), None)]
    if not any(found):
        found = [next(_between(container, key(paragraphs[0].text)), None)]
    text = next((text for text in found if text and key(text) not in said), None)
    return (Paragraph(role=ParagraphRole.PARAGRAPH, text=text), *paragraphs) if text else paragraphs


def _stated(tree: HtmlElement, summaries: set[str]) -> Iterator[str]:
    lengths = {len(summary) for summary in summaries}
    if not lengths:
        return
    # Marks and entities make a text longer than its key, hardly ever by more than a quarter.
    least, most = min(lengths), 1.3 * max(lengths) + 20
    for element in tree.iter(*_BLOCKS):
        text = _own_text(element, least, most)
        if text and key(text) in summaries and not _is_around(element):
            yield text


def _marked(tree: HtmlElement, clues: Clues) -> Iterator[str]:
    titles = {key(found.value) for found in clues.of("headline")}
    for heading in tree.iter("h1"):
        if key(heading.text_content()) in titles:
            for element in islice(following(heading, "p", "h2", "h3", "div"), _NEAR):
                text = _own_text(element)
                if text and _MARKED.search(element.get("class") or "") and not _is_furniture(element, text):
                    yield text
            return


def _between(container: Container, begins: str) -> Iterator[str]:
    """Yield what stands between the headline and the story and is no label, byline, date or link."""
    apart = set(map(id, container.apart))
    above = list(takewhile(lambda block: key(block.text) != begins, container.all))
    heading = max((number for number in container.headings if number < len(above)), default=len(above))
    for block in above[heading + 1 : heading + 1 + _NEAR]:
        if holds_day(block.text):
            return
        if id(block) not in apart and _reads_as_deck(block):
            yield block.text


def _reads_as_deck(block: Block) -> bool:
    text = block.text
    fits = size_of(text) >= _SHORTEST and len(text) <= _LONGEST and not block.linked
    if not fits or block.role is ParagraphRole.LIST_ITEM or _is_around(block.element):
        return False
    said = lexicon.label(text) or lexicon.phrase(text) or lexicon.byline(text) or lexicon.credit_only(text)
    return not said and not lexicon.caption_prefix(text)


def _is_furniture(element: HtmlElement, text: str) -> bool:
    return _is_around(element) or bool(lexicon.label(text) or lexicon.phrase(text))


def _own_text(element: HtmlElement, least: float = 0, most: float = _LONGEST) -> str | None:
    """Return the text of a block of a deck's length; a longer one is not even read."""
    if len(element) > _NEAR:
        return None
    length = len(raw := element.text_content().strip())
    if not max(least, _SHORTEST) <= length <= min(most, _LONGEST):
        return None
    return one_line(raw)


def _is_around(element: HtmlElement) -> bool:
    return next(element.iterancestors(*_AROUND), None) is not None
