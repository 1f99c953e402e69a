"""A server that says, byte for byte, what a test tells it to say."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stamina
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ingestion.fetch.client import PoliteFetcher
from ingestion.fetch.manners import Clock
from ingestion.fetch.policy import FetchPolicy

BEGIN = datetime(2026, 11, 2, 10, tzinfo=UTC)
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
        return Clock(now=lambda: self.seconds, sleep=self.sleep, chance=lambda: 0.0, utc=self.utc)

    def utc(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)


class ScriptedServer:
    """One connection per request; the path decides which script answers."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
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
                threading.Thread(target=self._accept, args=(connection,), daemon=True).start()

    def _accept(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            self._talk(self.tls.wrap_socket(connection, server_side=True) if self.tls else connection)

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and its own certificate for paper.test, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "paper.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("paper.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return both


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """What trusts that certificate, and no other."""
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def serving(certificate: Path) -> ssl.SSLContext:
    """What serves with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def secure_server(serving: ssl.SSLContext) -> Iterator[ScriptedServer]:
    scripted = ScriptedServer(serving)
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
NO_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Verifies and trusts nobody; quicker to make than the real one."""

PARTS = ("hosts", "robots", "resolver", "clock", "tls")


@pytest.fixture
def make(server: ScriptedServer, time: Time) -> Iterator[Make]:
    """Build clients for which every `*.example` is the scripted server."""
    made: list[PoliteFetcher] = []

    def build(**changes: object) -> PoliteFetcher:
        extra = {name: changes.pop(name) for name in PARTS if name in changes}
        facts: dict[str, object] = {
            "user_agent": "example-newsbot/1.0 (+https://bot.example/)",
            "connect_timeout_seconds": 2.0,
            "read_timeout_seconds": 5.0,
            "total_timeout_seconds": 10.0,
            "max_bytes": 100_000,
            "max_redirects": 3,
            "min_interval_seconds": 0.0,
            "attempts": 2,
            "connect_to": {"*.example": server.endpoint},
            **changes,
        }
        policy = FetchPolicy(**facts)  # type: ignore[arg-type]
        parts = {"clock": time.clock(), "tls": NO_TRUST, **extra}
        fetcher = PoliteFetcher(policy, **parts)  # type: ignore[arg-type]
        made.append(fetcher)
        return fetcher

    yield build
    for fetcher in made:
        fetcher.close()


def at_loopback(_host: str, _port: int) -> list[str]:
    """Resolve every name to this machine."""
    return ["127.0.0.1"]


INTRANET: dict[str, object] = {
    "connect_to": {},
    "resolver": at_loopback,
    "allow_private_hosts": ("*.test",),
}
"""Every host is this machine, and those of `.test` may be."""
