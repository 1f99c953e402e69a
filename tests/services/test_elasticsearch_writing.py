"""Elasticsearch that is busy, full, blocked or gone for a while, and documents that it refuses."""

import os
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from threading import Timer
from typing import Any

import pytest

from ingestion.errors import ConfigurationError, Stop, Unavailable
from ingestion.ports import Indexed
from ingestion.search.elasticsearch import Connection, ElasticsearchIndex, Options
from tests.clusters import cleaned, unique_name
from tests.contract.newsstand import FERRY, NEWSSTAND, found, piece, row, rows
from tests.proxy import Proxy, proxy_to

BUSY_SECONDS = 60 if os.environ.get("NEWS_CRASH_ALL") == "1" else 3
BUSY = {"type": "es_rejected_execution_exception", "reason": "rejected execution: queue capacity"}


@pytest.fixture
def proxy(elasticsearch_url: str) -> Iterator[Proxy]:
    with proxy_to(elasticsearch_url) as made:
        yield made


@pytest.fixture
def name(elasticsearch_url: str) -> Iterator[str]:
    made = unique_name()
    with cleaned(elasticsearch_url, made):
        yield made


@pytest.fixture
def index(proxy: Proxy, name: str) -> Iterator[ElasticsearchIndex]:
    with closing(_open(proxy.url, name)) as opened:
        opened.targets.prepare()
        yield opened


def _open(url: str, name: str, *, seconds: float = 30, **options: Any) -> ElasticsearchIndex:
    connection = Connection(urls=(url,), write_seconds=seconds, read_seconds=seconds)
    return ElasticsearchIndex(connection, Options(name=name, **options))


def written(index: ElasticsearchIndex, count: int = 40) -> list[str]:
    """Write so many articles, and return the ids of those that the index then has."""
    made = [piece(f"id-{number:03d}", "A headline", "A body.") for number in range(count)]
    assert list(index.bulk(rows(*made))) == [Indexed(one.article_id) for one in made]
    return [one.article_id for one in index.articles()]


ALL = [f"id-{number:03d}" for number in range(40)]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_cluster_is_asked_again(index: ElasticsearchIndex, proxy: Proxy, status: int) -> None:
    rule = proxy.answer(status, path="/_bulk", times=3, error=BUSY if status == 429 else None)

    assert written(index) == ALL
    assert rule.used == 3


def test_a_batch_outlasts_a_time_of_nothing_but_429(proxy: Proxy, name: str) -> None:
    with closing(_open(proxy.url, name, seconds=4 * BUSY_SECONDS)) as index:
        index.targets.prepare()
        rule = proxy.answer(429, path="/_bulk", error=BUSY)
        over = Timer(BUSY_SECONDS, proxy.forgive, [rule])
        over.start()

        assert written(index) == ALL
        over.join()
        assert 2 <= rule.used <= 20 * BUSY_SECONDS, "asked again, and not all the time"


def test_a_connection_that_breaks_is_made_again(index: ElasticsearchIndex, proxy: Proxy) -> None:
    rule = proxy.reset(times=4)

    assert written(index) == ALL
    assert rule.used == 4


def test_a_lost_answer_is_asked_for_again_and_changes_nothing(
    index: ElasticsearchIndex, proxy: Proxy
) -> None:
    proxy.lose(path="/_bulk", times=2)

    assert written(index) == ALL


