"""A page of hits with facets and highlights, made of one search request."""

from collections.abc import Iterator, Mapping
from typing import Any

from ingestion.search.elasticsearch.documents import article_from
from ingestion.search.elasticsearch.translate import Clause, filters_of, matching, order_of
from ingestion.search.highlight import Highlighter
from ingestion.search.mapping import FACETS
from ingestion.search.query import Cursor, Facet, FacetCount, Hit, Page, Query, Sort

FACET_SIZE = 20
SHARD_SIZE = 2_000
"""Values that each shard tells its counts of; on one shard counts are exact anyway."""

UNSHOWN = ["paragraphs", "images", "provenance", "extraction.removed"]
"""What no list of results shows."""


def request_of(query: Query) -> dict[str, Any]:
    """The body of the search request: one hit more than a page has, to tell whether there is another page."""
    apart = [facet for facet in query.facets if facet in filters_of(query)]
    body: dict[str, Any] = {
        "query": matching(query, apart=apart),
        "size": query.size + 1 if query.size else 0,
        "sort": order_of(query),
        "track_total_hits": True,
        "source_excludes": UNSHOWN,
    }
    if apart:
        body["post_filter"] = {"bool": {"filter": [filters_of(query)[facet] for facet in apart]}}
    if query.facets:
        body["aggregations"] = {str(facet): _facet(facet, query, apart) for facet in query.facets}
    if query.cursor and query.size:
        body["search_after"] = [query.cursor.value, query.cursor.tie]
    return body


def page_of(query: Query, found: Mapping[str, Any]) -> Page:
    """Read the answer; the time it took is for the caller to say."""
    hits = found["hits"]["hits"]
    shown = hits[: query.size]
    return Page(
        total=found["hits"]["total"]["value"],
        hits=tuple(_hits(query, shown)),
        facets={facet: _counts_of(facet, found["aggregations"][str(facet)]) for facet in query.facets},
        next_cursor=_cursor(query, shown[-1]["sort"]) if len(hits) > len(shown) else None,
        took_seconds=0.0,
    )


def aggregation(facet: Facet, *, size: int) -> Clause:
    """Count the values of a facet."""
    field = FACETS[facet]
    if facet is Facet.DAY:
        return {
            "date_histogram": {
                "field": field,
                "calendar_interval": "day",
                "format": "uuuu-MM-dd",
                "min_doc_count": 1,
            }
        }
    return {"terms": {"field": field, "size": size, "shard_size": max(size, SHARD_SIZE)}}


def counts(facet: Facet, buckets: list[Mapping[str, Any]]) -> tuple[FacetCount, ...]:
    """Read the counts of a facet."""
    key = "key_as_string" if facet is Facet.DAY else "key"
    return tuple(FacetCount(str(bucket[key]), bucket["doc_count"]) for bucket in buckets)


def _facet(facet: Facet, query: Query, apart: list[Facet]) -> Clause:
    """Count among what the other filters leave."""
    others = [filters_of(query)[other] for other in apart if other is not facet]
    counted = aggregation(facet, size=FACET_SIZE)
    return {"filter": {"bool": {"filter": others}}, "aggregations": {"values": counted}}


def _counts_of(facet: Facet, answer: Mapping[str, Any]) -> tuple[FacetCount, ...]:
    return counts(facet, answer["values"]["buckets"])


def _cursor(query: Query, last: list[Any]) -> Cursor:
    seen = (query.cursor.seen if query.cursor else 0) + query.size
    return Cursor(query.order, last[0], last[1], seen)


def _hits(query: Query, found: list[Mapping[str, Any]]) -> Iterator[Hit]:
    highlighter = Highlighter(query.terms) if query.highlight and query.terms else None
    for hit in found:
        article = article_from(hit["_source"])
        score = hit["sort"][0] if query.order is Sort.RELEVANCE else None
        yield Hit.of(article, score=score, highlights=highlighter.marks(article) if highlighter else {})
