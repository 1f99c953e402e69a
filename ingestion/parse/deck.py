"""The deck: the lines between headline and story, which extractors often take for furniture."""

import re
from collections.abc import Iterator, Sequence
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
_LEAD = re.compile(
    r"(?:^|[\s_-])(?:intro(?:duction|-?text)?|lead|lede|excerpt|teaser|abstract)(?:$|[\s_-])", re.IGNORECASE
)
"""Names of decks that elsewhere are names of other things."""

_AROUND = frozenset({"aside", "footer", "nav", "form", "a", "figure"})
_SHORTEST, _LONGEST = 40, 700
_LEVELS = 3
_NEAR = 12
"""Blocks after the headline among which a deck is looked for."""


def with_deck(
    paragraphs: tuple[Paragraph, ...], tree: HtmlElement, clues: Clues, container: Container
) -> tuple[Paragraph, ...]:
    """Put the deck before a body that lacks it.

    It is a block that says what the page states as its summary, or, just below the headline, one that its
    class calls a deck, or the first text of some length between the headline and the story, or a list there.
    """
    said = " ".join(key(paragraph.text) for paragraph in paragraphs)
    if not said:
        return paragraphs
    # What JSON-LD calls an alternative headline is mostly the deck.
    titles = {key(found.value) for found in clues.of("headline") if "alternative" not in found.place}
    summaries = {key(found.value) for found in clues.of("abstract")} - titles
    stated = (next(_stated(tree, summaries), None), next(_marked(tree, clues), None))
    text = next((text for text in stated if text and key(text) not in said), None)
    if text:
        return (Paragraph(role=ParagraphRole.PARAGRAPH, text=text), *paragraphs)
    above = _above(container, key(paragraphs[0].text))
    apart = set(map(id, container.apart))
    deck = _listed([block for block in above if id(block) not in apart], summaries)
    if not deck and not any(stated):
        own = (block for block in _between(above, summaries) if id(block) not in apart)
        deck = tuple(islice((block for block in own if not _is_below_its_picture(block)), 1))
    return (*(_as_paragraph(block) for block in deck if key(block.text) not in said), *paragraphs)


def _as_paragraph(block: Block) -> Paragraph:
    """A heading above the whole story heads no part of it."""
    heads = block.role is ParagraphRole.SUBHEADING
    return Paragraph(role=ParagraphRole.PARAGRAPH if heads else block.role, text=block.text)


def _stated(tree: HtmlElement, summaries: set[str]) -> Iterator[str]:
    lengths = {len(summary) for summary in summaries}
    if not lengths:
        return
    # Marks and entities make a text longer than its key, hardly ever by more than a quarter.
    least, most = min(lengths), 1.3 * max(lengths) + 20
    for element in tree.iter(*_BLOCKS):
        text = _own_text(element, least, most)
        if text and key(text) in summaries and not _is_around(element) and not _is_listed(element):
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


def _above(container: Container, begins: str) -> list[Block]:
    """Return what stands between the headline and the story."""
    above = list(takewhile(lambda block: key(block.text) != begins, container.all))
    heading = max((number for number in container.headings if number < len(above)), default=len(above))
    return above[heading + 1 : heading + 1 + _NEAR]


def _between(above: Sequence[Block], summaries: set[str]) -> Iterator[Block]:
    """Yield what stands above the story and is no label, byline, date or link.

    What follows the date may be words to a picture: it has to be called a deck, or to be in a summary.
    """
    dated = False
    for block in above:
        dated = dated or holds_day(block.text)
        if _is_listed(block.element) or not _reads_as_deck(block):
            continue
        if not dated or _is_called_deck(block) or any(key(block.text) in summary for summary in summaries):
            yield block


def _is_below_its_picture(block: Block) -> bool:
    """Whether it says what the picture just above it says of itself; above a picture, a deck may."""
    return any(key(words) == key(block.text) for words in block.element.xpath("preceding::img[1]/@alt"))


def _listed(above: Sequence[Block], summaries: set[str]) -> tuple[Block, ...]:
    """Return a deck that is a list, which the page has in its summary."""
    items = [block for block in above if block.role is ParagraphRole.LIST_ITEM and _reads_as_deck(block)]
    telling = any(key(block.text) in summary for block in items for summary in summaries)
    return tuple(items) if telling else ()


def _is_called_deck(block: Block) -> bool:
    around = islice((block.element, *block.element.iterancestors()), _LEVELS)
    return any(_MARKED.search(name) or _LEAD.search(name) for up in around if (name := up.get("class")))


def _reads_as_deck(block: Block) -> bool:
    text = block.text
    fits = size_of(text) >= _SHORTEST and len(text) <= _LONGEST and not block.linked
    if not fits or _is_around(block.element):
        return False
    said = lexicon.label(text) or lexicon.phrase(text) or lexicon.byline(text) or lexicon.credit_only(text)
    return not said and not lexicon.caption_prefix(text)


def _is_furniture(element: HtmlElement, text: str) -> bool:
    return _is_around(element) or _is_listed(element) or bool(lexicon.label(text) or lexicon.phrase(text))


def _own_text(element: HtmlElement, least: float = 0, most: float = _LONGEST) -> str | None:
    """Return the text of a block of a deck's length; a longer one is not even read."""
    if len(element) > _NEAR:
        return None
    length = len(raw := element.text_content().strip())
    if not max(least, _SHORTEST) <= length <= min(most, _LONGEST):
        return None
    return one_line(raw)


def _is_listed(element: HtmlElement) -> bool:
    return element.tag == "li" or any(parent.tag == "li" for parent in element.iterancestors())


def _is_around(element: HtmlElement) -> bool:
    return next(element.iterancestors(*_AROUND), None) is not None
