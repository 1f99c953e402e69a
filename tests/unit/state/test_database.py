import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text, update

from ingestion.errors import ConfigurationError
from ingestion.source_ports import Bookmark, Validators, Visited
from ingestion.state.database import CONNECTIONS, StateDatabase
from ingestion.state.sources import SqlSourceMemory
from ingestion.state.tables import HEAD, bookmarks, metadata

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def mark(position: int) -> Bookmark:
    return Bookmark(source_id="paper", name="page", position=str(position), kept_at=NOON)


@pytest.fixture
def database(tmp_path: Path) -> StateDatabase:
    return StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")


def test_the_migrations_arrive_at_the_tables(tmp_path: Path) -> None:
    database = StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "ingestion.state:migrations")

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_processes_that_start_at_once_make_the_tables_once(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'state.sqlite'}"
    script = "import sys; from ingestion.state.database import StateDatabase; StateDatabase(sys.argv[1])"
    starting = [subprocess.Popen([sys.executable, "-c", script, url]) for _ in range(4)]

    assert [process.wait() for process in starting] == [0, 0, 0, 0]


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'state.sqlite'}"
    database = StateDatabase(url)
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigurationError, match="newer version of news"):
        StateDatabase(url)


def test_a_database_nobody_knows_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match="NEWS_STATE"):
        StateDatabase("oracel://host/db")


def test_naive_times_are_refused(tmp_path: Path) -> None:
    memory = SqlSourceMemory(StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}"))
    naive = Visited(url="u", validators=Validators(), visited_at=datetime(2026, 1, 1))  # noqa: DTZ001

    with pytest.raises(Exception, match="naive"):
        memory.record_visits([naive])


def test_many_threads_write_and_read_without_losing_anything(database: StateDatabase) -> None:
    memory = SqlSourceMemory(database)

    def work(thread: int) -> int:
        for number in range(10):
            visit = Visited(url=f"{thread}/{number}", validators=Validators(), visited_at=NOON)
            memory.record_visits([visit])
            assert memory.visited(visit.url) == visit
        return thread

    with ThreadPoolExecutor(40) as threads:
        assert sorted(threads.map(work, range(40))) == list(range(40))

    urls = [f"{thread}/{number}" for thread in range(40) for number in range(10)]
    assert len(memory.visited_many(urls)) == 400


def test_threads_that_add_up_do_not_overwrite_one_another(database: StateDatabase) -> None:
    """Each transaction reads and then writes: it must have the lock from its beginning."""
    memory = SqlSourceMemory(database)
    memory.keep_bookmarks([mark(0)])

    def add(_: int) -> None:
        with database.transaction() as connection:
            found = connection.execute(select(bookmarks.c.position)).scalar_one()
            connection.execute(update(bookmarks).values(position=str(int(found) + 1)))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(add, range(200)))

    assert memory.bookmark("paper", "page") == mark(200)


def test_those_who_read_do_not_wait_for_the_one_who_writes(database: StateDatabase) -> None:
    memory = SqlSourceMemory(database)
    memory.keep_bookmarks([mark(1)])
    with database.transaction() as connection, ThreadPoolExecutor(1) as threads:
        connection.execute(update(bookmarks).values(position="2"))
        seen = threads.submit(memory.bookmark, "paper", "page").result(timeout=30)

    assert seen == mark(1)
    assert memory.bookmark("paper", "page") == mark(2)


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_what_is_durable_waits_for_the_disk(
    database: StateDatabase, *, durable: bool, synchronous: int
) -> None:
    for _ in range(CONNECTIONS + 1):
        with database.transaction(durable=not durable):
            pass
        with database.transaction(durable=durable) as connection:
            found = connection.execute(text("PRAGMA synchronous")).scalar()

    assert found == synchronous


def test_addresses_that_were_never_visited_are_left_out(database: StateDatabase) -> None:
    memory = SqlSourceMemory(database)
    visits = [Visited(url=f"u/{n}", validators=Validators(), visited_at=NOON) for n in range(1_200)]
    memory.record_visits(visits)
    found = memory.visited_many([visit.url for visit in visits] + ["never", "never/either"])

    assert found == {visit.url: visit for visit in visits}
    assert memory.visited_many([]) == {}
