import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from ingestion.errors import ConfigurationError
from ingestion.source_ports import Validators, Visited
from ingestion.state.database import StateDatabase
from ingestion.state.sources import SqlSourceMemory
from ingestion.state.tables import HEAD, metadata


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
