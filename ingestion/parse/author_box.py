"""Boxes about the author: they stand below a story and are no part of it."""

import re

from lxml.html import HtmlElement

from ingestion.article import Removed
from ingestion.parse.clean import one_line

_MARK = re.compile(
    r"(?:author|contributor|writer|autor|auteur|journalist|reporter)s?[_-]*(?:bio|box|info|card|profile|desc|about|blurb)|"
    r"about[_-]?(?:the[_-]?)?author|(?:^|[\s_-])bio(?:graphy)?(?:$|[\s_-])",
    re.IGNORECASE,
)
_WORDS = ("author", "contributor", "writer", "autor", "auteur", "journalist", "reporter", "bio")
"""Every mark has one of them."""

_BOXES = ("div", "section", "aside", "footer", "address", "p", "ul")
_SHORTEST, _LONGEST = 40, 1500
_MOST_PARAGRAPHS = 6


def drop_author_boxes(tree: HtmlElement) -> tuple[Removed, ...]:
    """Take out what a class or an id marks as being about the author, and return its words."""
    removed: list[Removed] = []
    for element in [box for box in tree.iter(*_BOXES) if _is_box(box)]:
        if element.getparent() is None:
            continue
        words = one_line(element.text_content())
        if _SHORTEST <= len(words) <= _LONGEST:
            removed.append(Removed(text=words, rule="author_box"))
            element.drop_tree()
    return tuple(removed)


def _is_box(element: HtmlElement) -> bool:
    marks = f"{element.get('class') or ''} {element.get('id') or ''}".lower()
    if not (any(word in marks for word in _WORDS) and _MARK.search(marks)):
        return False
    return next(element.iter("h1"), None) is None and len(element.findall(".//p")) <= _MOST_PARAGRAPHS
