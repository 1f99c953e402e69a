"""The state's database: opened by URL, brought up to date, faults translated."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ingestion.errors import ConfigurationError, Unavailable
from ingestion.state.tables import HEAD

BUSY_SECONDS = 60
CONNECTIONS = 8
"""Threads beyond these wait for one that is free; each transaction takes a millisecond or so."""

READS = {"news_reads": True}
LAZY = {"news_lazy": True}


class StateDatabase:
    """Transactions on the state. SQLite takes its write lock at the beginning of each that may write.

    Safe for several threads: those that write to SQLite queue in the process, because in the file they
    would look for the lock again and again, and the unlucky one for long.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        is_sqlite = self.engine.url.get_backend_name() == "sqlite"
        self._writing: AbstractContextManager[Any] = Lock() if is_sqlite else nullcontext()
        with _faults():
            _migrate(self.engine)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Connection]:
        """Commit on a clean exit, roll back otherwise. Raises `Unavailable`.

        One that is not `durable` outlives the end of the process, `kill -9` too, but the last ones not
        that of the machine: it does not wait for the disk.
        """
        options = {} if durable else LAZY
        with _faults(), self._writing, self._connected(options) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See one consistent state, without waiting for those that write. Raises `Unavailable`."""
        with _faults(), self._connected(READS) as connection, connection.begin():
            yield connection

    def _connected(self, options: Mapping[str, bool]) -> Connection:
        return self.engine.connect().execution_options(**options)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url.replace("sqlite:", "sqlite:///", 1) if _is_short_sqlite(url) else url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed)
        return _server_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise ConfigurationError(f"NEWS_STATE {url.partition(':')[0]}:…: {error}") from error


def _is_short_sqlite(url: str) -> bool:
    return url.startswith("sqlite:") and not url.startswith("sqlite://")


def _server_engine(url: Any) -> Engine:
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=BUSY_SECONDS
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("news_lazy"):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")

    return engine


def _sqlite_engine(url: Any) -> Engine:
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        # The driver's own BEGIN comes too late to keep two writers apart; ours comes first.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        wanted = "NORMAL" if options.get("news_lazy") else "FULL"
        if connection.info.get("synchronous") != wanted:
            # It cannot be changed once the transaction has begun.
            connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
            connection.info["synchronous"] = wanted
        connection.exec_driver_sql("BEGIN" if options.get("news_reads") else "BEGIN IMMEDIATE")

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
    except PoolTimeout as error:
        raise Unavailable(f"the state database is busy for more than {BUSY_SECONDS} s") from error
