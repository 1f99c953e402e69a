"""The element that holds a story, found by where the running text of a page stands."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from lxml.html import HtmlElement
from msgspec import Struct

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse import lexicon
from ingestion.parse.clean import key
from ingestion.parse.marks import is_marked
from ingestion.parse.outline import Block, Shape, blocks_within, iter_shapes, outline, shape_of, weights

_MOST_APART = 0.4
"""What holds more of a page's text than this, with its like, is no aside, whatever it is called."""

_NEARLY_ALL = 0.85
_MAIN_SHARE = 0.6
_STORY_SHARE = 0.15
_TEXT_TAGS = frozenset({"p", "h2", "h3", "h4", "ul", "ol", "blockquote", "table"})
_SHORTEST_LOOSE = 80
_CARDS = frozenset({"div", "li", "article", "section", "td"})
_CARD_HEADINGS = ("h2", "h3", "h4", "h5")
_CARD_LEVELS = 3
_FEWEST_CARDS = 3
_LONGEST_CARD = 600
_SHORTEST_QUESTION = 10
_LONGEST_KICKER = 40
_LONGEST_LABEL = 40
_MOST_LOOKED_AT, _FEWEST_LINKS = 20, 2
_ASKS = ("?", "？", "؟")


class Container(Struct, frozen=True):
    """The blocks of the story, those that stand apart from it, all of the page, and where headlines stand."""

    story: tuple[Block, ...] = ()
    apart: tuple[Block, ...] = ()
    all: tuple[Block, ...] = ()
    headings: tuple[int, ...] = ()

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The story as it would be if nothing else were known."""
        return tuple(Paragraph(role=block.role, text=block.text) for block in self.story)

    def numbers(self, blocks: Sequence[Block]) -> set[int]:
        """Return where blocks of the page stand among all."""
        wanted = set(map(id, blocks))
        return {number for number, block in enumerate(self.all) if id(block) in wanted}

    @property
    def first(self) -> int:
        """Where the story begins among all blocks. Raises `ValueError` where there is none."""
        return min(self.numbers(self.story[:1]))

    def depth(self, number: int) -> int:
        """Measure the text between the last headline above a block, or the top, and the block."""
        above = max((heading for heading in self.headings if heading < number), default=-1)
        apart = set(map(id, self.apart))
        between = self.all[above + 1 : number]
        return sum(len(block.text) for block in between if id(block) not in apart and not block.is_linked)


def container_of(tree: HtmlElement, headlines: Sequence[str]) -> Container:
    """Find the blocks of the story; none where the page has no running text."""
    blocks = outline(tree)
    inner = _without_asides(blocks)
    weighed = weights(inner)
    titles = tuple(title for headline in headlines if (title := key(headline)))
    headings = tuple(number for number, block in enumerate(blocks) if _heads(block, titles))
    if not weighed:
        return Container(all=tuple(blocks), headings=headings)
    holder = _deepest(_own_story(tree, weighed, set(titles)), weighed)
    story = _tidy(blocks_within(inner, holder))
    kept = set(map(id, inner))
    return Container(
        story, tuple(block for block in blocks if id(block) not in kept), tuple(blocks), headings
    )


def _heads(block: Block, titles: tuple[str, ...]) -> bool:
    """Whether a block is a headline, perhaps with its kicker before it."""
    if block.role is not ParagraphRole.SUBHEADING or not titles:
        return False
    words = key(block.text)
    return words.endswith(titles) and len(words) <= _LONGEST_KICKER + max(map(len, titles))


def _without_asides(blocks: list[Block]) -> list[Block]:
    weighed = weights(blocks)
    whole = max(weighed.values(), default=0)
    alike: Counter[tuple[str, str]] = Counter()
    for shape, weight in iter_shapes(weighed):
        alike[shape] += weight
    labelled = (box for box in _labelled(blocks) if weighed.get(box, 0) <= _MOST_APART * whole)
    known: dict[HtmlElement, bool] = dict.fromkeys((*_cards(blocks), *labelled), True)

    def is_apart(element: HtmlElement) -> bool:
        if element not in known:
            parent = element.getparent()
            share = max(alike[shape_of(element)] if element.get("class") else 0, weighed.get(element, 0))
            small = share <= _MOST_APART * whole and element.tag not in ("html", "body")
            known[element] = (parent is not None and is_apart(parent)) or (small and is_marked(element))
        return known[element]

    return [block for block in blocks if not is_apart(block.element)]


def _cards(blocks: Sequence[Block]) -> Iterator[HtmlElement]:
    """Yield the teasers of other stories: short boxes that look alike, each with a heading that is a link."""
    linked = (block.element for block in blocks if block.role is ParagraphRole.SUBHEADING and block.is_linked)
    found: dict[Shape, list[HtmlElement]] = {}
    for heading in dict.fromkeys(linked):
        box = next((up for up in islice(heading.iterancestors(), _CARD_LEVELS) if _is_card(up)), None)
        if box is not None and heading.tag in _CARD_HEADINGS:
            found.setdefault(shape_of(box), []).append(box)
    for boxes in found.values():
        if len(boxes) >= _FEWEST_CARDS:
            yield from boxes


def _labelled(blocks: Sequence[Block]) -> Iterator[HtmlElement]:
    """Yield the boxes that begin with a label such as `Most read`, and hold links to other stories."""
    for index, block in enumerate(blocks):
        if block.linked or len(block.text) > _LONGEST_LABEL or not _is_label(block.text):
            continue
        box = block.element.getparent()
        if box is None or (index and blocks[index - 1].is_within(box)):
            continue
        if _links_in(box, blocks[index + 1 : index + 1 + _MOST_LOOKED_AT]) >= _FEWEST_LINKS:
            yield box


def _links_in(box: HtmlElement, following: Sequence[Block]) -> int:
    inside = takewhile(lambda block: block.is_within(box), following)
    return sum(1 for block in inside if block.is_linked)


def _is_label(text: str) -> bool:
    said = lexicon.label(text)
    return said is not None and said.role == "related_heading"


def _is_card(element: HtmlElement) -> bool:
    """A box around a heading with words of its own, and not around several."""
    if element.tag not in _CARDS:
        return False
    headings = sum(1 for _ in islice(element.iter(*_CARD_HEADINGS), 2))
    return headings == 1 and len(element.text_content()) <= _LONGEST_CARD


def _own_story(tree: HtmlElement, weighed: dict[HtmlElement, int], titles: set[str]) -> HtmlElement:
    """Of a page that goes on with other stories, return the element of its own: the one with its headline."""
    least = _STORY_SHARE * weighed[tree]
    stories = [
        element
        for element in tree.iter("article")
        if weighed.get(element, 0) >= least and next(element.iterancestors("article"), None) is None
    ]
    if len(stories) < 2:
        return tree
    named = (story for story in stories if any(key(h1.text_content()) in titles for h1 in story.iter("h1")))
    return next(named, tree)


def _deepest(element: HtmlElement, weighed: dict[HtmlElement, int]) -> HtmlElement:
    """Go down while one child holds most of the text, and no other looks as if it held a part of it."""
    while True:
        children = [child for child in element if weighed.get(child, 0)]
        best = max(children, key=weighed.__getitem__, default=None)
        if best is None:
            return element
        share = weighed[best] / weighed[element]
        if share < _NEARLY_ALL and (share < _MAIN_SHARE or _is_divided(children, best)):
            return element
        element = best


def _is_divided(children: Sequence[HtmlElement], best: HtmlElement) -> bool:
    others = (child for child in children if child is not best)
    return any(other.tag in _TEXT_TAGS or shape_of(other) == shape_of(best) for other in others)


def _tidy(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Keep what stands from the first running text to the last, without links and loose labels."""
    prose = [index for index, block in enumerate(blocks) if block.weight]
    if not prose:
        return ()
    span = blocks[prose[0] : prose[-1] + 1]
    first = prose[0]
    while first and _opens(blocks[first - 1], blocks[first]):
        first -= 1
    flowing = _parted_by_breaks(span)
    return tuple(
        block for block in (*blocks[first : prose[0]], *span) if _is_story(block, flows=id(block) in flowing)
    )


def _parted_by_breaks(span: Sequence[Block]) -> set[int]:
    """Return what stands between running text of one element, with nothing but breaks around it."""
    ends: dict[HtmlElement, int] = {block.element: index for index, block in enumerate(span) if block.weight}
    begun: set[HtmlElement] = set()
    flowing: set[int] = set()
    for index, block in enumerate(span):
        if block.element in begun and index < ends[block.element]:
            flowing.add(id(block))
        elif block.weight:
            begun.add(block.element)
    return flowing


def _opens(block: Block, below: Block) -> bool:
    """Whether a short block above the first running text belongs to it: a subheading, or a question."""
    if block.role is ParagraphRole.SUBHEADING:
        return str(block.element.tag) != "h1"
    if block.element.getparent() is not below.element.getparent() or len(block.text) < _SHORTEST_QUESTION:
        return False
    return shape_of(block.element) == shape_of(below.element) and block.text.endswith(_ASKS)


def _is_story(block: Block, *, flows: bool) -> bool:
    if block.is_linked:
        return False
    loose = block.element.tag not in _TEXT_TAGS and block.role is ParagraphRole.PARAGRAPH
    return flows or not loose or block.is_sentence or len(block.text) >= _SHORTEST_LOOSE
