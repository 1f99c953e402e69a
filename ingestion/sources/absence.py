"""A page that was there and has nothing to say any more: told as a document, for its article's sake."""

from datetime import datetime

from ingestion.article import Document, DocumentKind
from ingestion.errors import HttpFailure, Permanent
from ingestion.source_ports import Link
from ingestion.sources.documents import Origin, document

GONE = frozenset({404, 410})


def absence(origin: Origin, link: Link, fault: Permanent | None, at: datetime) -> Document | None:
    """Build the document that says that what was there is gone or empty; None where the fault is another.

    `fault` is why the page could not be had, None for an answer without a body. Whether an article was read
    there, `transform` knows.
    """
    if fault and not (isinstance(fault, HttpFailure) and fault.status in GONE):
        return None
    return document(
        origin.named(link.item_id),
        fault.body if isinstance(fault, HttpFailure) else b"",
        locator=link.url,
        kind=DocumentKind.PAGE,
        fetched_at=at,
        discovered_url=link.url,
        fetched_url=link.url,
        http_status=fault.status if isinstance(fault, HttpFailure) else 200,
        hints=link.hints,
    )
