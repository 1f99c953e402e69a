"""What the places of blocks say for and against them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.container import Container
from ingestion.parse.outline import Block, is_spaced, shape_of, size_of
from ingestion.parse.placing import OF_NO_BLOCK, Placed

_LEVELS = 3
_MOST_OUTSIDE = 0.2
_LEAST_END, _LEAST_END_SHARE = 600, 0.25
_NEAR_BEGINNING = 3
_FEWEST_BLOCKS = 3
_FEWEST_FLOWING = 2
_MOST_LINKED = 0.6
_NEARLY_ALL = 0.8
_FEWEST_WORDS, _FEWEST_UNSPACED = 4, 12
_LABEL = re.compile(r"[^:：|»>→.!?]{2,30}[:：|»>→]")
_LONGEST_HEADING, _LONGEST_LINK = 120, 160
_SHORTEST_DECK = 40
"""In bytes of UTF-8."""

_APART, _OUTSIDE = "apart", "outside"


class Judge:
    """What the places of blocks say for and against them."""

    def __init__(self, placed: Sequence[Placed], container: Container) -> None:
        self._blocks = container.all
        self._story = container.numbers(container.story)
        self._apart = container.numbers(container.apart)
        self._there = {int(at) for at, _ in placed}
        agreed = self._there & self._story
        self._first, self._last = min(agreed, default=0), max(agreed, default=-1)
        self._number_agreed = max(1, len(agreed))
        self._shapes = Counter(self._shape(number) for number in agreed)
        self._holders = Counter(holder for _, holder in map(self._shape, agreed))
        elements = [self._blocks[number].element for number in agreed]
        self._elements = Counter(elements)
        self._parents = Counter(element.getparent() for element in self._elements)
        self._holder = _holder(elements)
        self._reach = self._last
        while {self._reach + 1, self._reach + 2} & self._there:
            self._reach += 1
        self._end = self._lost_end()

    def _shape(self, number: int) -> tuple[tuple[str, str], tuple[str, str]]:
        element = self._blocks[number].element
        parent = element.getparent()
        return shape_of(element), shape_of(parent) if parent is not None else ("", "")

    def against_all(self, placed: Sequence[Placed]) -> list[str | None]:
        """Name the rule against each; where too much text would go, none goes for what its place is.

        Links go even so.
        """
        rules = [self.against(at) for at, _ in placed]
        linked = [self._is_linked(at) for at, _ in placed]
        texts = [0 if link else len(p.text) for (_, p), link in zip(placed, linked, strict=True)]
        outside = sum(length for length, rule in zip(texts, rules, strict=True) if rule == _OUTSIDE)
        if outside <= _MOST_OUTSIDE * sum(texts):
            return rules
        return [rule if rule != _OUTSIDE or link else None for rule, link in zip(rules, linked, strict=True)]

    def _is_linked(self, at: float) -> bool:
        block = self._blocks[int(at)]
        short = size_of(block.text) <= _LONGEST_LINK
        return at >= 0 and at - int(at) < OF_NO_BLOCK and block.is_linked and short

    def against(self, at: float) -> str | None:
        """Name the rule that speaks against a paragraph of the extractor."""
        number = int(at)
        if at - number == OF_NO_BLOCK or number in self._story:
            return None
        if number in self._apart:
            return _APART
        block = self._blocks[number]
        if self._first <= number <= self._last:
            return _OUTSIDE if leads_elsewhere(block) else None
        stands = self._stands_above if number < self._first else self._stands_below
        return None if stands(number, block) else _OUTSIDE

    def _stands_above(self, _number: int, block: Block) -> bool:
        telling = block.role is ParagraphRole.SUBHEADING or _is_long(block)
        return telling or (block.is_within(self._holder) and block.linked < _MOST_LINKED * len(block.text))

    def _stands_below(self, number: int, block: Block) -> bool:
        """Whether it goes on in the same place: as running text, or close behind in the same shape."""
        alike = self._shape(number) in self._shapes
        if alike and block.weight:
            return not self._is_teaser(number)
        near = number <= self._reach and block.is_within(self._holder)
        return near and (alike or block.is_sentence) and not leads_elsewhere(block)

    def _is_teaser(self, number: int) -> bool:
        """Whether it follows the title of another story."""
        above = next((n for n in range(number - 1, self._last, -1) if n not in self._apart), None)
        return above is not None and leads_elsewhere(self._blocks[above])

    def missing(self) -> Iterator[Placed]:
        """Yield what the container has besides, where it stands among what both have, and a lost end."""
        for number in sorted(self._story - self._there):
            block = self._blocks[number]
            is_near = self._first - _NEAR_BEGINNING <= number <= self._last
            alike = (is_near or number in self._end) and self._is_alike(number, block)
            if alike or self._flows(number, block):
                yield number, Paragraph(role=block.role, text=block.text)

    def _flows(self, number: int, block: Block) -> bool:
        """Whether it stands in one element with several that both have, with no element of its own."""
        if self._elements[block.element] >= _FEWEST_FLOWING:
            return bool(block.weight) or self._first <= number <= self._last
        return bool(block.weight) and self._parents[block.element] >= _FEWEST_FLOWING

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
        return bool(block.weight) and self._shapes[shape] >= min(_FEWEST_BLOCKS, self._number_agreed)


def _is_long(block: Block) -> bool:
    """Whether a block has the length of a deck."""
    return len(block.text.encode()) >= _SHORTEST_DECK and not block.is_linked


def _holder(elements: Sequence[HtmlElement]) -> HtmlElement | None:
    """Return the innermost element around all of them, and around its like where it is a single paragraph."""
    shared: list[HtmlElement] = []
    for element in elements:
        around = [element, *element.iterancestors()]
        known = set(around)
        shared = [parent for parent in shared if parent in known] if shared else around
    return next((element for element in shared if element.tag != "p"), None)


def leads_elsewhere(block: Block) -> bool:
    """Whether a block is the title of another story: a link, or a label and a link.

    A sentence may be a link for the most part and belong to the story; so may the name of a thing.
    """
    text = block.text
    short = len(text.split()) < _FEWEST_WORDS if is_spaced(text) else len(text) < _FEWEST_UNSPACED
    if not block.is_linked or short:
        return False
    label = _LABEL.match(text)
    return block.linked >= _NEARLY_ALL * len(text) or bool(
        label and label.end() <= len(text) - block.linked + 2
    )
