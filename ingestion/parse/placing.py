"""Where the paragraphs of an extractor stand among the blocks of a page."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from msgspec import Struct

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse import lexicon
from ingestion.parse.clean import CELLS, key
from ingestion.parse.likeness import key_likeness
from ingestion.parse.outline import Block, size_of

_WINDOW = 300
"""Blocks ahead among which a paragraph is looked for; each for itself among all would take their square."""

_CLOSE = 12
_SHORTEST_ALIKE, _LONGEST_ALIKE, _ALIKE = 60, 1.6, 0.8
_LEAST_LOST, _LOST, _TELLING = 80, 0.2, 30
_LONGEST_WHOLE = 20_000
_ITEM = re.compile(r"\w[).]\s")
_ENDS = re.compile(r"[.!?:…。！？]\W*$")
_LEAST_BEGUN, _OPENING = 12, "\"'“„«‘("
_PART, OF_NO_BLOCK = 0.25, 0.5

Placed = tuple[float, Paragraph]
"""A paragraph with the number of its block.

One that is a part of a block stands a quarter of a step behind it, one of no block half a step behind the one
before.
"""


class _Piece(Struct, frozen=True):
    """What a paragraph says, and its words alone."""

    text: str
    words: str


def placed(extracted: Sequence[Paragraph], blocks: Sequence[Block]) -> Iterator[Placed]:
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
        elif CELLS not in paragraph.text and (parts := _parts(said, keys, int(last))):
            last = parts[-1]
            yield from ((part, Paragraph(role=blocks[part].role, text=blocks[part].text)) for part in parts)
        elif (whole := _around(said, keys, int(last))) is not None:
            last = whole
            yield last + _PART, paragraph
        elif (alike := _alike(paragraph, keys, int(last))) is not None:
            last = alike
            yield last, Paragraph(role=blocks[alike].role, text=blocks[alike].text)
        else:
            yield int(last) + OF_NO_BLOCK, paragraph


def _around(said: str, keys: Sequence[str], after: int) -> int | None:
    """Return the block of which a paragraph is a part."""
    near = range(after + 1, min(after + 1 + _WINDOW, len(keys)))
    return next((i for i in near if said and said in keys[i]), None)


def _alike(paragraph: Paragraph, keys: Sequence[str], after: int) -> int | None:
    """Return the block close behind that has nearly the words of a paragraph, of which some were lost."""
    said = key(paragraph.text)
    if len(said) < _SHORTEST_ALIKE or CELLS in paragraph.text:
        return None
    for index in range(after + 1, min(after + 1 + _CLOSE, len(keys))):
        shorter, longer = sorted((len(said), len(keys[index])))
        if longer <= _LONGEST_ALIKE * shorter and (key_likeness(said, keys[index]) or 0) >= _ALIKE:
            return index
    return None


def made_whole(
    places: Sequence[Placed], blocks: Sequence[Block], story: AbstractSet[int]
) -> Iterator[Placed]:
    """Yield a block of the story whole, once, where the extractor has only pieces of it."""
    said = [_Piece(paragraph.text, key(paragraph.text)) for _, paragraph in places]
    index = 0
    had: set[int] = set()
    while index < len(places):
        at, number = places[index][0], int(places[index][0])
        block = blocks[number]
        is_piece = number in story and at != number and number not in had
        pieces = _pieces_of(block.text, said, index) if is_piece and _may_be_whole(block) else 0
        had.add(number)
        if pieces:
            yield number, Paragraph(role=block.role, text=block.text)
        else:
            yield places[index]
        index += max(1, pieces)


def _may_be_whole(block: Block) -> bool:
    return len(block.text) <= _LONGEST_WHOLE and block.element.tag != "pre"


def _pieces_of(whole: str, said: Sequence[_Piece], first: int) -> int:
    """Count the pieces of a block in a row; none where they, and others elsewhere, stand well for it."""
    words = key(whole)
    end = next((index for index in range(first, len(said)) if said[index].words not in words), len(said))
    near = (*said[max(0, first - _WINDOW) : first], *said[end : end + _WINDOW])
    elsewhere = [other for other in near if len(other.words) >= _TELLING and other.words in words]
    kept = sum(size_of(piece.words) for piece in (*said[first:end], *elsewhere))
    lost = size_of(words) - kept
    if lost >= max(_LEAST_LOST, _LOST * kept):
        return end - first
    is_cut = (lost > 0 and _lacks_beginning(said[first].text, whole)) or _are_cut(said[first:end])
    return end - first if is_cut and not elsewhere else 0


def _are_cut(pieces: Sequence[_Piece]) -> bool:
    """Whether pieces in a row part a sentence, as around words that are set as code."""
    return any(_goes_on(after.text) and not _ENDS.search(before.text) for before, after in pairwise(pieces))


def _goes_on(text: str) -> bool:
    return text[0] in ",.;:)" or (text[0].islower() and not _ITEM.match(text))


def _lacks_beginning(piece: str, whole: str) -> bool:
    """Whether a piece begins within the first sentence of its block, and not behind a label."""
    before = whole[: max(0, whole.find(piece))].rstrip()
    begun = before.lstrip(_OPENING)[:1].isalnum() and (before[-1].isalnum() or before[-1] == ",")
    return begun and len(before) >= _LEAST_BEGUN and not lexicon.speaks_of_picture(before)


def _with_role(paragraph: Paragraph, block: Block) -> Paragraph:
    plain = paragraph.role is ParagraphRole.PARAGRAPH
    # The extractor takes a whole story for items where it stands in the item of a list.
    no_item = paragraph.role is ParagraphRole.LIST_ITEM and block.element.tag == "p"
    return Paragraph(role=block.role if plain or no_item else paragraph.role, text=paragraph.text)


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


def blocks_at(places: Sequence[Placed], blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the blocks in which paragraphs stand."""
    numbers = sorted({int(at) for at, _ in places if at - int(at) < OF_NO_BLOCK and at >= 0})
    return tuple(blocks[number] for number in numbers)
