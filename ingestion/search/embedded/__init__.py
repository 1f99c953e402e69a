"""The embedded index: tantivy, in this process, in one folder."""

from ingestion.search.embedded.index import TantivyIndex

__all__ = ["TantivyIndex"]
