"""Documents read in this process, without limits: for a few that somebody looks at."""

from collections.abc import Sequence

from ingestion.article import Article, Document, Drop
from ingestion.errors import Permanent
from ingestion.parse import parse


def extract(document: Document) -> Article | Drop | Permanent:
    """Read one document; a fault that is the document's own is an answer."""
    try:
        return parse(document)
    except Permanent as fault:
        return fault


class InlineExtractor:
    """`ports.Extractor` without processes."""

    def extract(self, documents: Sequence[Document]) -> list[Article | Drop | Permanent]:
        """Read each."""
        return [extract(document) for document in documents]
