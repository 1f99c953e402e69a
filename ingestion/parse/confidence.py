"""How far the body of a page is to be trusted, from 0 to 1."""

import re
from collections.abc import Iterator, Sequence
from statistics import fmean

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.agreement import Joined, likeness
from ingestion.parse.clean import key, without_markup
from ingestion.parse.container import Container
from ingestion.parse.structured import Page

_NOT_COMPARED = 0.5
_FEWEST_STATED_WORDS = 50
_NO_HEADLINE_ABOVE = 0.9
_SHORT = 400
_FRAGMENT = 0.3
_SHORT_BODY = 0.8


def confidence_in(page: Page, found: Joined, paragraphs: Sequence[Paragraph]) -> float | None:
    """Weigh what speaks for a body.

    The mean of what can be compared: the two independent readings with one another, the body with the one
    that the page states, its length with the number of words that the page states. Links in the body, a
    headline that stands nowhere above it and shortness take off. None for a body that is stated only.
    """
    if page.clues.value("body_place") == "json-ld":
        return None
    trust = fmean(_votes(page, found, paragraphs))
    container = found.container
    linked = sum(block.linked for block in container.story)
    whole = sum(len(block.text) for block in container.story)
    trust *= 1 - (linked / whole if whole else 0) / 2
    trust *= 1 if _is_headed(page, container) else _NO_HEADLINE_ABOVE
    short = sum(len(paragraph.text.encode()) for paragraph in paragraphs) < _SHORT
    return round(trust * (_SHORT_BODY if short else 1), 3)


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
    yield found.agreement if found.agreement is not None else _NOT_COMPARED
    stated = stated_body(page)
    if sum(len(key(paragraph.text).split()) for paragraph in stated) >= _FEWEST_STATED_WORDS:
        yield likeness(stated, paragraphs) or 0.0
    words = str((page.article or {}).get("wordCount") or "")
    if words.isdecimal() and _FEWEST_STATED_WORDS <= int(words) < 100_000:
        there = sum(len(paragraph.text.split()) for paragraph in paragraphs)
        yield min(there, int(words)) / max(there, int(words))


def _is_headed(page: Page, container: Container) -> bool:
    """Whether one of the headlines stands in the page before the story."""
    titles = {key(found.value) for found in page.clues.of("headline")}
    first = id(container.story[0]) if container.story else None
    for block in container.all:
        if key(block.text) in titles:
            return True
        if id(block) == first:
            break
    return False
