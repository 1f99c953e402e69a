"""What readers wrote below a story, which extractors take for a part of it."""

import re
from itertools import islice

from lxml.html import HtmlElement

_WORDS = "contains(.,'omment') or contains(.,'omentario') or contains(.,'isqus')"
_MARKED = f"descendant::*/@class[{_WORDS}]/.. | descendant::*/@id[{_WORDS}]/.."
_OF_READERS = re.compile(
    r"(?<![a-z])(?:comments?|comentarios?|kommentare?|commentaires?|disqus)(?![a-z])", re.IGNORECASE
)
_ABOUT_A_PAGE = re.compile(
    r"live[\w-]*comment|(?:has|no|with|show|hide|allow)[_-]?comments?|comments?[_-](?:open|closed|on|off|enabled|disabled|status)",
    re.IGNORECASE,
)
_INLINE = frozenset({"span", "a", "em", "strong", "b", "i", "u", "mark", "font", "q"})
_LEVELS = 4
_NEVER = frozenset({"html", "body", "main", "article"})
_MOST_OF_PAGE = 0.4
"""An element with more of the page's words is the story of an opinion page."""


def drop_comments(tree: HtmlElement) -> None:
    """Take them out of a tree."""
    marked = [element for element in tree.xpath(_MARKED) if _is_of_readers(element)]
    if not marked:
        return
    most = _MOST_OF_PAGE * len(tree.text_content())
    for element in marked:
        is_story = len(element.text_content()) > most or next(element.iter("h1", "article"), None) is not None
        if element.getparent() is not None and not is_story:
            element.drop_tree()


def _is_of_readers(element: HtmlElement) -> bool:
    mark = f"{element.get('class') or ''} {element.get('id') or ''}"
    if element.tag in _INLINE and _is_in_paragraph(element):
        return False
    return element.tag not in _NEVER and bool(_OF_READERS.search(mark)) and not _ABOUT_A_PAGE.search(mark)


def _is_in_paragraph(element: HtmlElement) -> bool:
    """Whether it is words of a paragraph, marked so that readers can comment on them."""
    return any(parent.tag == "p" for parent in islice(element.iterancestors(), _LEVELS))
