from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestion.errors import Cause
from ingestion.source_ports import Bookmark, Link, Listing, SourceState, Validators, Visited
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


def test_the_state_of_a_source_comes_back_as_it_was_kept_last(memory: SqlSourceMemory) -> None:
    early = SourceState(source_id="s", attempted_at=NOON, due_at=NOON, interval_seconds=900)
    late = replace(
        early, failures_in_a_row=2, failure="HTTP 503", cause=Cause.SERVER_ERROR, succeeded_at=NOON
    )
    memory.keep_state(early)
    memory.keep_state(late)

    assert memory.state("s") == late
    assert memory.states() == {"s": late}


def test_the_last_bookmark_of_a_name_is_remembered(memory: SqlSourceMemory) -> None:
    early = Bookmark(source_id="s", name="a.warc.gz", position="1", kept_at=NOON)
    late = replace(early, position="2")
    memory.keep_bookmarks([early, late])
    memory.keep_bookmarks([])

    assert memory.bookmark("s", "a.warc.gz") == late
    assert memory.bookmark("s", "b.warc.gz") is None
