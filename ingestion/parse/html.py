"""An HTML page to its article: one tree, surveyed for what it says, then read for its body."""

import re
from functools import cache
from urllib.parse import urlsplit

from lxml import etree, html
from lxml.html import HtmlElement

from ingestion.article import Document, Drop, Image, Outcome, Paragraph, Publisher, Removed
from ingestion.errors import Unreadable
from ingestion.parse.agreement import Joined
from ingestion.parse.author_box import drop_author_boxes
from ingestion.parse.body import body_of, element_count
from ingestion.parse.charset import decode
from ingestion.parse.clean import CELLS, readable
from ingestion.parse.clues import Reading
from ingestion.parse.comments import drop_comments
from ingestion.parse.completeness import shortcomings
from ingestion.parse.confidence import confidence_in, is_fragment_of, stated_body
from ingestion.parse.container import Container, container_of
from ingestion.parse.deck import with_deck
from ingestion.parse.edges import SENTENCE_ENDS, add_told, named, without_edges
from ingestion.parse.furniture import drop_unseen, take_pictures, without_labels
from ingestion.parse.linked import without_linked_lines
from ingestion.parse.outline import size_of
from ingestion.parse.pictures import words_of_pictures
from ingestion.parse.rights_said import add_header_rights, add_meta_robots
from ingestion.parse.structured import Page, survey
from ingestion.parse.times import add_time_above
from ingestion.parse.urls import DAY_IN_PATH

RULES_VERSION = "3"
MOST_ELEMENTS = 200_000
NOT_AN_ARTICLE = Drop(Outcome.DROPPED, "not_an_article")
# Classes of their own for forms and labels, as lxml.html has them, are asked for in Python at each element.
_PLAIN = etree.ElementDefaultClassLookup(element=HtmlElement)
_NO_XML = re.compile(
    r"&#(?i:x0*(?:[0-8bcef]|1[\da-f]|fff[ef])(?![\da-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d));?"
)
"""References to characters that lxml takes into a tree and will not write again."""

_ENCODING_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
_ENOUGH_PROSE = 600
_LEAST_PROSE = 140
_LONGEST_LIST_LINE, _LONGEST_TEASER = 140, 80
_NAME_BEHIND = r"(?:/(?!(?:[^/]*-){3})[^/]*)?"
"""What may be the name of a tag, and no title: a title has more words."""

_ADDRESS_OF_OTHER = re.compile(
    r"/(?:impressum|imprint|kontakt|contact(?:-us)?|about(?:-us)?|ueber-uns|privacy(?:-policy)?|datenschutz|"
    r"terms(?:-of-\w+)?|agb|login|signin|register|subscribe|search|suche|tags?|categor(?:y|ies)|authors?|"
    rf"archive|newsletter|cookies?|sitemap|faq){_NAME_BEHIND}/?(?:\.html?)?$",
    re.IGNORECASE,
)

_NUMBERED = re.compile(r"(?:^|&)\w+=\d{2,}(?:&|$)")


def read_page(document: Document) -> Reading | Drop:
    """Read an HTML page. Raises `Unreadable` for binary data and for what is no HTML."""
    decoded = decode(document)
    tree = parsed(decoded.text)
    page = survey(tree)
    add_meta_robots(page.clues, document, tree)
    add_header_rights(page.clues, document)
    teasers = _teasers(tree)
    # From here on the tree has only what could be of the story.
    images, taken = take_pictures(tree)
    drop_comments(tree)
    hidden = (*drop_unseen(tree), *drop_author_boxes(tree))
    container = container_of(tree, [found.value for found in page.clues.of("headline")])
    add_time_above(page.clues, container)
    found = body_of(tree, container)
    paragraphs, removed = _story(found, tree, page, images, document.publisher)
    decision = _decision(document, page, teasers, paragraphs, container)
    if decision:
        return decision
    warnings = [
        name
        for name, true in (("charset_replaced", decoded.replaced), ("malformed_json_ld", page.data.malformed))
        if true
    ]
    return Reading(
        method="html",
        clues=page.clues,
        paragraphs=paragraphs,
        images=(*images, *page.images),
        removed=(*taken, *hidden, *removed),
        warnings=(*warnings, *shortcomings(page, tree, paragraphs, removed)),
        confidence=confidence_in(page, found, paragraphs),
        versions=versions(),
        tried=found.tried,
    )


