"""On a host that both want, the live collection goes before a backfill."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.fetch.archives import OpenArchives
from ingestion.fetch.policy import FetchPolicy
from ingestion.state.database import StateDatabase
from ingestion.state.hosts import SqlHosts
from tests.unit.fetch.conftest import ScriptedServer, answer

HOST = "paper.example"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[StateDatabase]:
    with closing(StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")) as opened:
        yield opened


def test_a_backfill_waits_until_nothing_live_waits(database: StateDatabase) -> None:
    """Three live requests are waiting when the backfill comes; a fourth comes while it waits."""
    seconds = 0.0
    order: list[str] = []
    server = ScriptedServer()
    server.scripts["/crawl.warc"] = answer(200, b"WARC/1.0")

    def now() -> datetime:
        return NOON + timedelta(seconds=seconds)

    live = SqlHosts(database, lane="live", now=now, chance=lambda: 0.0)
    waiting = [live.turn(HOST, 2.0).wait_seconds for _ in range(3)]

    def sleep(wait_seconds: float) -> None:
        nonlocal seconds
        order.append(f"backfill waits {wait_seconds:.0f} s")
        seconds += wait_seconds
        if len(order) == 1:
            order.append(f"live takes a turn in {live.turn(HOST, 2.0).wait_seconds:.0f} s")

    policy = FetchPolicy(user_agent="x", min_interval_seconds=2.0, connect_to={"*.example": server.endpoint})
    backfill = SqlHosts(database, lane="backfill", now=now, chance=lambda: 0.0)
    with (
        closing(OpenArchives(policy, hosts=backfill, sleep=sleep)) as archives,
        archives.open(f"http://{HOST}/crawl.warc") as opened,
    ):
        assert opened.read() == b"WARC/1.0"
    server.close()

    assert waiting == [0.0, 2.0, 4.0]
    assert order == [
        "backfill waits 6 s",
        "live takes a turn in 0 s",
        "backfill waits 2 s",
        "backfill waits 0 s",
    ]
