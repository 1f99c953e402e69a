"""A node of its own that is killed in the middle of writing, and started again on the same data."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from ingestion.errors import Unavailable
from ingestion.search.elasticsearch import Connection, ElasticsearchIndex, Options
from ingestion.stack.elasticsearch import ElasticsearchServer
from tests.contract.newsstand import ask, piece, rows
from tests.proxy import Proxy, proxy_to

COUNT = 2_000


def test_a_node_that_is_killed_while_it_is_written_keeps_what_it_acknowledged_and_no_more(
    own_elasticsearch: Callable[..., ElasticsearchServer],
) -> None:
    node = own_elasticsearch(heap_mib=512)
    made = [piece(f"id-{number:04d}", f"Number {number}", "The text.") for number in range(COUNT)]
    with proxy_to(node.url) as proxy, closing(_open(proxy, seconds=120, visible=False)) as index:
        index.bulk(rows(*made[:500]))
        _kill_in_the_middle(proxy, node)
        with ThreadPoolExecutor(1) as threads:
            writing = threads.submit(
                lambda: [index.bulk(rows(*made[at:][:500])) for at in (500, 1_000, 1_500)]
            )
            results = [result for batch in writing.result(180) for result in batch]

        assert not [result for result in results if result.error or result.stale]
        index.refresh()
        assert list(index.articles()) == made
        assert ask(index, "number 1234").hits[0].article_id == "id-1234"


def test_a_node_that_is_gone_is_unavailable(elasticsearch_url: str) -> None:
    with proxy_to(elasticsearch_url) as proxy, closing(_open(proxy, seconds=0.5, visible=True)) as index:
        assert index.count() == 0
        proxy.reset()

        with pytest.raises(Unavailable):
            index.bulk(rows(piece("a", "A", "A.")))
        with pytest.raises(Unavailable):
            ask(index, "number")


def _open(proxy: Proxy, *, seconds: float, visible: bool) -> ElasticsearchIndex:
    connection = Connection(urls=(proxy.url,), write_seconds=seconds, read_seconds=seconds)
    return ElasticsearchIndex(connection, Options(bulk_bytes=64 * 1024, visible=visible))


def _kill_in_the_middle(proxy: Proxy, node: ElasticsearchServer) -> None:
    """Kill the node as the fifth request from now comes in, and start it again as the ninth does."""
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if seen == 5:
            node.kill()
        if seen == 9:
            node.restart()

    proxy.before(count, path="/_bulk")
