from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion.ports import Link, Listing, Validators, Visited
from ingestion.state.database import StateDatabase
from ingestion.state.sources import SqlSourceMemory
from tests.builders import NOON


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[SqlSourceMemory]:
    database = StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")
    yield SqlSourceMemory(database)
    database.close()


def test_nothing_is_known_of_what_was_never_seen(memory: SqlSourceMemory) -> None:
    assert memory.listing("s") is None
    assert memory.visited("http://a.example/") is None


def test_a_listing_comes_back_as_it_was_kept_last(memory: SqlSourceMemory) -> None:
    listing = Listing(
        links=(Link(url="http://a.example/é", item_id="1", hints={"feed.title": "عنوان"}),),
        validators=Validators(etag='"x"'),
        read_at=NOON,
    )
    memory.keep_listing("s", Listing(links=(), validators=Validators(), read_at=NOON))
    memory.keep_listing("s", listing)

    assert memory.listing("s") == listing


def test_the_last_visit_of_an_address_is_remembered(memory: SqlSourceMemory) -> None:
    url = "http://a.example/"
    early = Visited(url=url, validators=Validators(etag='"1"'), visited_at=NOON)
    late = Visited(url=url, validators=Validators(etag='"2"'), visited_at=NOON + timedelta(hours=1))
    memory.record_visits([early, late])
    memory.record_visits([])

    assert memory.visited(url) == late


def test_health_counts_failures_in_a_row_and_keeps_the_last_success(memory: SqlSourceMemory) -> None:
    memory.record_health("s", None)
    succeeded_at = memory.health()["s"].succeeded_at
    memory.record_health("s", "HTTP 503")
    memory.record_health("s", "HTTP 503")
    health = memory.health()["s"]

    assert (health.failures_in_a_row, health.failure, health.succeeded_at) == (2, "HTTP 503", succeeded_at)
    memory.record_health("s", None)
    assert memory.health()["s"].failures_in_a_row == 0
