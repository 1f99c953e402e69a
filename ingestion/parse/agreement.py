"""Two independent readings of one page made into one body, with what they say of its trustworthiness.

One reading is the extractor's, the other the container's (`container`). Where they differ, the place of a
block decides: beside agreed blocks, in a box that is set apart, before or after the story.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from ingestion.article import Paragraph, ParagraphRole, Removed
from ingestion.parse.clean import key
from ingestion.parse.clues import Tried
from ingestion.parse.container import Container
from ingestion.parse.outline import Block, shape_of

_FEWEST_BLOCKS = 3
_LEAST_SHARED = 0.5
"""Where neither has so much of the other's text, they are two places of the page: the extractor's counts."""

_TOO_SHORT = 100
_LEVELS = 3
_MOST_OUTSIDE = 0.2
_LEAST_END, _LEAST_END_SHARE = 600, 0.25
_NEAR_BEGINNING = 3
_NEARLY_WHOLE = 0.9
_LONGEST_HEADING = 120
_WINDOW = 300
"""Blocks ahead among which a paragraph is looked for; each for itself among all would take their square."""

_SHORTEST_DECK = 40
"""In bytes of UTF-8."""

_PART, _OF_NO_BLOCK = 0.25, 0.5
_APART, _OUTSIDE = "apart", "outside"

Placed = tuple[float, Paragraph]
"""A paragraph with the number of its block.

One that is a part of a block stands a quarter of a step behind it, one of no block half a step behind the one
before.
"""


class Joined(Struct, frozen=True):
    """The body, what was taken from the extractor's, and the share of text that both readings have (F1)."""

    paragraphs: tuple[Paragraph, ...]
    removed: tuple[Removed, ...]
    agreement: float | None
    container: Container
    tried: tuple[Tried, ...] = ()


def joined(extracted: Sequence[Paragraph], container: Container) -> Joined:
    """Join the extractor's body with the container's."""
    own = container.paragraphs
    agreement = likeness(extracted, own)
    if not own:
        return Joined(tuple(extracted), (), agreement, container)
    if _is_lost(extracted, own):
        return Joined(own, (), agreement, container)
    if _are_apart(extracted, own, container):
        return Joined(tuple(extracted), (), agreement, container)
    placed = list(_placed(extracted, container.all))
    judge = _Judge(placed, container)
    against = judge.against_all(placed)
    kept = [(at, paragraph) for (at, paragraph), rule in zip(placed, against, strict=True) if not rule]
    gone = [Removed(text=p.text, rule=rule) for (_, p), rule in zip(placed, against, strict=True) if rule]
    body = sorted([*kept, *judge.missing()], key=lambda place: place[0])
    return Joined(tuple(paragraph for _, paragraph in body), tuple(gone), agreement, container)


def _is_lost(extracted: Sequence[Paragraph], own: Sequence[Paragraph]) -> bool:
    """Whether the extractor has next to nothing, or all in one piece."""
    lump = len(extracted) == 1 and len(own) >= _FEWEST_BLOCKS
    said = key(" ".join(paragraph.text for paragraph in extracted))
    return lump or len(said) < _TOO_SHORT


def _are_apart(extracted: Sequence[Paragraph], own: Sequence[Paragraph], container: Container) -> bool:
    """Whether the two readings are of different places of the page."""
    said = key(" ".join(paragraph.text for paragraph in extracted))
    prose = sum(block.weight for block in container.story)
    shared = sum(block.weight for block in container.story if key(block.text) in said)
    return shared < _LEAST_SHARED * prose and not _is_within(extracted, own)


def _is_within(extracted: Sequence[Paragraph], own: Sequence[Paragraph]) -> bool:
    """Whether what the extractor has is a part of what the container has."""
    whole = key(" ".join(paragraph.text for paragraph in own))
    keys = [key(paragraph.text) for paragraph in extracted]
    return sum(len(one) for one in keys if one in whole) >= _LEAST_SHARED * sum(map(len, keys))


def likeness(first: Sequence[Paragraph], second: Sequence[Paragraph]) -> float | None:
    """Return the F1 of two bodies by their words, counted."""
    if not first or not second:
        return None
    one, other = _words(first), _words(second)
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else None


def _words(paragraphs: Sequence[Paragraph]) -> Counter[str]:
    """Count words, or letters where words are not set apart."""
    text = key(" ".join(paragraph.text for paragraph in paragraphs))
    return Counter(text.split() if text.isascii() or text.count(" ") * 15 > len(text) else text)


def _placed(extracted: Sequence[Paragraph], blocks: Sequence[Block]) -> Iterator[Placed]:
    """Yield the extractor's paragraphs with their places; one that is several blocks comes as these."""
    exact: dict[str, list[int]] = {}
    keys = [key(block.text) for block in blocks]
    for index in reversed(range(len(blocks))):
        exact.setdefault(keys[index], []).append(index)
    last = -1.0
    for paragraph in extracted:
        said = key(paragraph.text)
        if places := exact.get(said):
            last = places.pop() if len(places) > 1 else places[0]
            yield last, _with_role(paragraph, blocks[int(last)])
        elif " | " not in paragraph.text and (parts := _parts(said, keys, int(last))):
            last = parts[-1]
            yield from ((part, Paragraph(role=blocks[part].role, text=blocks[part].text)) for part in parts)
        else:
            near = range(int(last) + 1, min(int(last) + 1 + _WINDOW, len(keys)))
            whole = next((i for i in near if said and said in keys[i]), None)
            last = last if whole is None else whole
            yield int(last) + (_OF_NO_BLOCK if whole is None else _PART), paragraph


