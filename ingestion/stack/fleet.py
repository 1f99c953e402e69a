"""Both servers together, under one folder: what `news stack` starts, stops and looks at."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ingestion.errors import ConfigurationError
from ingestion.stack.elasticsearch import ElasticsearchServer
from ingestion.stack.kafka import KafkaServer
from ingestion.stack.kits import missing_tools
from ingestion.stack.processes import resident_bytes
from ingestion.stack.server import Server

KINDS: Mapping[str, type[Server]] = {"kafka": KafkaServer, "elasticsearch": ElasticsearchServer}
SETTINGS: Mapping[str, str] = {"kafka": "NEWS_BROKER", "elasticsearch": "NEWS_SEARCH"}
"""The setting of the pipeline that takes the address of each."""

HEAP = "heap_mib"
DEFAULT_HEAP_MIB: Mapping[str, int] = {"kafka": 512, "elasticsearch": 1024}


class Seen(Struct, frozen=True, kw_only=True):
    """One server as it was found."""

    server: str
    version: str
    state: str
    url: str | None
    pid: int | None
    started_at: datetime | None
    memory_bytes: int | None
    data_bytes: int
    folder: str


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The servers of one folder, or some of them."""

    folder: Path
    names: Sequence[str] = tuple(KINDS)
    ports: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def servers(self) -> dict[str, Server]:
        """Name the servers; nothing is started."""
        return {name: self._server(name) for name in self.names}

    def require_tools(self) -> None:
        """Raise `ConfigurationError` where Java or Maven is missing, saying all that is to be installed."""
        if missing := missing_tools(self.names):
            raise ConfigurationError("\n  ".join(missing))

    def _server(self, name: str) -> Server:
        settings = dict(self.options.get(name, {}))
        heap = settings.pop(HEAP, str(DEFAULT_HEAP_MIB[name]))
        if not heap.isdecimal():
            raise ConfigurationError(f"--set {name}:{HEAP}={heap}: it takes a number of MiB")
        return KINDS[name](self.folder / name, self.ports.get(name), heap_mib=int(heap), settings=settings)


def options_of(told: Sequence[str]) -> dict[str, dict[str, str]]:
    """Read `SERVER:NAME=VALUE`. Raises `ConfigurationError`."""
    options: dict[str, dict[str, str]] = {}
    for text in told:
        name, _, value = text.partition("=")
        server, _, setting = name.partition(":")
        if server not in KINDS or not setting or "=" not in text:
            raise ConfigurationError(
                f"--set {text}: write SERVER:NAME=VALUE, where SERVER is {' or '.join(KINDS)}"
            )
        options.setdefault(server, {})[setting] = value
    return options


def look(name: str, server: Server) -> Seen:
    """See how a server is doing."""
    pid, record = server.pid, server.record
    started = record if pid else None
    return Seen(
        server=name,
        version=started.version if started else server.version,
        state=_state(server) if pid else "down",
        url=server.url if pid else None,
        pid=pid,
        started_at=started.started_at if started else None,
        memory_bytes=resident_bytes(pid) if pid else None,
        data_bytes=_size_bytes(server.data),
        folder=str(server.folder),
    )


def _state(server: Server) -> str:
    return "up" if server.answers() else "does not answer"


def wipe(server: Server) -> None:
    """Remove the data of a server that is down; its logs stay."""
    if server.data.exists():
        shutil.rmtree(server.data)


def _size_bytes(folder: Path) -> int:
    """Count what the files take on the disk: those of Kafka are sparse."""
    return sum(_blocks_bytes(folder))


def _blocks_bytes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        try:
            yield path.lstat().st_blocks * 512
        except FileNotFoundError:
            # A running server removes files while they are counted.
            continue
