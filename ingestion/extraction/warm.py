"""Small documents that make the parsers load their libraries and models."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ingestion.article import Document, DocumentKind, Publisher, SourceRef

SAMPLE = (
    "The harbour bridge opens again\n\nThe bridge over the harbour opens again on Monday, after two years "
    "of repairs, the council said. Ferries will go on until the end of the month.\n\nThe old piers stay."
)


def small_documents() -> Iterator[Document]:
    """Give a small text and a small page."""
    page = SAMPLE.replace("\n\n", "</p><p>")
    yield _document(DocumentKind.TEXT, SAMPLE)
    yield _document(DocumentKind.PAGE, f"<article><p>{page}</p></article>")


def _document(kind: DocumentKind, body: str) -> Document:
    return Document(
        document_id="0" * 64,
        run_id="warm",
        source=SourceRef(id="warm", kind="warm"),
        publisher=Publisher(id="warm"),
        kind=kind,
        locator="http://publisher.example/",
        body=body.encode(),
        fetched_at=datetime.now(UTC),
    )
