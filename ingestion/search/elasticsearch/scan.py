"""Every document of an index in the order of ids, by a point in time and in pages of bounded size."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from ingestion.errors import NewsError
from ingestion.search.elasticsearch.faults import Missing
from ingestion.search.elasticsearch.server import Server

KEEP_ALIVE = "5m"
FIRST_PAGE = 100
MOST = 5_000

Source = dict[str, Any]


def scan(server: Server, index: str, *, key: str, page_bytes: int = 4 * 1024 * 1024) -> Iterator[Source]:
    """Yield the source of every document, by its field `key`, which is unique.

    A point in time that the cluster lost, as at a restart, is taken anew, and reading goes on behind the last
    key.
    """
    after: str | None = None
    while True:
        try:
            for source in _from(server, index, key=key, after=after, page_bytes=page_bytes):
                after = source[key]
                yield source
        except _Lost:
            continue
        return


class _Lost(Exception):
    """The cluster knows the point in time no more."""


def _from(server: Server, index: str, *, key: str, after: str | None, page_bytes: int) -> Iterator[Source]:
    point = server.write(
        f"point in time of {index}",
        lambda client: client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE),
    )["id"]
    try:
        size = FIRST_PAGE
        while True:
            answer = _page(server, point, key=key, after=after, size=size)
            point = answer["pit_id"]
            hits = answer["hits"]["hits"]
            yield from (hit["_source"] for hit in hits)
            if len(hits) < size:
                return
            after, size = hits[-1]["_source"][key], _next_size(hits, page_bytes)
    finally:
        _release(server, point)


def _page(server: Server, point: str, *, key: str, after: str | None, size: int) -> Mapping[str, Any]:
    def request(client: Elasticsearch) -> Any:
        return client.search(
            pit={"id": point, "keep_alive": KEEP_ALIVE},
            sort=[{key: "asc"}],
            search_after=None if after is None else [after],
            size=size,
            track_total_hits=False,
            # What a shard that is away would have given must not be missing without a word.
            allow_partial_search_results=False,
        )

    try:
        answer: Mapping[str, Any] = server.write("scan", request)
    except Missing as fault:
        raise _Lost from fault
    return answer


def _next_size(hits: list[Mapping[str, Any]], page_bytes: int) -> int:
    mean_bytes = len(orjson.dumps(hits)) / len(hits)
    return max(1, min(MOST, int(page_bytes / mean_bytes)))


def _release(server: Server, point: str) -> None:
    # A point in time that is not given back ends by itself.
    with suppress(NewsError):
        server.once("point in time", lambda client: client.close_point_in_time(id=point))
