"""The headline of a page as an element, and the elements that stand near it."""

from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from ingestion.parse.clean import key, one_line
from ingestion.parse.clues import Clues

_FURNITURE = frozenset({"nav", "figure", "script", "style", "template", "form"})
_BESIDE = frozenset({"aside", "footer"})
_BELOW, _ABOVE = 80, 30
_LEVELS_ABOVE = 3
_LONG = 250
_MOST_LONG = 2
_OUTERMOST = frozenset({"body", "html"})


def heading_of(clues: Clues, tree: HtmlElement) -> HtmlElement | None:
    """Return the element that holds the headline: the first heading with the words that are stated as such.

    Where none are, it is the longest heading of the first order: a shorter one names the site.
    """
    finds = clues.of("headline")
    stated = {key(found.value) for found in finds if not found.place.startswith("html:")} - {""}
    headings = [(found, key(found.text_content())) for found in tree.iter("h1", "h2")]
    said = next((found for found, words in headings if words in stated), None)
    if said is not None:
        return said
    known = {key(found.value) for found in finds} - {""}
    first = [(len(words), found) for found, words in headings if found.tag == "h1" and words in known]
    second = (found for found, words in headings if words in known)
    return max(first, key=lambda heading: heading[0])[1] if first else next(second, None)


def below(heading: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the elements that follow the headline, down to where the story has surely begun."""
    long = 0
    for element in islice(_following(heading), _BELOW):
        if element.tag == "p" and len(element.text_content()) > _LONG:
            long += 1
        if long == _MOST_LONG:
            return
        yield element


def above(heading: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the elements that stand right above the headline, in the boxes it stands in."""
    return islice(_preceding(heading), _ABOVE)


def short_text(element: HtmlElement, most: int) -> str:
    """Return the words of an element on one line; nothing where they are more characters than `most`."""
    pieces: list[str] = []
    length = 0
    for piece in element.itertext():
        if words := one_line(piece):
            pieces.append(words)
            length += len(words) + 1
            if length - 1 > most:
                return ""
    return " ".join(pieces)


def _following(heading: HtmlElement) -> Iterator[HtmlElement]:
    element: HtmlElement | None = heading
    while element is not None and element.tag not in _OUTERMOST:
        for sibling in element.itersiblings():
            yield from _inside(sibling)
        element = element.getparent()


def _preceding(heading: HtmlElement) -> Iterator[HtmlElement]:
    element: HtmlElement | None = heading
    for _ in range(_LEVELS_ABOVE):
        if element is None or element.tag in _OUTERMOST or element.tag in ("main", "article"):
            return
        for sibling in element.itersiblings(preceding=True):
            if len(sibling.text_content()) <= _LONG:
                yield from _inside(sibling)
        element = element.getparent()


def _inside(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield an element and those in it, but not what stands beside a story."""
    if not isinstance(element.tag, str) or element.tag in _FURNITURE:
        return
    if element.tag in _BESIDE and len(element.text_content()) > _LONG:
        return
    yield element
    for child in element:
        yield from _inside(child)
