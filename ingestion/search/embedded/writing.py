"""A batch into the index: what is newest wins, and what is written is durable."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from ingestion.article import Article
from ingestion.errors import Unavailable
from ingestion.ports import Indexed, Row
from ingestion.search.embedded.fields import TIE, document_of, tie_of
from ingestion.search.embedded.times import micros
from ingestion.search.embedded.translate import by_id
from ingestion.search.rows import article_of

POLL_SECONDS = 0.02
THREAD_BYTES = 15_000_000
"""The least memory tantivy takes for a writing thread."""

ROWS_PER_THREAD = 250
MAX_THREADS = 8


class Batch:
    """Rows as they are judged: their articles where they can be written, and one result each."""

    def __init__(self) -> None:
        self.results: list[Indexed] = []
        self.articles: dict[int, Article] = {}
        self.documents: dict[int, Any] = {}

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Batch":
        """Judge rows by themselves, apart from what the index holds."""
        batch = cls()
        for row in rows:
            batch._add(row)
        return batch

    def _add(self, row: Row) -> None:
        at = len(self.results)
        try:
            article = article_of(row)
            self.documents[at] = document_of(article)
        except (ValueError, msgspec.MsgspecError) as error:
            self.results.append(Indexed(str(row.get("article_id") or ""), error=str(error)))
        else:
            self.articles[at] = article
            self.results.append(Indexed(article.article_id))

    def settle(self, present: dict[str, int]) -> list[int]:
        """Mark what is older than what is present or came earlier in the batch; return the last of each."""
        newest = dict(present)
        winners: dict[str, int] = {}
        for at, article in self.articles.items():
            observed = micros(article.fetched_at)
            if observed < newest.get(article.article_id, observed):
                self.results[at] = Indexed(article.article_id, stale=True)
            else:
                newest[article.article_id] = observed
                winners[article.article_id] = at
        return sorted(winners.values())


def write(batch: Batch, index: Any, searcher: Callable[[], Any], *, memory: int, timeout: float) -> None:
    """Write what is newer than the index. Durable when it returns. Raises `Unavailable`."""
    threads = _threads(memory, len(batch.articles))
    with _writer(index, memory=memory, threads=threads, timeout=timeout) as writer:
        present = _present({article.article_id for article in batch.articles.values()}, searcher())
        winners = batch.settle(present)
        for at in winners:
            article_id = batch.articles[at].article_id
            if article_id in present:
                writer.delete_documents_by_term("article_id", article_id)
            writer.add_document(batch.documents[at])
        if winners:
            writer.commit()


def _threads(memory: int, rows: int) -> int:
    """Each thread makes a segment of its own, so a small batch gets one."""
    return max(1, min(MAX_THREADS, os.cpu_count() or 1, memory // THREAD_BYTES, rows // ROWS_PER_THREAD))


@contextmanager
def _writer(index: Any, *, memory: int, threads: int, timeout: float) -> Iterator[Any]:
    """Hold tantivy's lock, which the system takes back from a process that is killed."""
    writer = _locked(index, memory=memory, threads=threads, deadline=time.monotonic() + timeout)
    try:
        # A writer that was killed may have left a file by the very name this one will give to its own.
        writer.garbage_collect_files()
        yield writer
    except ValueError as error:
        raise Unavailable(f"the index cannot be written: {error}") from error
    finally:
        writer.wait_merging_threads()


def _locked(index: Any, *, memory: int, threads: int, deadline: float) -> Any:
    while True:
        try:
            return index.writer(heap_size=max(memory, THREAD_BYTES), num_threads=threads)
        except ValueError as error:
            if "LockBusy" not in str(error):
                raise Unavailable(f"the index cannot be written: {error}") from error
            if time.monotonic() >= deadline:
                raise Unavailable("another process has been writing to the index for too long") from error
        time.sleep(POLL_SECONDS)


def _present(ids: set[str], searcher: Any) -> dict[str, int]:
    """When each of these articles was observed, for those that the index holds."""
    by_tie = {tie_of(article_id): article_id for article_id in ids}
    found = searcher.search(by_id(sorted(ids)), limit=len(ids), count=False)
    addresses = [address for _, address in found.hits]
    if not addresses:
        return {}
    ties = searcher.fast_field_values(TIE, addresses)
    observed = searcher.fast_field_values("fetched_at", addresses)
    return {by_tie[tie]: at for tie, at in zip(ties, observed, strict=True)}
