"""Small articles and documents for tests; every argument has a sensible default."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from ingestion.article import (
    Article,
    Document,
    DocumentKind,
    Extraction,
    Lineage,
    Paragraph,
    ParagraphRole,
    Publisher,
    SourceRef,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def document(body: bytes = b"<p>A body.</p>", **changes: Any) -> Document:
    made = Document(
        document_id="d" * 64,
        run_id="run-1",
        source=SourceRef(id="source", kind="feed"),
        publisher=Publisher(id="publisher"),
        kind=DocumentKind.PAGE,
        locator="http://publisher.example/a",
        fetched_url="http://publisher.example/a",
        body=body,
        fetched_at=NOON,
    )
    return replace(made, **changes)


def article(headline: str = "A headline", body: str = "A body.", **changes: Any) -> Article:
    made = Article(
        canonical_url="http://publisher.example/a",
        publisher=Publisher(id="publisher"),
        source=SourceRef(id="source", kind="feed"),
        headline=headline,
        body=body,
        paragraphs=(Paragraph(role=ParagraphRole.PARAGRAPH, text=body),),
        fetched_at=NOON,
        ingested_at=NOON,
        extraction=Extraction(method="html"),
        lineage=Lineage(
            document_id="d" * 64,
            topic="news.raw",
            partition=0,
            offset=0,
            run_id="run-1",
            code_version="0",
        ),
    )
    return replace(made, **changes)


def at_offset(made: Article, offset: int, partition: int = 0) -> Article:
    return replace(made, lineage=replace(made.lineage, offset=offset, partition=partition))
