"""Lines of a body that are nothing but a link to another story."""

from collections.abc import Sequence

from lxml.html import HtmlElement

from ingestion.article import Paragraph, ParagraphRole, Removed
from ingestion.parse.clean import key, one_line
from ingestion.parse.outline import is_spaced

_FEWEST_WORDS, _FEWEST_UNSPACED = 5, 12
"""Shorter links are names of things: of products, of publications, of chapters."""

_LONGEST = 200
_MOST_OF_BODY = 0.2
"""Where links are more of it than this, they are what the article is about."""


def without_linked_lines(
    paragraphs: Sequence[Paragraph], tree: HtmlElement
) -> tuple[tuple[Paragraph, ...], tuple[Removed, ...]]:
    """Part them from the story."""
    linked = {key(one_line(link.text_content())) for link in tree.iter("a")}
    found = [paragraph for paragraph in paragraphs if _is_title(paragraph) and key(paragraph.text) in linked]
    whole = sum(len(paragraph.text) for paragraph in paragraphs)
    if not found or sum(len(paragraph.text) for paragraph in found) > _MOST_OF_BODY * whole:
        return tuple(paragraphs), ()
    kept = tuple(paragraph for paragraph in paragraphs if paragraph not in found)
    return kept, tuple(Removed(text=paragraph.text, rule="link_line") for paragraph in found)


def _is_title(paragraph: Paragraph) -> bool:
    text = paragraph.text
    if len(text) > _LONGEST or "://" in text or paragraph.role is ParagraphRole.QUOTE:
        return False
    return len(text.split()) >= _FEWEST_WORDS if is_spaced(text) else len(text) >= _FEWEST_UNSPACED
