"""The index as a peer: writes batches, answers questions."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from ingestion.article import Article
from ingestion.ports import Indexed, Row
from ingestion.search.elasticsearch.actions import Action, Result, is_id
from ingestion.search.elasticsearch.answer import aggregation, counts, page_of, request_of
from ingestion.search.elasticsearch.bulk import BulkWriter
from ingestion.search.elasticsearch.connection import Connection
from ingestion.search.elasticsearch.deleting import delete
from ingestion.search.elasticsearch.documents import article_from
from ingestion.search.elasticsearch.faults import Missing
from ingestion.search.elasticsearch.layout import Layout
from ingestion.search.elasticsearch.scan import scan
from ingestion.search.elasticsearch.server import Server
from ingestion.search.elasticsearch.targets import Targets
from ingestion.search.elasticsearch.translate import ID, printable
from ingestion.search.elasticsearch.writing import Batch
from ingestion.search.mapping import template
from ingestion.search.query import Facet, FacetCount, Page, Query

VALUES = "values"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the index is named, made and written.

    Shards, replicas and the refresh interval count when an index is made; None leaves them to the template
    or to Elasticsearch. With `visible`, a batch is found by the search that follows; without, a refresh
    interval later, which is cheaper where batches are many.
    """

    name: str = "news-articles"
    shards: int | None = None
    replicas: int | None = None
    refresh_interval: str | None = None
    bulk_threads: int = 4
    bulk_bytes: int = 1024 * 1024
    visible: bool = True

    def layout(self, template: Mapping[str, Any]) -> Layout:
        """The indices that are made by a template."""
        return Layout(
            name=self.name,
            template=template,
            shards=self.shards,
            replicas=self.replicas,
            refresh_interval=self.refresh_interval,
        )


class ElasticsearchIndex:
    """Articles in Elasticsearch, made ready if it is not: `ports.SearchSink` and `query.Searcher`.

    Any number of processes write and read at once. Nothing is asked of the cluster before the first use.
    """

    def __init__(self, connection: Connection, options: Options | None = None) -> None:
        self.options = options or Options()
        self.layout = self.options.layout(template())
        self.server = Server(connection)
        self.targets = Targets(self.server, self.layout)
        self.writer = BulkWriter(
            self.server, threads=self.options.bulk_threads, request_bytes=self.options.bulk_bytes
        )

    def prepare(self) -> None:
        """Make template, index and aliases where they are missing; the first use does so by itself."""
        self.targets.prepare()

    def bulk(self, rows: Sequence[Row]) -> Sequence[Indexed]:
        """Write rows; see `ports.SearchSink`.

        Durable when it returns: an index's translog is forced to the disk with each request, which is
        Elasticsearch's own default (`index.translog.durability: request`).
        """
        batch = Batch(rows)
        if batch.write(partial(self._send, len(rows))) and self.options.visible:
            self.refresh()
        return batch.results

    def _send(self, count: int, actions: Callable[[], Iterable[Action]]) -> dict[str, Result]:
        return self.targets.write(lambda alias: self.writer.write(alias, actions(), count=count))

    def delete(self, ids: Sequence[str]) -> int:
        """Delete articles for good, also from an index that is being built; return how many were there."""
        deleted = delete(ids, targets=self.targets, writer=self.writer, server=self.server)
        if deleted and self.options.visible:
            self.refresh()
        return deleted

    def refresh(self) -> None:
        """Let searches see all that is written."""
        names = [self.layout.reading, self.layout.writing]
        self.server.write("refresh", lambda client: client.indices.refresh(index=names))

    def search(self, query: Query) -> Page:
        """Answer a question; see `query.Searcher`."""
        started = time.perf_counter()
        page = page_of(query, self._search(request_of(query)))
        return msgspec.structs.replace(page, took_seconds=time.perf_counter() - started)

    def get(self, article_id: str) -> Article | None:
        """The newest version of an article, whole."""
        wanted = printable(article_id)
        if not is_id(wanted):
            return None
        alias = self._reading()
        try:
            found = self.server.read("get", lambda client: client.get(index=alias, id=wanted))
        except Missing:
            return None
        return article_from(found["_source"])

    def count(self) -> int:
        """Count the articles in the index."""
        alias = self._reading()
        total: int = self.server.read("count", lambda client: client.count(index=alias))["count"]
        return total

    def values(self, facet: Facet, *, size: int = 100) -> tuple[FacetCount, ...]:
        """The most frequent values of a field over the whole index."""
        found = self._search({"size": 0, "aggregations": {VALUES: aggregation(facet, size=size)}})
        return counts(facet, found["aggregations"][VALUES]["buckets"])

    def articles(self) -> Iterator[Article]:
        """Every article, in the order of their ids: for comparing one index with another."""
        for source in scan(self.server, self._reading(), key=ID):
            yield article_from(source)

    def close(self) -> None:
        """Wait for what is in flight, and let go of the connections."""
        self.writer.close()
        self.server.close()

    def _search(self, body: dict[str, Any]) -> Any:
        alias = self._reading()
        return self.server.read(
            "search",
            # An answer from some of the shards would pass for an answer from all.
            lambda client: client.search(index=alias, allow_partial_search_results=False, **body),
        )

    def _reading(self) -> str:
        self.targets.prepare()
        return self.layout.reading
