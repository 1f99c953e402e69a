"""Document to article: pure functions, chosen by the kind of the document."""

from collections.abc import Callable

from ingestion.article import Article, Document, DocumentKind, Drop, Outcome
from ingestion.errors import Unreadable
from ingestion.parse.clues import Reading

__all__ = ["parse", "read"]

GONE = frozenset({404, 410})
"""An address that answers so has no article any more, whatever the page says (RFC 9110, section 15.5)."""


def parse(document: Document) -> Article | Drop:
    """Read a document, or decide that it is no article.

    Raises `Unreadable` for bytes that are not what they claim to be, and nothing else for any bytes.
    """
    return read(document)[0]


def read(document: Document) -> tuple[Article | Drop, Reading | None]:
    """Read a document, and return also what it was put together from. Raises `Unreadable`."""
    from ingestion.parse.assemble import article_of

    if document.http_status in GONE:
        return Drop(Outcome.DROPPED, "gone"), None
    if not document.body.strip():
        return Drop(Outcome.DROPPED, "empty_body"), None
    try:
        reading = _reader(document.kind)(document)
        if isinstance(reading, Drop):
            return reading, None
        return article_of(document, reading), reading
    except RecursionError as error:
        # Nesting that the extractor follows by recursion; libxml2 itself stops at 256 levels.
        raise Unreadable("a document that is nested too deeply") from error


def _reader(kind: DocumentKind) -> Callable[[Document], Reading | Drop]:
    """Return the parser of a kind; each loads its libraries when it is first needed."""
    if kind is DocumentKind.PAGE:
        from ingestion.parse.html import read_page

        return read_page
    if kind is DocumentKind.FRAGMENT:
        from ingestion.parse.fragment import read_fragment

        return read_fragment
    if kind is DocumentKind.JSON:
        from ingestion.parse.json_article import read_json

        return read_json
    from ingestion.parse.text import read_text

    return read_text
