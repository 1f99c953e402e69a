"""A page that was there and has nothing to say any more: told as a document, for its article's sake."""

from datetime import datetime

from ingestion.article import Document, DocumentKind
from ingestion.errors import HttpFailure
from ingestion.source_ports import Link, Visited
from ingestion.sources.documents import Origin, document

GONE = frozenset({404, 410})


def absence(
    origin: Origin, link: Link, known: Visited | None, fault: HttpFailure | None, at: datetime
) -> Document | None:
    """Build the document that says so, once; None where there was nothing before.

    `fault` is the answer that the address is gone (404, 410), None for an answer without a body. Whether
    an article was read there, `transform` knows.
    """
    was_there = known is not None and known.failure is None
    if not was_there or (fault and fault.status not in GONE):
        return None
    return document(
        origin.named(link.item_id),
        (fault.body or b"") if fault else b"",
        locator=link.url,
        kind=DocumentKind.PAGE,
        fetched_at=at,
        discovered_url=link.url,
        fetched_url=link.url,
        http_status=fault.status if fault else 200,
        hints=link.hints,
    )
