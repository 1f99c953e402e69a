"""Rejections in Elasticsearch."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from ingestion.article import Rejected, RejectedPayload, SourceRef
from ingestion.errors import Unreadable
from ingestion.rejected import rejected
from ingestion.search.elasticsearch import Connection, Options
from ingestion.search.elasticsearch.rejections import RejectionIndex
from tests.builders import NOON
from tests.clusters import cleaned, unique_name


@pytest.fixture
def name(elasticsearch_url: str) -> Iterator[str]:
    made = unique_name()
    with cleaned(elasticsearch_url, made):
        yield made


@pytest.fixture
def index(elasticsearch_url: str, name: str) -> Iterator[RejectionIndex]:
    with closing(RejectionIndex(Connection(urls=(elasticsearch_url,)), Options(name=name))) as opened:
        yield opened


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url) as opened:
        yield opened


def letter(number: int = 0, **changes: Any) -> Rejected:
    fault = Unreadable(f"not what it claims to be, {number}")
    told: dict[str, Any] = {
        "stage": "parse",
        "source": SourceRef(id="harbour-rss", kind="feed", url="http://harbour.example/feed"),
        "run_id": "run-1",
        "locator": f"http://harbour.example/{number}",
        "payload": b"\xff\xfe the bytes",
        "payload_kind": RejectedPayload.DOCUMENT,
        "headers": {"cookie": "x"},
        "rejected_at": NOON,
    }
    return rejected(fault, **{**told, **changes})


def test_a_dead_letter_is_kept_without_its_bytes_and_headers(
    index: RejectionIndex, client: Elasticsearch, name: str
) -> None:
    made = letter()

    assert index.bulk([made]) == {}
    found = client.get(index=name, id=made.rejected_id)["_source"]
    assert "payload" not in found
    assert "headers" not in found
    assert (found["error"], found["stage"], found["source"]["id"]) == ("Unreadable", "parse", "harbour-rss")
    assert (found["payload_bytes"], found["run_id"]) == (12, "run-1")


def test_the_index_is_there_before_the_first_rejection(
    index: RejectionIndex, client: Elasticsearch, name: str
) -> None:
    index.prepare()

    assert client.count(index=name)["count"] == 0


def test_the_same_rejection_again_is_one(index: RejectionIndex, client: Elasticsearch, name: str) -> None:
    earlier, later = letter(), letter(rejected_at=NOON + timedelta(hours=1))

    index.bulk([later, earlier])
    index.bulk([earlier])

    found = client.get(index=name, id=later.rejected_id)["_source"]
    assert later.rejected_id == earlier.rejected_id
    assert found["rejected_at"].startswith("2026-11-20T13:00")


def test_rejections_are_counted_by_reason(index: RejectionIndex, client: Elasticsearch, name: str) -> None:
    index.bulk([*(letter(number) for number in range(5)), letter(7, stage="index")])
    client.indices.refresh(index=name)
    by_stage = {"terms": {"field": "stage"}}
    by_error = {"terms": {"field": "error"}, "aggregations": {"stages": by_stage}}
    found = client.search(index=name, size=0, aggregations={"errors": by_error})

    (error,) = found["aggregations"]["errors"]["buckets"]
    stages = {bucket["key"]: bucket["doc_count"] for bucket in error["stages"]["buckets"]}
    assert (error["key"], stages) == ("Unreadable", {"parse": 5, "index": 1})


def test_a_message_and_an_address_of_any_length_are_taken(
    index: RejectionIndex, client: Elasticsearch, name: str
) -> None:
    made = letter(locator="x" * 50_000)

    assert index.bulk([made, *(letter(number) for number in range(3))]) == {}
    assert index.bulk([]) == {}
    assert client.get(index=name, id=made.rejected_id)["found"]
