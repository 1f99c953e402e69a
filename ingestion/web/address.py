"""Questions from addresses and addresses from questions; every address is relative to the page it is on."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from starlette.datastructures import QueryParams

from ingestion.search.query import (
    ATTRIBUTES,
    MAX_SIZE,
    OTHER_ORDER,
    Cursor,
    Facet,
    Filters,
    Mistake,
    Query,
    Sort,
)
from ingestion.search.syntax import parse

MAX_VALUES = 50
"""Filter values that one question may name."""


def question(params: QueryParams, *, facets: Sequence[Facet]) -> Query | Mistake:
    """Read a question from the parameters of an address."""
    read: dict[str, Any] = {
        "published_from": _bound(params.get("from", "")),
        "published_to": _bound(params.get("to", "")),
        "cursor": Cursor.decode(params["cursor"]) if params.get("cursor") else None,
        "sort": _sort(params.get("sort", "")),
        "size": _size(params.get("size", "")),
        "filters": _filters(params),
    }
    for value in read.values():
        if isinstance(value, Mistake):
            return value
    try:
        query = Query(facets=tuple(facets), **read)
    except ValueError:
        return OTHER_ORDER
    return parse(params.get("q", ""), query)


def _filters(params: QueryParams) -> Filters | Mistake:
    filters = Filters()
    for facet in ATTRIBUTES:
        values = [value for value in params.getlist(str(facet)) if value.strip()]
        if len(values) > MAX_VALUES:
            return Mistake(f"A search takes up to {MAX_VALUES} values of {facet}.")
        filters = filters.having(facet, *values)
    return filters


def _sort(text: str) -> Sort | Mistake:
    if not text:
        return Sort.RELEVANCE
    try:
        return Sort(text)
    except ValueError:
        return Mistake(f"“{text}” is no order; there are {', '.join(Sort)}.")


def _size(text: str) -> int | Mistake:
    if not text:
        return 20
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_SIZE:
        return int(text)
    return Mistake(f"A page has 1 to {MAX_SIZE} hits, not “{text}”.")


def _bound(text: str) -> date | datetime | Mistake | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return Mistake(f"“{text}” is not a date; write it as 2026-11-20.")
    return at if at.tzinfo else Mistake(f"“{text}” has no time zone; add Z or an offset such as +03:00.")


def parameters(query: Query) -> list[tuple[str, str]]:
    """The parameters that ask a question again, its page aside."""
    pairs = [("q", query.text)] if query.text else []
    pairs += [(str(facet), value) for facet in ATTRIBUTES for value in query.filters.of(facet)]
    if query.published_from is not None:
        pairs.append(("from", _written(query.published_from)))
    if query.published_to is not None:
        pairs.append(("to", _written_end(query)))
    if query.sort is not Sort.RELEVANCE:
        pairs.append(("sort", str(query.sort)))
    return pairs


def _written(bound: date | datetime) -> str:
    if isinstance(bound, datetime):
        return bound.date().isoformat() if _is_midnight(bound) else bound.isoformat()
    return bound.isoformat()


def _written_end(query: Query) -> str:
    """An end at midnight is written as the day before it, which a date includes whole."""
    end = query.published_to
    assert end is not None
    if isinstance(end, datetime) and _is_midnight(end) and end.date() > date.min:
        return (end.date() - timedelta(days=1)).isoformat()
    return _written(end)


def _is_midnight(at: datetime) -> bool:
    return at.utcoffset() == timedelta() and at.time() == datetime.min.time()


def link(query: Query, **changes: object) -> str:
    """The address, relative to the search page, of a question with changes, from its first page."""
    changed = msgspec.structs.replace(query, **{"cursor": None, **changes})
    cursor = [("cursor", changed.cursor.encode())] if changed.cursor else []
    return "?" + urlencode(parameters(changed) + cursor)


def toggled(query: Query, facet: Facet, value: str) -> str:
    """The address of a question with one value more, or less where it is there already."""
    values = query.filters.of(facet)
    kept = tuple(other for other in values if other != value)
    return link(query, filters=query.filters.setting(facet, kept if value in values else (*values, value)))


def safe_url(url: str | None) -> str | None:
    """An address that may be linked to: http or https with a host, else None."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:
        return None
    return parts.geturl() if parts.scheme in {"http", "https"} and parts.hostname else None


def as_json_facets(facets: Mapping[Facet, Sequence[object]]) -> dict[str, Sequence[object]]:
    """Facets by their names."""
    return {str(facet): counts for facet, counts in facets.items()}
