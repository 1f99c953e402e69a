"""The state's database: opened by URL, brought up to date, faults translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ingestion.errors import ConfigurationError, Unavailable
from ingestion.state.tables import HEAD

BUSY_SECONDS = 60


class StateDatabase:
    """Transactions on the state. SQLite takes its write lock at the beginning of each."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        with _faults():
            _migrate(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit on a clean exit, roll back otherwise. Raises `Unavailable`."""
        with _faults(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url.replace("sqlite:", "sqlite:///", 1) if _is_short_sqlite(url) else url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed)
        return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise ConfigurationError(f"NEWS_STATE {url.partition(':')[0]}:…: {error}") from error


def _is_short_sqlite(url: str) -> bool:
    return url.startswith("sqlite:") and not url.startswith("sqlite://")


def _sqlite_engine(url: Any) -> Engine:
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        # The driver's own BEGIN comes too late to keep two writers apart; ours comes first.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _migrate(engine: Engine) -> None:
    if _revision(engine) == HEAD:
        return
    if engine.url.get_backend_name() == "sqlite":
        with FileLock(f"{engine.url.database}.migration"):
            _upgrade(engine)
    else:
        _upgrade(engine)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(engine: Engine) -> None:
    # Alembic takes a second to import, and is needed once in the life of a database.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", "ingestion.state:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigurationError(
                f"the state database at {engine.url} was made by a newer version of news than this one: "
                f"{error}; upgrade this one, or name another database in NEWS_STATE"
            ) from error


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise Unavailable(f"the state database: {error.orig}") from error