def test_a_cluster_that_stays_busy_is_unavailable_and_the_log_says_why(
    proxy: Proxy, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(_open(proxy.url, name, seconds=1)) as index:
        index.targets.prepare()
        proxy.answer(429, path="/_bulk", error=BUSY)
        with pytest.raises(Unavailable, match="429 es_rejected_execution_exception: rejected execution"):
            index.bulk(rows(FERRY))

    said = capsys.readouterr()
    assert "queue capacity" in said.out + said.err


def test_only_the_items_that_were_turned_away_are_sent_again(index: ElasticsearchIndex, proxy: Proxy) -> None:
    answers = [{"index": {"status": 201}}, {"index": {"status": 429, "error": BUSY}}]
    proxy.replace({"items": answers}, path="/_bulk", times=1)

    results = index.bulk(rows(piece("a", "A", "A."), piece("b", "B", "B.")))

    sent = [request.body.count(b'"_id"') for request in proxy.requests if "_bulk" in request.path]
    assert (list(results), sent) == ([Indexed("a"), Indexed("b")], [2, 1])


def test_an_item_that_the_mapping_refuses_does_not_hold_up_the_others(index: ElasticsearchIndex) -> None:
    bad = {**row(piece("bad", "Bad", "Bad.")), "comment_count": 2**40}

    results = index.bulk([row(FERRY), bad, row(NEWSSTAND[1])])

    assert [result.error is None for result in results] == [True, False, True]
    assert "comment_count" in str(results[1].error)
    assert "out of range" in str(results[1].error)
    assert index.count() == 2


def test_a_newer_row_that_the_mapping_refuses_does_not_shadow_an_older_one(
    index: ElasticsearchIndex,
) -> None:
    bad = {**row(FERRY), "comment_count": 2**40}

    results = index.bulk([row(FERRY), bad])

    assert [(result.error is None, result.stale) for result in results] == [(True, False), (False, False)]
    assert index.get("ferry") == FERRY


def test_a_request_that_is_too_large_is_split(index: ElasticsearchIndex, proxy: Proxy) -> None:
    rule = proxy.answer(413, path="/_bulk", larger_than_bytes=8_000)

    assert written(index) == ALL
    assert rule.used > 1


def test_a_row_that_is_too_large_alone_is_refused_and_the_others_are_written(
    index: ElasticsearchIndex, proxy: Proxy
) -> None:
    proxy.answer(413, path="/_bulk", larger_than_bytes=50_000)

    results = index.bulk(rows(FERRY, piece("big", "Big", "word " * 20_000), NEWSSTAND[1]))

    assert [result.error is None for result in results] == [True, False, True]
    assert "too large" in str(results[1].error)
    assert index.count() == 2


@pytest.mark.parametrize("block", ["read_only_allow_delete", "write"])
def test_a_full_disk_is_waited_for(
    index: ElasticsearchIndex, proxy: Proxy, name: str, block: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _set_block(index, name, block, value=True)
    refused = iter(range(3))

    def free_the_disk() -> None:
        if next(refused, None) is None:
            _set_block(index, name, block, value=None)

    proxy.before(free_the_disk, path="/_bulk")

    assert written(index) == ALL
    said = capsys.readouterr()
    assert "cluster_block_exception" in said.out + said.err


def test_a_disk_that_stays_full_is_unavailable(proxy: Proxy, name: str) -> None:
    with closing(_open(proxy.url, name, seconds=1)) as index:
        index.bulk(rows(FERRY))
        _set_block(index, name, "read_only_allow_delete", value=True)

        with pytest.raises(Unavailable, match="read-only"):
            index.bulk(rows(*NEWSSTAND))
        assert found(index, "ferry") == {"ferry"}


def _set_block(index: ElasticsearchIndex, name: str, block: str, *, value: bool | None) -> None:
    setting = {f"index.blocks.{block}": value}
    index.server.client.indices.put_settings(index=f"{name}-000001", settings=setting)


SECURITY = {"type": "security_exception", "reason": "action [indices:data/write/bulk] is unauthorized"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_write_ends_the_job_and_says_what_is_missing(
    index: ElasticsearchIndex, proxy: Proxy, status: int
) -> None:
    proxy.answer(status, path="/_bulk", error=SECURITY)

    with pytest.raises(ConfigurationError, match=r"indices:data/write/bulk.*API key"):
        index.bulk(rows(FERRY))
    assert sum("_bulk" in request.path for request in proxy.requests) == 1


def test_items_that_a_key_may_not_write_end_the_job(index: ElasticsearchIndex, proxy: Proxy) -> None:
    proxy.replace({"items": [{"index": {"status": 403, "error": SECURITY}}]}, path="/_bulk")

    with pytest.raises(ConfigurationError, match=r"privileges of docs/elasticsearch\.md"):
        index.bulk(rows(FERRY))


def test_an_alias_that_is_gone_is_not_made_as_an_index(index: ElasticsearchIndex, name: str) -> None:
    index.bulk(rows(FERRY))
    index.server.client.indices.delete(index=f"{name}-000001")

    with pytest.raises(Stop, match=f"{name}-write"):
        index.bulk(rows(FERRY))
    assert not index.server.client.indices.exists(index=f"{name}-write")


def test_one_document_is_never_in_two_requests_of_a_batch(proxy: Proxy, name: str) -> None:
    made = [piece(f"id-{number % 5}", "A", f"Version {number}.") for number in range(60)]
    with closing(_open(proxy.url, name, bulk_bytes=1)) as index:
        results = index.bulk(rows(*made))

        bodies = [request.body for request in proxy.requests if "_bulk" in request.path]
        assert len(bodies) == 5
        assert not [result for result in results if result.stale or result.error]
        assert [one.body for one in index.articles()] == [f"Version {number}." for number in range(55, 60)]


def test_memory_holds_a_few_requests_and_not_the_batch(elasticsearch_url: str, name: str) -> None:
    made = rows(*(piece(f"id-{number:03d}", "A headline", "word " * 20_000) for number in range(60)))
    with closing(_open(elasticsearch_url, name, visible=False, bulk_bytes=256 * 1024)) as index:
        index.targets.prepare()
        tracemalloc.start()
        try:
            results = index.bulk(made)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        # Each article is sent twice over, 200 KB in all: 12 MB for the batch.
        assert not [result for result in results if result.error]
        assert peak_bytes < 6_000_000
