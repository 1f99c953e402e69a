"""The parts of the Elasticsearch adapter that need no server."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import ConfigurationError
from ingestion.search.elasticsearch import Connection, Options
from ingestion.search.elasticsearch.actions import Action
from ingestion.search.elasticsearch.bulk import chunked
from ingestion.search.elasticsearch.connection import client_of
from ingestion.search.elasticsearch.documents import action_of, judged
from ingestion.search.elasticsearch.translate import matching
from ingestion.search.query import Filters, Mistake, Query
from ingestion.search.syntax import parse
from tests.builders import NOON
from tests.contract.newsstand import piece, row

SECRET = "a-secret-that-must-not-show"  # noqa: S105


@pytest.mark.parametrize(
    "url", ["http://search.example:9200", "http://10.0.0.1:9200", "http://127.0.0.1.example:9200"]
)
def test_clear_text_goes_no_further_than_this_machine(url: str) -> None:
    with pytest.raises(ConfigurationError, match="clear text"):
        client_of(Connection(urls=(url,)))

    client_of(Connection(urls=(url,), allow_http=True)).close()


@pytest.mark.parametrize(
    "url", ["http://localhost:9200", "http://127.0.0.1:9200", "http://[::1]:9200", "https://search.example"]
)
def test_this_machine_and_tls_are_fine(url: str) -> None:
    client_of(Connection(urls=(url,))).close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "neither an address"),
        ({"urls": ("search.example:9200",)}, "no address"),
        ({"urls": ("ftp://search.example",)}, "no address"),
        ({"urls": ("https://search.example",), "username": "news"}, "without a password"),
        ({"urls": ("https://search.example",), "ca_certs": Path("/nowhere/ca.crt")}, "/nowhere/ca.crt"),
        ({"cloud_id": "not one"}, "Elastic Cloud"),
    ],
)
def test_what_is_missing_or_wrong_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        client_of(Connection(**options))


def test_no_secret_is_shown() -> None:
    by_url = Connection(urls=(f"https://news:{SECRET}@search.example:9200",))
    by_key = Connection(urls=("https://search.example",), api_key=SECRET, password=SECRET)

    for connection in (by_url, by_key):
        assert SECRET not in repr(connection) + connection.name
    assert (by_url.username, by_url.password) == ("news", SECRET)
    assert by_url.urls == ("https://search.example:9200",)


def test_tls_is_verified() -> None:
    client = client_of(Connection(urls=("https://search.example:9200",)))
    (node,) = client.transport.node_pool.all()

    assert node.config.verify_certs
    assert node.config.ssl_context
    assert node.config.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert node.config.ssl_context.check_hostname
    client.close()


def test_a_document_is_the_row_and_its_texts_for_one_stemmer() -> None:
    made = row(piece("a", "Häuser", "Die Straße.", "de", abstract="Kurz."))
    article_id, version = judged(made)
    action = action_of(made, article_id, version)

    header, document = action.lines.split(b"\n")
    assert version == 1_795_176_000_000_000
    assert b'"version":1795176000000000,"version_type":"external_gte"' in header
    assert document.endswith(
        '"stemmed":{"de":{"headline":["Häuser"],"abstract":["Kurz."],"body":["Die Straße."]}}}'.encode()
    )


@pytest.mark.parametrize("language", [None, "ja", "el", "xx"])
def test_a_language_without_a_stemmer_is_sent_once(language: str | None) -> None:
    made = row(piece("a", "A", "A.", language))

    assert b"stemmed" not in action_of(made, *judged(made)).lines


@pytest.mark.parametrize(
    "changes",
    [
        {"article_id": "é" * 257},
        {"fetched_at": NOON.replace(year=1969)},
        {"fetched_at": NOON.replace(tzinfo=None)},
    ],
)
def test_what_cannot_be_a_document_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"bytes|1970|zone"):
        judged({**row(piece("a", "A", "A.")), **changes})


def test_requests_are_cut_by_their_bytes_and_their_number() -> None:
    actions = [Action(str(size), b"x" * size) for size in (4, 4, 4, 20, 1, 1, 1, 1, 9, 1)]

    chunks = chunked(actions, limit_bytes=10, limit_count=3)

    assert [[len(action.lines) for action in chunk] for chunk in chunks] == [
        [4, 4],
        [4],
        [20],
        [1, 1, 1],
        [1, 9],
        [1],
    ]


def _fields(text: str, **options: Any) -> list[str]:
    query = parse(text, Query(**options))
    assert not isinstance(query, Mistake)
    fields: list[str] = matching(query)["bool"]["must"][0]["multi_match"]["fields"]
    return fields


def test_only_the_stems_of_useful_languages_are_searched() -> None:
    languages = {field.split(".")[1] for field in _fields("ferry") if field.startswith("stemmed")}

    assert "en" in languages
    assert not languages & {"ar", "ru"}
    assert {field.split(".")[1] for field in _fields("книга") if field.startswith("stemmed")} == {"ru"}
    assert {field.split(".")[1] for field in _fields("كتاب") if field.startswith("stemmed")} == {"ar"}


def test_a_language_that_is_filtered_by_is_the_only_one_searched() -> None:
    fields = _fields("haus", filters=Filters(languages=("de-AT",)))

    assert {field.split(".")[1] for field in fields if field.startswith("stemmed")} == {"de"}


def test_phrases_and_runs_without_spaces_are_searched_as_they_are() -> None:
    for text in ('"ferry service"', "island-ferry", "東京"):
        assert not [field for field in _fields(text) if field.startswith("stemmed")]


def test_options_have_one_name_for_reading_and_one_for_writing() -> None:
    layout = Options(replicas=1).layout({})

    assert (layout.reading, layout.writing) == ("news-articles", "news-articles-write")
    assert layout.following(frozenset({"news-articles-000009", "news-articles-000002"})).endswith("-000010")
    assert layout.settings == {"number_of_replicas": 1}
