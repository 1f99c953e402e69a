"""What the source said about a document: less than the document itself says, more than nothing."""

import re

from ingestion.article import Document, DocumentKind
from ingestion.parse.clean import without_markup
from ingestion.parse.clues import Clues
from ingestion.parse.credits import agencies_among

_FIELDS = {
    "feed.title": "headline",
    "feed.summary": "abstract",
    "feed.published": "published",
    "feed.updated": "modified",
    "feed.language": "language",
    "sitemap.title": "headline",
    "sitemap.published": "published",
    "sitemap.lastmod": "modified",
    "sitemap.language": "language",
    "sitemap.publication": "site",
    "feed.license": "license",
    "feed.rights": "copyright_notice",
    "tdmrep.reservation": "tdm_reservation",
    "tdmrep.policy": "tdm_policy",
}
_LISTS = {
    "feed.authors": ("author", ";"),
    "feed.categories": ("keyword", "[;,]"),
    "sitemap.keywords": ("keyword", ","),
}


def add_hints(clues: Clues, document: Document) -> None:
    """Add the source's words behind the document's own; places are named as in `feed:title`."""
    for name, field in _FIELDS.items():
        clues.add(field, without_markup(document.hints.get(name, "")), name.replace(".", ":", 1))
    for name, (field, separator) in _LISTS.items():
        for value in re.split(separator, document.hints.get(name, "")):
            clues.add(field, without_markup(value), name.replace(".", ":", 1))
    if document.kind is DocumentKind.FRAGMENT:
        _add_feed_byline(clues, document.hints.get("feed.authors", ""))


def _add_feed_byline(clues: Clues, authors: str) -> None:
    for agency in agencies_among(authors):
        clues.add("credit", agency, "feed:authors")
