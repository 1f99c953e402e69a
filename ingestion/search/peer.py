"""Both sides of full-text search in one: what stands behind `NEWS_SEARCH`."""

from collections.abc import Iterator
from typing import Protocol

from ingestion.article import Article
from ingestion.ports import SearchSink
from ingestion.search.query import Searcher


class SearchPeer(SearchSink, Searcher, Protocol):
    """The embedded index or Elasticsearch."""

    def prepare(self) -> None:
        """Make what is missing before the first write."""
        ...

    def articles(self) -> Iterator[Article]:
        """Every article, in the order of their ids: for comparing one index with another."""
        ...

    def close(self) -> None:
        """Let go."""
        ...
