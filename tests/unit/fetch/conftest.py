"""A server that says, byte for byte, what a test tells it to say."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import stamina

from ingestion.fetch.client import PoliteFetcher
from ingestion.fetch.manners import Clock
from ingestion.fetch.policy import FetchPolicy

Script = Callable[[socket.socket, str], None]


@dataclass
class Time:
    """A clock that moves only when somebody sleeps."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def clock(self) -> Clock:
        return Clock(now=lambda: self.seconds, sleep=self.sleep, chance=lambda: 0.0)


class ScriptedServer:
    """One connection per request; the path decides which script answers."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.scripts: dict[str, Script | bytes] = {"/robots.txt": answer(404)}
        self.requests: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def asked(self, path: str) -> list[str]:
        return [request for request in self.requests if request.split(" ")[1] == path]

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            request = b""
            while b"\r\n\r\n" not in request:
                if not (piece := connection.recv(65536)):
                    return
                request += piece
            text = request.decode("latin-1")
            self.requests.append(text)
            script = self.scripts.get(text.split(" ")[1].partition("?")[0], answer(404))
            if isinstance(script, bytes):
                connection.sendall(script)
            else:
                script(connection, text)

    def close(self) -> None:
        self.listener.close()


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(autouse=True)
def _no_backoff() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3, cap=True):
        yield


Make = Callable[..., PoliteFetcher]


@pytest.fixture
def make(server: ScriptedServer, time: Time) -> Iterator[Make]:
    """Build clients for which every `*.example` is the scripted server."""
    made: list[PoliteFetcher] = []

    def build(**changes: object) -> PoliteFetcher:
        resolver = changes.pop("resolver", None)
        tls = changes.pop("tls", None)
        facts: dict[str, object] = {
            "user_agent": "example-newsbot/1.0 (+https://bot.example/)",
            "connect_timeout_seconds": 2.0,
            "read_timeout_seconds": 0.3,
            "total_timeout_seconds": 1.0,
            "max_bytes": 100_000,
            "max_redirects": 3,
            "min_interval_seconds": 0.0,
            "attempts": 2,
            "connect_to": {"*.example": server.endpoint},
            **changes,
        }
        policy = FetchPolicy(**facts)  # type: ignore[arg-type]
        extra = {"resolver": resolver} if resolver else {}
        fetcher = PoliteFetcher(policy, clock=time.clock(), tls=tls, **extra)  # type: ignore[arg-type]
        made.append(fetcher)
        return fetcher

    yield build
    for fetcher in made:
        fetcher.close()
