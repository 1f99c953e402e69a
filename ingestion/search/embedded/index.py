"""The index as a peer: writes batches, answers questions."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import tantivy

from ingestion.article import Article
from ingestion.errors import ConfigurationError, Unavailable
from ingestion.ports import Indexed, Row
from ingestion.search.embedded.answer import answer, article_at, counted
from ingestion.search.embedded.fields import register_tokenizers
from ingestion.search.embedded.renewal import META, opened
from ingestion.search.embedded.translate import by_id
from ingestion.search.embedded.writing import THREAD_BYTES, Batch, write
from ingestion.search.query import Facet, FacetCount, Page, Query


class TantivyIndex:
    """A tantivy index in a folder, made if it is missing: `ports.SearchSink` and `query.Searcher`.

    One that an earlier version of this program made is made anew from the articles in it.

    One process writes at a time, for the length of one `bulk`; others wait for it. Any number read,
    and see each batch as soon as it is written.
    """

    def __init__(
        self,
        path: Path,
        *,
        writer_memory_bytes: int = 100_000_000,
        lock_timeout_seconds: float = 60.0,
    ) -> None:
        self._path = path
        self._memory = writer_memory_bytes
        self._timeout = lock_timeout_seconds
        self._index = _open(path, writer_memory_bytes)
        self._reading = Lock()
        self._seen: tuple[int, int, int] | None = None

    def bulk(self, rows: Sequence[Row]) -> Sequence[Indexed]:
        """Write rows; see `ports.SearchSink`."""
        batch = Batch.of(rows)
        if batch.articles:
            write(batch, self._index, self._searcher, memory=self._memory, timeout=self._timeout)
        return batch.results

    def search(self, query: Query) -> Page:
        """Answer a question; see `query.Searcher`."""
        started = time.perf_counter()
        page = answer(query, self._searcher())
        return msgspec.structs.replace(page, took_seconds=time.perf_counter() - started)

    def get(self, article_id: str) -> Article | None:
        """The newest version of an article, whole."""
        searcher = self._searcher()
        for _, address in searcher.search(by_id([article_id]), limit=1, count=False).hits:
            return article_at(searcher, address)
        return None

    def count(self) -> int:
        """Count the articles in the index."""
        total: int = self._searcher().num_docs
        return total

    def values(self, facet: Facet, *, size: int = 100) -> tuple[FacetCount, ...]:
        """The most frequent values of a field over the whole index."""
        return counted(self._searcher(), tantivy.Query.all_query(), (facet,), size=size)[facet]

    def articles(self) -> Iterator[Article]:
        """Every article, in the order of their ids: for comparing one index with another."""
        searcher = self._searcher()
        found = searcher.search(tantivy.Query.all_query(), limit=max(searcher.num_docs, 1), count=False)
        articles = (article_at(searcher, address) for _, address in found.hits)
        yield from sorted(articles, key=lambda article: article.article_id)

    def prepare(self) -> None:
        """The folder was made when it was opened."""

    def close(self) -> None:
        """Nothing is held between calls."""

    def _searcher(self) -> Any:
        """See what was committed last, by whichever process."""
        with self._reading:
            stamp = self._stamp()
            if stamp != self._seen:
                self._reload()
                self._seen = stamp
            return self._index.searcher()

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = (self._path / META).stat()
        except OSError as error:
            raise Unavailable(f"the index in {self._path} cannot be read: {error}") from error
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _reload(self) -> None:
        try:
            self._index.reload()
        except ValueError as error:
            raise Unavailable(f"the index in {self._path} cannot be read: {error}") from error


def _open(path: Path, memory: int) -> Any:
    try:
        index = opened(path, memory=max(memory, THREAD_BYTES))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the index in {path} cannot be opened: {error}. "
            "If a newer version of this program made it, remove the folder and index the articles again."
        ) from error
    register_tokenizers(index)
    index.config_reader("manual")
    return index
