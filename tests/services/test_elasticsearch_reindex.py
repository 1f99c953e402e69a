"""Building the index anew while readers and writers go on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Event

import pytest

from ingestion.article import Article
from ingestion.errors import Stop, Unavailable
from ingestion.search.elasticsearch import Connection, ElasticsearchIndex, Options
from ingestion.search.elasticsearch.layout import look
from ingestion.search.elasticsearch.reindexing import abandon, drop_unused, reindex
from tests.builders import NOON
from tests.clusters import cleaned, unique_name
from tests.contract.newsstand import piece, row, rows
from tests.proxy import Proxy, proxy_to

SECOND = timedelta(seconds=1)


@pytest.fixture
def name(elasticsearch_url: str) -> Iterator[str]:
    made = unique_name()
    with cleaned(elasticsearch_url, made):
        yield made


@pytest.fixture
def index(elasticsearch_url: str, name: str) -> Iterator[ElasticsearchIndex]:
    with closing(ElasticsearchIndex(Connection(urls=(elasticsearch_url,)), Options(name=name))) as opened:
        yield opened


@pytest.fixture
def proxy(elasticsearch_url: str) -> Iterator[Proxy]:
    with proxy_to(elasticsearch_url) as made:
        yield made


@pytest.fixture
def builder(proxy: Proxy, name: str) -> Iterator[ElasticsearchIndex]:
    """The same index, opened by the process that builds it anew."""
    connection = Connection(urls=(proxy.url,), write_seconds=1)
    with closing(ElasticsearchIndex(connection, Options(name=name))) as opened:
        yield opened


def numbered(count: int, word: str = "first", seconds: int = 0) -> list[Article]:
    return [
        piece(
            f"id-{number:04d}", f"Article {number}", f"The {word} text.", fetched_at=NOON + SECOND * seconds
        )
        for number in range(count)
    ]


def test_a_new_index_has_what_the_old_one_had(index: ElasticsearchIndex, name: str) -> None:
    made = numbered(700)
    index.bulk(rows(*made))
    told: list[tuple[int, int]] = []

    done = reindex(index, progress=lambda copied, total: told.append((copied, total)))

    assert (done.previous, done.index, done.copied) == (f"{name}-000001", f"{name}-000002", 700)
    assert list(index.articles()) == made
    assert told[-1] == (700, 700)
    assert drop_unused(index) == (f"{name}-000001",)
    assert index.count() == 700


def test_a_new_index_may_be_made_of_other_rows(index: ElasticsearchIndex) -> None:
    index.bulk(rows(*numbered(10)))
    truth = numbered(5, "lasting", seconds=1)

    reindex(index, rows=map(row, truth))

    assert list(index.articles()) == truth


STEPS = [
    "PUT /{name}-000002",
    "POST /_aliases",
    "POST /{name}-000001/_refresh",
    "POST /{name}-000001/_pit",
    "POST /_search",
    "PUT /{name}-000002/_bulk",
    "PUT /{name}-000002/_settings",
    "POST /{name}-000002/_refresh",
    "POST /_aliases again",
]


@pytest.mark.parametrize("step", STEPS)
def test_what_is_written_and_deleted_at_any_step_stays_so(
    index: ElasticsearchIndex, builder: ElasticsearchIndex, proxy: Proxy, name: str, step: str
) -> None:
    index.bulk(rows(*numbered(20)))
    changed = piece("id-0003", "Article 3", "The second text.", fetched_at=NOON + SECOND)
    added = piece("zz-added", "Another", "Another text.")

    def meanwhile() -> None:
        assert not [result for result in index.bulk(rows(changed, added)) if result.error or result.stale]
        assert index.delete(["id-0005"]) == 1
        assert (index.get("id-0003"), index.get("id-0005")) == (changed, None)
        assert index.count() == 20

    _before_step(proxy, step.format(name=name), meanwhile)
    reindex(builder)

    expected = [one for one in numbered(20) if one.article_id not in {"id-0003", "id-0005"}]
    expected = sorted([*expected, changed, added], key=lambda one: one.article_id)
    assert list(index.articles()) == expected


def _before_step(proxy: Proxy, step: str, action: object) -> None:
    """Do something once, just before the request that is the step."""
    method, path, *again = step.split(" ")
    skipped = len(again)

    def at_its_time() -> None:
        nonlocal skipped
        skipped -= 1
        if skipped < 0:
            proxy.forgive(rule)
            assert callable(action)
            action()

    rule = proxy.before(at_its_time, path=path)
    matches = rule.matches
    rule.matches = lambda request: request.method == method and matches(request)


def test_nothing_is_lost_while_others_write_and_delete(index: ElasticsearchIndex) -> None:
    index.bulk(rows(*numbered(1_500)))
    stop = Event()
    newest = {one.article_id: one for one in numbered(1_500)}

    def write() -> int:
        """Write articles of even numbers, old and new ones, and delete some of odd numbers."""
        turn = 0
        while not stop.is_set() or turn < 3:
            turn += 1
            batch = numbered(1_600, f"turn{turn}", seconds=turn)[turn % 7 * 2 :: 40]
            assert not [result for result in index.bulk(rows(*batch)) if result.error or result.stale]
            newest.update((one.article_id, one) for one in batch)
            gone = f"id-{(turn * 2 + 1) % 1_500:04d}"
            assert index.delete([gone]) == (newest.pop(gone, None) is not None)
        return turn

    with ThreadPoolExecutor(1) as threads, closing(_again(index)) as builder:
        writing = threads.submit(write)
        done = reindex(builder)
        following = reindex(builder)
        stop.set()
        turns = writing.result(60)

    assert turns > 2
    assert following.previous == done.index
    assert list(index.articles()) == [newest[article_id] for article_id in sorted(newest)]


def _again(index: ElasticsearchIndex) -> ElasticsearchIndex:
    return ElasticsearchIndex(index.server.connection, index.options)


def test_an_interrupted_run_is_gone_on_with(
    index: ElasticsearchIndex, builder: ElasticsearchIndex, proxy: Proxy, name: str
) -> None:
    made = numbered(50)
    index.bulk(rows(*made))
    rule = proxy.answer(503, path=f"/{name}-000002/_bulk")
    with pytest.raises(Unavailable):
        reindex(builder)
    added = piece("zz-added", "Another", "Another text.")
    index.bulk(rows(added))
    assert index.get("zz-added") == added
    proxy.forgive(rule)

    done = reindex(builder)

    assert done.index == f"{name}-000002"
    assert list(index.articles()) == [*made, added]


def test_a_run_that_is_given_up_loses_nothing(
    index: ElasticsearchIndex, builder: ElasticsearchIndex, proxy: Proxy, name: str
) -> None:
    made = numbered(50)
    index.bulk(rows(*made))
    proxy.answer(503, path=f"/{name}-000002/_bulk")
    with pytest.raises(Unavailable):
        reindex(builder)
    added = piece("zz-added", "Another", "Another text.")
    index.bulk(rows(added))

    assert abandon(index) == f"{name}-000002"
    assert abandon(index) is None
    assert list(index.articles()) == [*made, added]
    aliases = look(index.server, index.layout)
    assert aliases.read == aliases.written == aliases.indices == {f"{name}-000001"}


def test_a_row_that_the_new_index_refuses_stops_before_the_old_one_is_left(index: ElasticsearchIndex) -> None:
    index.bulk(rows(*numbered(3)))
    bad = {**row(piece("bad", "Bad", "Bad.")), "comment_count": 2**40}

    with pytest.raises(Stop, match=r"bad: .*comment_count"):
        reindex(index, rows=[bad])

    assert list(index.articles()) == numbered(3)
    assert abandon(index)


def test_a_deletion_outlives_the_copying_of_what_it_deleted(index: ElasticsearchIndex) -> None:
    made = numbered(3)
    index.bulk(rows(*made))

    def slow() -> Iterator[dict[str, object]]:
        yield from map(dict, rows(*made[:1]))
        assert index.delete(["id-0002", "never-there"]) == 1
        yield from map(dict, rows(*made[1:]))

    done = reindex(index, rows=slow())

    assert (done.copied, done.superseded) == (2, 1)
    assert list(index.articles()) == made[:2]


def test_a_point_in_time_that_is_lost_is_taken_anew(
    index: ElasticsearchIndex, builder: ElasticsearchIndex, proxy: Proxy
) -> None:
    made = numbered(350)
    index.bulk(rows(*made))
    lost = {"type": "search_context_missing_exception", "reason": "No search context found"}
    rules = [proxy.answer(404, path="/_search", times=1, error=lost) for _ in range(2)]
    articles = builder.articles()
    begun = [next(articles) for _ in range(50)]
    rules.append(proxy.answer(404, path="/_search", times=1, error=lost))

    assert [*begun, *articles] == made
    assert [rule.used for rule in rules] == [1, 1, 1]


def test_an_index_that_is_gone_cannot_be_read(index: ElasticsearchIndex, name: str) -> None:
    index.bulk(rows(*numbered(1)))
    index.server.client.indices.delete(index=f"{name}-000001")

    with pytest.raises(Stop, match="no such index"):
        list(index.articles())


def test_an_article_of_the_future_is_deleted_too(index: ElasticsearchIndex) -> None:
    index.bulk(rows(piece("later", "Later", "Later.", fetched_at=NOON + SECOND * 10**9)))

    assert index.delete(["later", "other", "", "x" * 600]) == 1
    assert (index.count(), index.get("later")) == (0, None)
