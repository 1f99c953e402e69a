"""Two independent readings of one page made into one body, with what they say of its trustworthiness.

One reading is the extractor's, the other the container's (`container`). Where they differ, the place of a
block decides: beside agreed blocks, in a box that is set apart, before or after the story.
"""

from collections.abc import Sequence

from msgspec import Struct

from ingestion.article import Paragraph, Removed
from ingestion.parse.clean import key
from ingestion.parse.clues import Tried
from ingestion.parse.container import Container
from ingestion.parse.judge import Judge
from ingestion.parse.likeness import likeness, said_in
from ingestion.parse.marks import is_marked
from ingestion.parse.outline import Block
from ingestion.parse.placing import Placed, blocks_at, made_whole
from ingestion.parse.placing import placed as placed_among

_FEWEST_BLOCKS = 3
_LEAST_SHARED = 0.5
"""Where neither has so much of the other's text, they are two places of the page."""

_TOO_SHORT = 100
_NEARLY_SAME = 0.8
_TWICE = 2
_MANY_TIMES = 6
_ALONE, _GIVEN_UP = "alone", "given up for the container"
_FURTHER_DOWN = 1200
"""Characters by which a longer text may begin later than a shorter one and still be the story."""


class Joined(Struct, frozen=True):
    """The body with its blocks, what was taken out, and the share of text that both readings have (F1)."""

    paragraphs: tuple[Paragraph, ...]
    blocks: tuple[Block, ...]
    removed: tuple[Removed, ...]
    agreement: float | None
    container: Container
    how: str = "joined with the container"
    tried: tuple[Tried, ...] = ()


def joined(extracted: Sequence[Paragraph], container: Container) -> Joined:
    """Join the extractor's body with the container's; where only one of them has the story, take that one."""
    own = container.paragraphs
    agreement = likeness(extracted, own)
    if not own:
        return Joined(tuple(extracted), (), (), agreement, container, _ALONE)
    placed = list(placed_among(extracted, container.all))
    if _is_container_alone(extracted, placed, container, agreement or 0):
        return Joined(own, container.story, (), agreement, container, _GIVEN_UP)
    if _are_apart(extracted, own, container):
        return Joined(tuple(extracted), blocks_at(placed, container.all), (), agreement, container, _ALONE)
    placed = list(made_whole(placed, container.all, container.numbers(container.story)))
    judge = Judge(placed, container)
    against = judge.against_all(placed)
    kept = [place for place, rule in zip(placed, against, strict=True) if not rule]
    gone = [Removed(text=p.text, rule=rule) for (_, p), rule in zip(placed, against, strict=True) if rule]
    body = sorted([*kept, *judge.missing()], key=lambda place: place[0])
    paragraphs = tuple(paragraph for _, paragraph in body)
    return Joined(paragraphs, blocks_at(body, container.all), tuple(gone), agreement, container)


def _is_container_alone(
    extracted: Sequence[Paragraph], placed: Sequence[Placed], container: Container, agreement: float
) -> bool:
    """Whether the extractor has nothing, or little, or another place, or the words but not their blocks."""
    own = container.paragraphs
    if not extracted or (_is_glued(extracted, placed) and len(own) >= _FEWEST_BLOCKS):
        return True
    if not _are_apart(extracted, own, container):
        return _is_story_itself(container, placed, _MANY_TIMES)
    if agreement >= _NEARLY_SAME:
        return True
    times = _TWICE if len(said_in(extracted)) >= _TOO_SHORT else 1
    return _is_story_itself(container, placed, times)


def _is_glued(extracted: Sequence[Paragraph], placed: Sequence[Placed]) -> bool:
    """Whether the extractor returned several blocks of the page, or pieces of them, in one."""
    return len(extracted) == 1 and (len(placed) > 1 or int(placed[0][0]) != placed[0][0])


def _is_story_itself(container: Container, placed: Sequence[Placed], times: float) -> bool:
    """Whether the container holds so many times the extractor's text, and not far below the headline.

    What has more text than a story and stands below it are other stories, comments and conditions; their
    names mostly say so.
    """
    held = sum(len(block.text) for block in container.story if block.weight)
    if held < times * sum(len(paragraph.text) for _, paragraph in placed):
        return False
    first = container.story[0].element
    if any(is_marked(element) for element in (first, *first.iterancestors())):
        return False
    theirs = min((int(at) for at, _ in placed if container.all[int(at)].weight), default=len(container.all))
    return container.depth(container.first) <= container.depth(theirs) + _FURTHER_DOWN


def _are_apart(extracted: Sequence[Paragraph], own: Sequence[Paragraph], container: Container) -> bool:
    """Whether the two readings are of different places of the page."""
    said, whole = said_in(extracted), {key(paragraph.text) for paragraph in extracted}
    prose = [(key(block.text), block.weight) for block in container.story]
    shared = sum(weight for words, weight in prose if words in whole or words in said)
    return shared < _LEAST_SHARED * sum(weight for _, weight in prose) and not _is_within(extracted, own)


def _is_within(extracted: Sequence[Paragraph], own: Sequence[Paragraph]) -> bool:
    """Whether what the extractor has is a part of what the container has."""
    whole = said_in(own)
    keys = [key(paragraph.text) for paragraph in extracted]
    return sum(len(one) for one in keys if one in whole) >= _LEAST_SHARED * sum(map(len, keys))
