from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion.article import Article, Document, DocumentKind, Publisher, SourceRef
from ingestion.parse import parse

Make = Callable[..., Document]
Read = Callable[..., Article]


@pytest.fixture
def make() -> Make:
    def made(body: bytes | str, kind: str = "page", **changes: Any) -> Document:
        stated: dict[str, Any] = {
            "document_id": "d",
            "run_id": "r",
            "source": SourceRef(id="s", kind="files"),
            "publisher": Publisher(id="publisher"),
            "locator": "l",
            "fetched_at": datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        }
        encoded = body.encode() if isinstance(body, str) else body
        return Document(kind=DocumentKind(kind), body=encoded, **{**stated, **changes})

    return made


@pytest.fixture
def read(make: Make) -> Read:
    def done(body: bytes | str, kind: str = "page", **changes: Any) -> Article:
        article = parse(make(body, kind, **changes))
        assert isinstance(article, Article), article
        return article

    return done
