import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ingestion.errors import ConfigurationError, Refused, Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.fetch.guard import GuardedBackend, check_address
from ingestion.fetch.policy import FetchPolicy
from ingestion.source_ports import Fetched
from tests.unit.fetch.conftest import Make, ScriptedServer, answer

LOCAL = [
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "fc00::1",
    "fd12:3456::1",
]
NEVER = [
    "0.0.0.0",  # noqa: S104
    "169.254.169.254",
    "169.254.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]
CARRIED = ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2002:0a00:0001::"]


@pytest.mark.parametrize("address", [*LOCAL, *NEVER, *CARRIED])
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        check_address("paper.example", address)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_refused_even_to_allowed_hosts(address: str) -> None:
    with pytest.raises(Refused):
        check_address("paper.example", address, allow_private=True)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_a_public_address_passes(address: str) -> None:
    check_address("paper.example", address)


@pytest.mark.parametrize("address", LOCAL)
def test_a_private_address_passes_for_a_host_that_is_allowed_it(address: str) -> None:
    check_address("intranet", address, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::]/",
    ],
)
def test_spellings_of_a_private_address_are_refused(make: Make, url: str) -> None:
    with pytest.raises(Refused):
        make(attempts=1, connect_to={}).fetch(url)


def test_one_private_address_among_public_ones_refuses_the_host(make: Make) -> None:
    fetcher = make(connect_to={}, resolver=lambda _host, _port: ["93.184.215.14", "10.0.0.1"])

    with pytest.raises(Refused):
        fetcher.fetch("http://paper.example/")


def test_a_name_that_does_not_resolve_is_unreachable(make: Make) -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Unreachable, match="Name or service not known"):
        make(connect_to={}, resolver=unknown).fetch("http://nowhere.example/")


def test_an_answer_that_changes_between_check_and_connect_has_no_effect(
    make: Make, server: ScriptedServer
) -> None:
    """The resolver gives a refused address from its second answer on; it is asked only once."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    server.scripts["/"] = answer(200, b"x")
    fetcher = make(
        connect_to={},
        respect_robots=False,
        resolver=rebinding,
        allow_private_hosts=("paper.test",),
    )

    fetched = fetcher.fetch(f"http://paper.test:{server.port}/")

    assert isinstance(fetched, Fetched)
    assert asked == ["paper.test"]
    with pytest.raises(Refused):
        fetcher.fetch(f"http://paper.test:{server.port}/")


def test_the_host_name_stays_in_the_request_to_the_checked_address(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts["/"] = answer(200, b"x")
    fetcher = make(connect_to={}, resolver=lambda _h, _p: ["127.0.0.1"], allow_private_hosts=("*.test",))

    fetcher.fetch(f"http://paper.test:{server.port}/")

    assert f"Host: paper.test:{server.port}\r\n" in server.asked("/")[0]


def test_the_next_address_is_tried_where_the_first_does_not_answer(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts["/"] = answer(200, b"x")
    fetcher = make(
        connect_to={},
        resolver=lambda _h, _p: ["127.255.255.254", "127.0.0.1"],
        allow_private_hosts=("*.test",),
    )

    assert isinstance(fetcher.fetch(f"http://paper.test:{server.port}/"), Fetched)


@pytest.mark.parametrize("to", ["127.0.0.1", ":80", "127.0.0.1:http", ""])
def test_a_connect_to_that_is_no_endpoint_says_how_to_write_it(to: str) -> None:
    with pytest.raises(ConfigurationError, match="connect_to"):
        GuardedBackend(FetchPolicy(user_agent="bot", connect_to={"*.example": to}))


@pytest.fixture(scope="module")
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
def tls_server(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """A server of one page over TLS; the list takes the names that clients ask for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            with suppress(OSError), listener.accept()[0] as connection:
                connection.settimeout(5)
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(answer(200, b"secure"))
            if listener.fileno() < 0:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1], names
    listener.close()


def secure_fetcher(make: Make, tls: ssl.SSLContext | None = None) -> PoliteFetcher:
    return make(
        connect_to={},
        respect_robots=False,
        resolver=lambda _h, _p: ["127.0.0.1"],
        allow_private_hosts=("*.test",),
        tls=tls,
    )


def test_the_name_and_not_the_address_is_verified_in_tls(
    make: Make, tls_server: tuple[int, list[str | None]], certificate: Path
) -> None:
    port, names = tls_server
    trusting = ssl.create_default_context(cafile=str(certificate))

    fetched = secure_fetcher(make, trusting).fetch(f"https://paper.test:{port}/")

    assert isinstance(fetched, Fetched)
    assert fetched.body == b"secure"
    assert names == ["paper.test"]


def test_a_certificate_for_another_name_is_refused(
    make: Make, tls_server: tuple[int, list[str | None]], certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))

    with pytest.raises(Refused, match="certificate of other"):
        secure_fetcher(make, trusting).fetch(f"https://other.test:{tls_server[0]}/")


def test_a_certificate_that_nobody_vouches_for_is_refused(
    make: Make, tls_server: tuple[int, list[str | None]]
) -> None:
    with pytest.raises(Refused, match="certificate of paper"):
        secure_fetcher(make).fetch(f"https://paper.test:{tls_server[0]}/")
