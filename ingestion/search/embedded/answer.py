"""A page of hits with facets and highlights."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ingestion.article import Article
from ingestion.search.embedded.fields import NEWEST_AT, OLDEST_AT, ROW, TIE, name_of
from ingestion.search.embedded.times import DAY_MICROS, day
from ingestion.search.embedded.translate import ORDERS, after, both, matching
from ingestion.search.highlight import Highlighter
from ingestion.search.mapping import FACETS
from ingestion.search.query import Cursor, Facet, FacetCount, Hit, Page, Query, Sort

FACET_SIZE = 20
EXACT_TERMS = 65_000
"""Values per segment up to which counts are exact."""

Ranked = tuple[float, int, Any]
"""Sort value, tie-breaker, address."""


def answer(query: Query, searcher: Any) -> Page:
    """Answer a question; the time it took is for the caller to say."""
    base = matching(query)
    total: int = searcher.search(base, limit=1).count
    ranked, more = _ranked(query, base, searcher, total) if query.size else ([], False)
    return Page(
        total=total,
        hits=tuple(_hits(query, ranked, searcher)),
        facets=_facets(query, base, searcher),
        next_cursor=_cursor(query, ranked[-1]) if more else None,
        took_seconds=0.0,
    )


def article_at(searcher: Any, address: Any) -> Article:
    """Read a whole article."""
    return msgspec.json.decode(bytes(searcher.doc(address).get_first(ROW)), type=Article)


def _ranked(query: Query, base: Any, searcher: Any, total: int) -> tuple[list[Ranked], bool]:
    """The hits of the page in their order, and whether there are more."""
    if query.order is Sort.RELEVANCE:
        found = _by_score(query, base, searcher, total)
    else:
        found = _by_date(query, base, searcher)
    return found[: query.size], len(found) > query.size


def _by_date(query: Query, base: Any, searcher: Any) -> list[Ranked]:
    field, order = ORDERS[query.order]
    asked = base if query.cursor is None else both(base, after(query.cursor))
    found = searcher.search(asked, limit=query.size + 1, count=False, order_by_field=field, order=order)
    addresses = [address for _, address in found.hits]
    if not addresses:
        return []
    times = searcher.fast_field_values(NEWEST_AT if query.order is Sort.NEWEST else OLDEST_AT, addresses)
    ties = searcher.fast_field_values(TIE, addresses)
    return list(zip(times, ties, addresses, strict=True))


def _by_score(query: Query, base: Any, searcher: Any, total: int) -> list[Ranked]:
    """The best that come after the cursor.

    The engine breaks ties by where it stores a document, which changes; so all that tie with the
    last one wanted are fetched before they are put in order.
    """
    wanted = query.size + 1 + (query.cursor.seen if query.cursor else 0)
    limit = wanted + 1
    while True:
        hits = searcher.search(base, limit=limit, count=False).hits
        if len(hits) < limit or limit >= total or hits[-1][0] < hits[wanted - 1][0]:
            break
        limit *= 2
    ties = searcher.fast_field_values(TIE, [address for _, address in hits]) if hits else []
    ranked = sorted(
        ((score, tie, address) for (score, address), tie in zip(hits, ties, strict=True)),
        key=lambda item: (-item[0], item[1]),
    )
    cursor = query.cursor
    if cursor is None:
        return ranked
    assert isinstance(cursor.value, int | float)
    last = (-cursor.value, cursor.tie)
    return [item for item in ranked if (-item[0], item[1]) > last]


def _cursor(query: Query, last: Ranked) -> Cursor:
    seen = (query.cursor.seen if query.cursor else 0) + query.size
    return Cursor(query.order, last[0], last[1], seen)


def _hits(query: Query, ranked: Sequence[Ranked], searcher: Any) -> Iterator[Hit]:
    highlighter = Highlighter(query.terms) if query.highlight and query.terms else None
    for value, _, address in ranked:
        article = article_at(searcher, address)
        score = value if query.order is Sort.RELEVANCE else None
        yield Hit.of(article, score=score, highlights=highlighter.marks(article) if highlighter else {})


def _facets(query: Query, base: Any, searcher: Any) -> dict[Facet, tuple[FacetCount, ...]]:
    """Count each facet; one that is filtered by is counted as if it were not."""
    free = tuple(facet for facet in query.facets if not _is_filtered(query, facet))
    found = counted(searcher, base, free, size=FACET_SIZE) if free else {}
    for facet in query.facets:
        if facet not in free:
            found |= counted(searcher, matching(query, without=facet), (facet,), size=FACET_SIZE)
    return {facet: found[facet] for facet in query.facets}


def _is_filtered(query: Query, facet: Facet) -> bool:
    if facet is Facet.DAY:
        return query.published_from is not None or query.published_to is not None
    return bool(query.filters.of(facet))


def counted(
    searcher: Any, query: Any, facets: Sequence[Facet], *, size: int
) -> dict[Facet, tuple[FacetCount, ...]]:
    """Count the values of facets among the articles that match."""
    asked = {str(facet): _aggregation(facet, size) for facet in facets}
    found = searcher.aggregate(query, asked)
    return {facet: _counts(facet, found[str(facet)]["buckets"]) for facet in facets}


def _aggregation(facet: Facet, size: int) -> dict[str, Any]:
    field = name_of(FACETS[facet])
    if facet is Facet.DAY:
        return {"histogram": {"field": field, "interval": DAY_MICROS, "min_doc_count": 1}}
    return {"terms": {"field": field, "size": size, "segment_size": EXACT_TERMS}}


def _counts(facet: Facet, buckets: Any) -> tuple[FacetCount, ...]:
    if facet is Facet.DAY:
        return tuple(FacetCount(day(bucket["key"]).isoformat(), bucket["doc_count"]) for bucket in buckets)
    counts = (FacetCount(str(bucket["key"]), bucket["doc_count"]) for bucket in buckets)
    return tuple(sorted(counts, key=lambda count: (-count.count, count.value)))