def parsed(text: str) -> HtmlElement:
    """Parse HTML; libxml2 itself ends it at 256 levels. Raises `Unreadable` for what is no page."""
    source = writable(readable(text))
    declaration = _ENCODING_DECLARATION.match(source)
    source = source[declaration.end() if declaration else 0 :].strip()
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(_PLAIN)
    try:
        tree = html.document_fromstring(source.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError, ValueError) as error:
        raise Unreadable(f"a page that is no HTML: {error}") from error
    if not isinstance(tree.tag, str):
        raise Unreadable("a page that is no HTML")
    if element_count(tree) > MOST_ELEMENTS:
        raise Unreadable(f"a page of more than {MOST_ELEMENTS} elements: no article has that many")
    return tree


def writable(text: str) -> str:
    """Return HTML without characters that XML cannot hold, however they are written."""
    return _NO_XML.sub(" ", text.replace("\x0b", " ").replace("\x0c", " "))


@cache
def versions() -> dict[str, str]:
    """Name what read the page."""
    from importlib.metadata import version

    return {"trafilatura": version("trafilatura"), "rules": RULES_VERSION}


def _story(
    found: Joined, tree: HtmlElement, page: Page, images: tuple[Image, ...], publisher: Publisher
) -> tuple[tuple[Paragraph, ...], tuple[Removed, ...]]:
    headlines = [found.value for found in page.clues.of("headline")]
    captions = [image.caption for image in images if image.caption]
    captions += words_of_pictures(tree, page.clues)
    paragraphs, links = without_linked_lines(found.paragraphs, tree)
    paragraphs, labels = without_labels(paragraphs, headlines, captions)
    removed = (*links, *labels, *named(found.removed, page.clues, publisher))
    paragraphs, edges = without_edges(paragraphs, page.clues, publisher)
    add_told(page.clues, removed)
    stated = stated_body(page)
    if paragraphs and not is_fragment_of(paragraphs, stated):
        page.clues.add("body_place", "html", "html:body")
        return with_deck(paragraphs, tree, page.clues, found.container), (*removed, *edges)
    if stated:
        page.clues.add("body_place", "json-ld", "json-ld:articleBody")
    return stated, removed


def _decision(
    document: Document, page: Page, teasers: int, paragraphs: tuple[Paragraph, ...], container: Container
) -> Drop | None:
    length = sum(size_of(paragraph.text) for paragraph in paragraphs)
    if not page.clues.of("headline") and not document.hints.get("feed.title"):
        return NOT_AN_ARTICLE
    if page.says_article:
        return None if paragraphs else Drop(Outcome.DROPPED, "empty_body")
    if not paragraphs or page.says_otherwise or _is_other(document, teasers, paragraphs, container):
        return NOT_AN_ARTICLE
    enough = _LEAST_PROSE if _has_marks(page, document) else _ENOUGH_PROSE
    return None if length >= enough else NOT_AN_ARTICLE


def _is_other(
    document: Document, teasers: int, paragraphs: tuple[Paragraph, ...], container: Container
) -> bool:
    """A home page, a page about the publisher, or a list of links to stories."""
    address = document.fetched_url or document.discovered_url
    path = urlsplit(address).path if address else "/-"
    lengths = [
        (size_of(paragraph.text), paragraph.text.endswith(SENTENCE_ENDS))
        for paragraph in paragraphs
        if CELLS not in paragraph.text
    ]
    short = (length for length, ends in lengths if length < (_LONGEST_TEASER if ends else _LONGEST_LIST_LINE))
    listed = sum(short) * 2 > sum(length for length, _ in lengths) or not container.story
    is_home = path in ("", "/") and not _NUMBERED.search(urlsplit(address or "").query)
    return is_home or bool(_ADDRESS_OF_OTHER.search(path)) or (teasers >= 5 and listed)


def _teasers(tree: HtmlElement) -> int:
    """Count the headings that lead to another story."""
    headings = tree.iter("h2", "h3")
    return sum(1 for heading in headings if heading.find(".//a") is not None or _in_link(heading))


def _in_link(heading: HtmlElement) -> bool:
    return next(heading.iterancestors("a"), None) is not None


def _has_marks(page: Page, document: Document) -> bool:
    """Whether anything speaks for an article: a date, an author, or a source that offered it as one."""
    fields = ("published", "author", "byline")
    address = document.fetched_url or document.discovered_url or ""
    return (
        any(page.clues.of(field) for field in fields)
        or any(name.startswith(("feed.", "sitemap.")) for name in document.hints)
        or bool(DAY_IN_PATH.search(address))
    )
