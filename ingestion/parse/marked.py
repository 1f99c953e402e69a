"""What the elements of a page say by their kind or their class: links, headings, times, bylines."""

from lxml.html import HtmlElement

from ingestion.parse.bylines import add_bylines
from ingestion.parse.clean import one_line
from ingestion.parse.clues import Clues
from ingestion.parse.heading import above, below, heading_of
from ingestion.parse.times import add_times

_KICKER_AND_TITLE = 2
_KICKERS = (
    "kicker",
    "overline",
    "eyebrow",
    "topline",
    "dachzeile",
    "antetitulo",
    "surtitre",
    "roofline",
    "supertitle",
    "label",
)


def add_marked(clues: Clues, tree: HtmlElement) -> None:
    """Add the finds of links, headings, times and bylines."""
    for link in tree.iter("link"):
        kind = (link.get("rel") or "").lower().split()
        if "canonical" in kind:
            clues.add("declared_canonical", link.get("href"), "link:canonical")
        if "license" in kind:
            clues.add("license", link.get("href"), "link:license")
    clues.add("language", tree.get("lang") or tree.get("xml:lang"), "html:lang")
    for heading in tree.iter("h1"):
        clues.add("headline", _heading_text(heading), "html:h1")
    for title in tree.xpath("descendant::title[not(ancestor::svg)][1]"):
        clues.add("headline", one_line(title.text_content()), "html:title")
    head = heading_of(clues, tree)
    near = list(below(head)) if head is not None else []
    over = list(above(head)) if head is not None else []
    add_times(clues, tree, near, over)
    add_bylines(clues, tree, near, over)


def _heading_text(heading: HtmlElement) -> str:
    """Return the headline; a kicker in an element of its own above it is no part of it."""
    parts = [part for part in heading if isinstance(part.tag, str) and one_line(part.text_content())]
    if (
        len(parts) == _KICKER_AND_TITLE
        and not (heading.text or "").strip()
        and not (parts[0].tail or "").strip()
    ):
        mark = (parts[0].get("class") or "").lower()
        if any(word in mark for word in _KICKERS):
            return one_line(parts[1].text_content())
    return one_line(" ".join(heading.itertext()) if parts else heading.text_content())
