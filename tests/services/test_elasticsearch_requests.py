"""What is sent to Elasticsearch is in Elastic's specification of 9.5, also where this node lacks a module."""

import pytest

from ingestion.search.elasticsearch import reindexing
from ingestion.search.elasticsearch.health import health
from ingestion.search.query import Facet, Sort
from tests.builders import NOON
from tests.clusters import opener
from tests.contract.newsstand import DAY, FERRY, NEWSSTAND, ask, piece, rows
from tests.elasticsearch_spec import documented, only_documented_requests


def test_every_request_is_documented(elasticsearch_url: str) -> None:
    with opener(elasticsearch_url) as open_index, only_documented_requests() as operations:
        index = open_index()
        index.bulk(rows(*NEWSSTAND))
        for sort in Sort:
            page = ask(index, "the language:en", sort=sort, size=1, facets=tuple(Facet))
            ask(index, "the language:en", sort=sort, size=1, cursor=page.next_cursor)
        assert index.get("ferry") == FERRY
        assert index.count() == len(index.values(Facet.DAY)) + 1
        reindexing.reindex(index)
        reindexing.drop_unused(index)
        reindexing.abandon(index)
        index.bulk(rows(piece("later", "Later", "Later.", fetched_at=NOON + DAY * 10_000)))
        index.delete(["ferry", "later"])
        list(index.articles())
        health(index)

    assert operations == [
        "bulk",
        "close_point_in_time",
        "cluster.health",
        "count",
        "get",
        "indices.create",
        "indices.delete",
        "indices.get_alias",
        "indices.get_index_template",
        "indices.get_settings",
        "indices.put_index_template",
        "indices.put_settings",
        "indices.refresh",
        "indices.update_aliases",
        "info",
        "license.get",
        "mget",
        "open_point_in_time",
        "search",
    ]


def test_the_check_finds_what_is_not_documented() -> None:
    assert documented("POST", "/news-articles-write/_bulk?require_alias=true") == "bulk"
    with pytest.raises(AssertionError, match="not in the specification"):
        documented("POST", "/_no_such_thing")
    with pytest.raises(AssertionError, match="no parameters"):
        documented("POST", "/news/_bulk?consistency=all")
