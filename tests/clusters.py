"""Indices of a test's own on the shared Elasticsearch node, removed at its end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from uuid import uuid4

from elasticsearch import Elasticsearch

from ingestion.search.elasticsearch import Connection, ElasticsearchIndex, Options


@contextmanager
def opener(url: str, **options: Any) -> Iterator[Callable[[], ElasticsearchIndex]]:
    """Open the same index as often as a test likes."""
    name = options.pop("name", None) or unique_name()
    connection = options.pop("connection", None) or Connection(urls=(url,))
    with ExitStack() as opened, cleaned(url, name):
        yield lambda: opened.enter_context(
            closing(ElasticsearchIndex(connection, Options(name=name, **options)))
        )


def unique_name() -> str:
    return f"test-{uuid4().hex}"


@contextmanager
def cleaned(url: str, name: str) -> Iterator[None]:
    """Take away indices and template of a name."""
    try:
        yield
    finally:
        with Elasticsearch(url) as client:
            found = client.indices.get_alias(index=f"{name}-*")
            for index in found:
                client.indices.delete(index=index)
            client.options(ignore_status=404).indices.delete_index_template(name=name)
