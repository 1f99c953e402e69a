"""The deck: the lines between headline and story, which extractors often take for furniture."""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.clean import key, one_line
from ingestion.parse.clues import Clues

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


def with_deck(paragraphs: tuple[Paragraph, ...], tree: HtmlElement, clues: Clues) -> tuple[Paragraph, ...]:
    """Put the deck before a body that lacks it.

    It is a block that says what the page states as its summary, or, just below the headline, one that
    its class calls a deck.
    """
    said = key(" ".join(paragraph.text for paragraph in paragraphs))
    if not said:
        return paragraphs
    summaries = {key(found.value) for found in clues.of("abstract")}
    text = next(_stated(tree, summaries), None) or next(_marked(tree, clues), None)
    if text is None or key(text) in said:
        return paragraphs
    return (Paragraph(role=ParagraphRole.PARAGRAPH, text=text), *paragraphs)


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
            for element in _following(heading):
                text = _own_text(element)
                if text and _MARKED.search(element.get("class") or "") and not _is_around(element):
                    yield text
            return


def _following(heading: HtmlElement) -> Sequence[HtmlElement]:
    found: Sequence[HtmlElement] = heading.xpath(
        f"(following::*[self::p or self::h2 or self::h3 or self::div])[position() <= {_NEAR}]"
    )
    return found


def _own_text(element: HtmlElement, least: float = 0, most: float = _LONGEST) -> str | None:
    """Return the text of a block of a deck's length; a longer one is not even read."""
    if len(element) > _NEAR:
        return None
    length = len(raw := element.text_content().strip())
    if not max(least, _SHORTEST) <= length <= min(most, _LONGEST):
        return None
    return one_line(raw)


def _is_around(element: HtmlElement) -> bool:
    return any(parent.tag in _AROUND for parent in element.iterancestors())