def _with_role(paragraph: Paragraph, block: Block) -> Paragraph:
    plain = paragraph.role is ParagraphRole.PARAGRAPH
    return Paragraph(role=block.role if plain else paragraph.role, text=paragraph.text)


def _parts(said: str, keys: Sequence[str], after: int) -> list[int]:
    """Return the blocks in a row that a paragraph is made of; none where some of it is in no block."""
    near = range(after + 1, min(after + 1 + _WINDOW, len(keys)))
    first = next((i for i in near if keys[i] and said.startswith(keys[i])), None)
    parts: list[int] = []
    rest = said
    for index in range(first, len(keys)) if first is not None else ():
        if not keys[index] or not rest.startswith(keys[index]):
            break
        parts.append(index)
        rest = rest[len(keys[index]) :].lstrip()
    return parts if len(rest) * 10 <= len(said) else []


def _is_long(block: Block) -> bool:
    """Whether a block has the length of a deck."""
    return len(block.text.encode()) >= _SHORTEST_DECK and not block.is_linked


class _Judge:
    """What the places of blocks say for and against them."""

    def __init__(self, placed: Sequence[Placed], container: Container) -> None:
        self._blocks = container.all
        numbers = {id(block): number for number, block in enumerate(container.all)}
        self._story = {numbers[id(block)] for block in container.story}
        self._apart = {numbers[id(block)] for block in container.apart}
        self._there = {int(at) for at, _ in placed}
        agreed = self._there & self._story
        self._first, self._last = min(agreed, default=0), max(agreed, default=-1)
        self._shapes = Counter(self._shape(number) for number in agreed)
        self._holders = Counter(holder for _, holder in map(self._shape, agreed))
        self._end = self._lost_end()

    def _shape(self, number: int) -> tuple[tuple[str, str], tuple[str, str]]:
        element = self._blocks[number].element
        parent = element.getparent()
        return shape_of(element), shape_of(parent) if parent is not None else ("", "")

    def against_all(self, placed: Sequence[Placed]) -> list[str | None]:
        """Name the rule against each; where too much would go, nothing is taken for what its place is."""
        rules = [self.against(at) for at, _ in placed]
        whole = sum(len(paragraph.text) for _, paragraph in placed)
        outside = sum(
            len(paragraph.text)
            for (_, paragraph), rule in zip(placed, rules, strict=True)
            if rule == _OUTSIDE
        )
        return (
            rules
            if outside <= _MOST_OUTSIDE * whole
            else [rule if rule != _OUTSIDE else None for rule in rules]
        )

    def against(self, at: float) -> str | None:
        """Name the rule that speaks against a paragraph of the extractor."""
        number = int(at)
        if at - number == _OF_NO_BLOCK or number in self._story:
            return None
        if number in self._apart:
            return _APART
        block = self._blocks[number]
        if self._first <= number <= self._last:
            return _OUTSIDE if block.is_linked else None
        if number > self._last and block.weight and self._shape(number) in self._shapes:
            return None
        telling = block.role is ParagraphRole.SUBHEADING or _is_long(block)
        return None if number < self._first and telling else _OUTSIDE

    def missing(self) -> Iterator[Placed]:
        """Yield what the container has besides, where it stands among what both have, and a lost end."""
        for number in sorted(self._story - self._there):
            block = self._blocks[number]
            is_near = self._first - _NEAR_BEGINNING <= number <= self._last
            if (is_near or number in self._end) and self._is_alike(number, block):
                yield number, Paragraph(role=block.role, text=block.text)

    def _lost_end(self) -> set[int]:
        """Return what follows the last block that both have, where the extractor stopped half-way.

        It stands in elements that look like that block's, three levels deep, and is no less than a part of
        what both have: less is what comes after stories.
        """
        if self._last < 0:
            return set()
        shape = self._deep_shape(self._last)
        after = {
            number for number in self._story if number > self._last and self._deep_shape(number) == shape
        }
        kept = sum(self._blocks[number].weight for number in self._there & self._story)
        lost = sum(self._blocks[number].weight for number in after)
        return after if lost >= max(_LEAST_END, _LEAST_END_SHARE * kept) else set()

    def _deep_shape(self, number: int) -> list[tuple[str, str]]:
        return [shape_of(parent) for parent in islice(self._blocks[number].element.iterancestors(), _LEVELS)]

    def _is_alike(self, number: int, block: Block) -> bool:
        shape = self._shape(number)
        if block.role is ParagraphRole.SUBHEADING:
            within = self._first <= number <= self._last and len(block.text) <= _LONGEST_HEADING
            return within and self._holders[shape[1]] >= _FEWEST_BLOCKS
        return bool(block.weight) and self._shapes[shape] >= _FEWEST_BLOCKS
