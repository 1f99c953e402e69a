"""A cluster that may be busy: every request is tried again, with growing pauses, within a limit."""

from collections.abc import Callable
from typing import TypeVar

import stamina
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch

from ingestion.errors import ConfigurationError, Unavailable
from ingestion.search.elasticsearch.connection import Connection, client_of
from ingestion.search.elasticsearch.faults import fault_of

T = TypeVar("T")
OLDEST_MAJOR = 9
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0


class Server:
    """The client with its retries and its faults. Safe to use from several threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.client = client_of(connection)

    def once(self, what: str, request: Callable[[Elasticsearch], T]) -> T:
        """Ask once. Raises a fault of `errors`, `Unavailable` where it may work later."""
        try:
            return request(self.client)
        except (ApiError, TransportError) as error:
            raise fault_of(error, f"{self.connection.name}, {what}") from error

    def read(self, what: str, request: Callable[[Elasticsearch], T]) -> T:
        """Ask, and ask again for as long as a reader may be kept waiting."""
        return self._patiently(lambda: self.once(what, request), self.connection.read_seconds)

    def write(self, what: str, request: Callable[[Elasticsearch], T]) -> T:
        """Ask, and ask again for as long as a batch may wait."""
        return self.patiently(lambda: self.once(what, request))

    def patiently(self, attempt: Callable[[], T]) -> T:
        """Call something that raises `Unavailable` until it does not, within the limit for writing."""
        return self._patiently(attempt, self.connection.write_seconds)

    def check(self) -> str:
        """The server's version. Raises `ConfigurationError` where it is too old or something else."""
        version: str = self.read("version", lambda client: client.info())["version"]["number"]
        if int(version.split(".", maxsplit=1)[0]) < OLDEST_MAJOR:
            raise ConfigurationError(
                f"{self.connection.name} is of version {version}; {OLDEST_MAJOR} or newer is needed"
            )
        return version

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    def _patiently(self, attempt: Callable[[], T], limit_seconds: float) -> T:
        # Each pause is logged, with its cause, by the library's own hook.
        for attempted in stamina.retry_context(
            on=Unavailable,
            attempts=None,
            timeout=limit_seconds,
            wait_initial=FIRST_WAIT_SECONDS,
            wait_max=LONGEST_WAIT_SECONDS,
            wait_jitter=FIRST_WAIT_SECONDS * 5,
        ):
            with attempted:
                return attempt()
        raise AssertionError("stamina ends with a value or an exception")
