"""What remembers robots.txt: one suite for the copies of a process, and for those that outlive it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestion.fetch.manners import MemoryRobots
from ingestion.source_ports import RobotsCopy, RobotsMemory
from ingestion.state.database import StateDatabase
from ingestion.state.robots import SqlRobotsMemory

NOON = datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)
ORIGIN = "https://paper.example"
COPY = RobotsCopy(
    body=b"User-agent: *\nDisallow: /caf\xc3\xa9\x00\xff\n",
    note="https://paper.example/robots.txt",
    read_at=NOON,
    until=NOON + timedelta(days=1),
)

Open = Callable[[], RobotsMemory]


@pytest.fixture(params=["memory", "sql"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> RobotsMemory:
    return MemoryRobots() if request.param == "memory" else sql(tmp_path)


def sql(folder: Path) -> SqlRobotsMemory:
    return SqlRobotsMemory(StateDatabase(f"sqlite:{folder / 'state.sqlite'}"))


def test_an_origin_that_was_never_asked_has_no_copy(memory: RobotsMemory) -> None:
    assert memory.robots(ORIGIN) is None


@pytest.mark.parametrize("copy", [COPY, replace(COPY, body=None), replace(COPY, body=b"")])
def test_a_copy_comes_back_as_it_was(memory: RobotsMemory, copy: RobotsCopy) -> None:
    memory.keep_robots(ORIGIN, copy)

    assert memory.robots(ORIGIN) == copy


def test_the_newest_copy_counts_however_old_it_is(memory: RobotsMemory) -> None:
    older = replace(COPY, read_at=NOON - timedelta(days=900), until=NOON - timedelta(days=899))
    memory.keep_robots(ORIGIN, COPY)
    memory.keep_robots(ORIGIN, older)

    assert memory.robots(ORIGIN) == older


def test_origins_are_told_apart(memory: RobotsMemory) -> None:
    memory.keep_robots(ORIGIN, COPY)

    assert memory.robots("http://paper.example") is None
    assert memory.robots("https://paper.example:8443") is None


def test_threads_share_it(memory: RobotsMemory) -> None:
    def work(number: int) -> bool:
        memory.keep_robots(f"https://paper-{number % 5}.example", COPY)
        return memory.robots(f"https://paper-{number % 5}.example") == COPY

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(work, range(60)))


def test_copies_in_the_state_outlive_the_process(tmp_path: Path) -> None:
    sql(tmp_path).keep_robots(ORIGIN, COPY)

    assert sql(tmp_path).robots(ORIGIN) == COPY
