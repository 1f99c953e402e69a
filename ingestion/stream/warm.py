"""What a worker loads before it says that it is ready, so that its first records do not wait for it."""

from datetime import UTC, datetime

from ingestion.article import Document, DocumentKind, Publisher, SourceRef
from ingestion.parse import parse

SAMPLE = (
    "The harbour bridge opens again\n\nThe bridge over the harbour opens again on Monday, after two years "
    "of repairs, the council said. Ferries will go on until the end of the month.\n\nThe old piers stay."
)


def warm_parsers() -> None:
    """Read a small text and a small page: libraries and models are loaded by the first."""
    page = SAMPLE.replace("\n\n", "</p><p>")
    for kind, body in ((DocumentKind.TEXT, SAMPLE), (DocumentKind.PAGE, f"<article><p>{page}</p></article>")):
        parse(_document(kind, body))


def warm_columns() -> None:
    """Load what reads records into columns, and judges them."""
    import pyarrow.compute  # noqa: F401 - loaded, and not used here

    from expectations import masks  # noqa: F401
    from schemas import arrow  # noqa: F401


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
