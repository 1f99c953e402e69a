"""Making the index ready, by one process or several, and telling how it is."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from msgspec.structs import replace

from ingestion.article import Permission, Rights
from ingestion.errors import ConfigurationError, Unavailable
from ingestion.search.elasticsearch import Connection, ElasticsearchIndex, Options
from ingestion.search.elasticsearch.health import health
from ingestion.search.elasticsearch.layout import Layout, look, put_template, set_up, template_version
from ingestion.search.elasticsearch.reindexing import reindex
from ingestion.search.query import Facet, FacetCount
from tests.certificates import self_signed
from tests.clusters import cleaned, unique_name
from tests.contract.newsstand import FERRY, NEWSSTAND, ask, rows
from tests.proxy import Answer, Proxy, proxy_to

INDEX_ONE = """
import sys
from ingestion.codec import plain
from ingestion.search.elasticsearch import Connection, ElasticsearchIndex, Options
from tests.contract.newsstand import NEWSSTAND
url, name, number = sys.argv[1:]
index = ElasticsearchIndex(Connection(urls=(url,)), Options(name=name))
sys.stdin.readline()
print(index.bulk([plain(NEWSSTAND[int(number)])]))
"""


@pytest.fixture
def name(elasticsearch_url: str) -> Iterator[str]:
    made = unique_name()
    with cleaned(elasticsearch_url, made):
        yield made


@pytest.fixture
def index(elasticsearch_url: str, name: str) -> Iterator[ElasticsearchIndex]:
    with closing(_open(elasticsearch_url, name)) as opened:
        yield opened


@pytest.fixture
def proxy(elasticsearch_url: str) -> Iterator[Proxy]:
    with proxy_to(elasticsearch_url) as made:
        yield made


def _open(url: str, name: str, **options: Any) -> ElasticsearchIndex:
    connection = Connection(urls=(url,), read_seconds=1, write_seconds=1)
    return ElasticsearchIndex(connection, Options(name=name, **options))


def test_processes_that_begin_at_once_make_one_index(elasticsearch_url: str, name: str) -> None:
    command = [sys.executable, "-c", INDEX_ONE, elasticsearch_url, name]
    started = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("now\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in started]

    assert all("stale=False, error=None" in one for one in said), said
    with closing(_open(elasticsearch_url, name)) as index:
        assert index.count() == 3
        assert look(index.server, index.layout).indices == {f"{name}-000001"}


def test_settings_of_the_index_go_before_those_of_the_template(elasticsearch_url: str, name: str) -> None:
    options = {"shards": 2, "replicas": 0, "refresh_interval": "7s"}
    with closing(_open(elasticsearch_url, name, **options)) as index:
        index.bulk(rows(FERRY))
        found = index.server.client.indices.get_settings(index=f"{name}-000001", flat_settings=True)

        settings = found[f"{name}-000001"]["settings"]
        assert settings["index.number_of_shards"] == "2"
        assert settings["index.number_of_replicas"] == "0"
        assert settings["index.refresh_interval"] == "7s"


def test_several_shards_give_the_answers_of_one(elasticsearch_url: str, name: str) -> None:
    with closing(_open(elasticsearch_url, name, shards=3)) as index:
        index.bulk(rows(*NEWSSTAND))

        assert [hit.article_id for hit in ask(index, "").hits] == [
            "japanese",
            "budget",
            "german",
            "ferry",
            "arabic",
        ]
        assert [one.article_id for one in index.articles()] == sorted(one.article_id for one in NEWSSTAND)


def test_a_newer_template_is_left_as_it_is(index: ElasticsearchIndex, name: str) -> None:
    newer = Layout(name=name, template={**index.layout.template, "version": 99})
    put_template(index.server, newer)

    set_up(index.server, index.layout)

    assert template_version(index.server, index.layout) == 99


def older_template(template: Mapping[str, Any], *, section: str = "keyword") -> dict[str, Any]:
    """The template of a program that knew less of rights."""
    older: dict[str, Any] = json.loads(json.dumps({**template, "version": 1}))
    fields = older["template"]["mappings"]["properties"]
    rights = fields["rights"]["properties"]
    fields["rights"]["properties"] = {name: rights[name] for name in ("access", "robots", "license")}
    fields["section"] = {"type": section}
    return older


def test_an_index_of_before_gets_the_fields_of_a_newer_program(index: ElasticsearchIndex, name: str) -> None:
    set_up(index.server, Layout(name=name, template=older_template(index.layout.template)))
    reserved = replace(FERRY, rights=Rights(text_and_data_mining=Permission.RESERVED))

    assert "the next batch brings it up to date" in health(index).advice[0]
    assert [result.error for result in index.bulk(rows(reserved))] == [None]
    assert index.get("ferry") == reserved
    assert index.values(Facet.MINING) == (FacetCount("reserved", 1),)
    assert health(index).advice == ()
    assert look(index.server, index.layout).indices == {f"{name}-000001"}


def test_an_index_that_differs_in_more_than_new_fields_has_to_be_built_anew(
    index: ElasticsearchIndex, name: str
) -> None:
    older = older_template(index.layout.template, section="long")
    set_up(index.server, Layout(name=name, template=older))

    with pytest.raises(ConfigurationError, match="build the index anew"):
        index.bulk(rows(FERRY))
    reindex(index)
    assert [result.error for result in index.bulk(rows(FERRY))] == [None]
    assert index.get("ferry") == FERRY


def test_indices_without_their_aliases_are_a_matter_for_a_person(
    index: ElasticsearchIndex, elasticsearch_url: str, name: str
) -> None:
    index.bulk(rows(FERRY))
    index.server.client.indices.delete_alias(index=f"{name}-000001", name=f"{name}-write")

    with (
        closing(_open(elasticsearch_url, name)) as again,
        pytest.raises(ConfigurationError, match=f"{name}-write"),
    ):
        again.bulk(rows(FERRY))


def test_a_reader_with_an_index_in_place_changes_nothing(proxy: Proxy, index: ElasticsearchIndex) -> None:
    index.bulk(rows(FERRY))
    with closing(_open(proxy.url, index.options.name)) as reader:
        assert (reader.count(), reader.get("ferry")) == (1, FERRY)
        assert ask(reader, "ferry").total == 1

    changing = [one for one in proxy.requests if one.method != "GET" and "_search" not in one.path]
    assert [(one.method, one.path.rpartition("/")[2]) for one in changing] == [("POST", "_count")]


def test_health_tells_what_there_is(index: ElasticsearchIndex, name: str) -> None:
    empty = health(index)
    index.bulk(rows(*NEWSSTAND))
    index.server.client.indices.put_settings(
        index=f"{name}-000001", settings={"index.blocks.read_only_allow_delete": True}
    )
    full = health(index)

    assert (empty.documents, empty.indices, empty.template_version) == (0, (), None)
    assert "no index yet" in empty.advice[0]
    assert (full.documents, full.read, full.written) == (5, (f"{name}-000001",), (f"{name}-000001",))
    assert (full.version.split(".")[0], full.template_version) == ("9", full.expected_template_version)
    assert full.status in {"green", "yellow"}
    assert full.license == "unknown"
    assert full.blocks == {f"{name}-000001": ("read_only_allow_delete",)}
    assert len(full.advice) == 1
    assert "free disk space" in full.advice[0]


def test_health_tells_the_license_where_there_is_one(proxy: Proxy, name: str) -> None:
    proxy.replace({"license": {"type": "basic", "status": "active"}}, path="/_license")
    with closing(_open(proxy.url, name)) as index:
        assert health(index).license == "basic"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"version": {"number": "8.19.2"}}, "8.19.2; 9 or newer is needed"),
        ({"version": {"number": "10.0.0"}}, None),
    ],
)
def test_a_cluster_that_is_too_old_is_refused(
    proxy: Proxy, name: str, answer: dict[str, Any], said: str | None
) -> None:
    proxy.replace(answer, times=1)
    with closing(_open(proxy.url, name)) as index:
        if said is None:
            assert index.count() == 0
            return
        with pytest.raises(ConfigurationError, match=said):
            index.count()


def test_a_server_that_is_something_else_is_refused(proxy: Proxy, name: str) -> None:
    other = json.dumps({"version": {"number": "9.0.0", "distribution": "other"}}).encode()
    proxy.serve(Answer(200, [("content-type", "application/json")], other))
    with (
        closing(_open(proxy.url, name)) as index,
        pytest.raises(ConfigurationError, match="not Elasticsearch"),
    ):
        index.count()


def test_nobody_at_the_address_is_unavailable(name: str) -> None:
    with (
        closing(_open("http://127.0.0.1:9", name)) as index,
        pytest.raises(Unavailable, match=r"127\.0\.0\.1:9, version: .*refused"),
    ):
        index.count()


def test_a_certificate_that_nobody_vouches_for_is_refused(
    elasticsearch_url: str, name: str, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    with proxy_to(elasticsearch_url, certificate=certificate) as proxy:
        with (
            closing(_open(proxy.url, name)) as index,
            pytest.raises(ConfigurationError, match="certificate authority"),
        ):
            index.count()
        trusting = Connection(urls=(proxy.url,), ca_certs=certificate)
        with closing(ElasticsearchIndex(trusting, Options(name=name))) as index:
            assert index.count() == 0

    assert {request.path for request in proxy.requests} >= {"/"}


def test_a_host_that_the_certificate_does_not_name_is_refused(
    elasticsearch_url: str, name: str, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    with proxy_to(elasticsearch_url, certificate=certificate) as proxy:
        other = Connection(urls=(proxy.url.replace("127.0.0.1", "localhost"),), ca_certs=certificate)
        with (
            closing(ElasticsearchIndex(other, Options(name=name))) as index,
            pytest.raises(ConfigurationError, match=r"[Hh]ostname"),
        ):
            index.count()

    assert proxy.requests == []


def test_cleaning_up_leaves_nothing(elasticsearch_url: str) -> None:
    name = unique_name()
    with cleaned(elasticsearch_url, name), closing(_open(elasticsearch_url, name)) as index:
        index.bulk(rows(FERRY))

    with Elasticsearch(elasticsearch_url) as client:
        assert client.indices.get_alias(index=f"{name}-*").body == {}
