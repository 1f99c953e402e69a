import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

import pytest

from ingestion.errors import Cause, ConfigurationError, Refused, Unreachable, cause_of
from ingestion.fetch.addresses import check_address
from ingestion.fetch.guard import GuardedBackend
from ingestion.fetch.policy import FetchPolicy
from ingestion.source_ports import Fetched
from tests.unit.fetch.conftest import INTRANET, Make, ScriptedServer, answer

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
NEVER += [
    "0.1.2.3",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "168.63.129.16",
    "::ffff:168.63.129.16",
    "fd20:ce::254",
    "fec0::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "::127.0.0.1",
    "::93.184.215.14",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::5db8:d70e",
    "2001:0:53aa:64c:0:1234:5601:5601",
    "2001:0:7f00:1::1",
    "2002:c058:6301::1",
    "not an address",
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
        "http://127.0.0.1./",
        "http://localhost./",
        "http://LOCALHOST/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://0x7f000001/",
        "http://①②⑦.0.0.1/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://0/",
    ],
)
def test_spellings_of_a_private_address_are_refused(make: Make, url: str) -> None:
    with pytest.raises(Refused):
        make(attempts=1, connect_to={}).fetch(url)


def test_one_private_address_among_public_ones_refuses_the_host(make: Make) -> None:
    fetcher = make(connect_to={}, resolver=lambda _host, _port: ["93.184.215.14", "10.0.0.1"])

    with pytest.raises(Refused):
        fetcher.fetch("http://paper.example/")


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), 1),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), 3),
        (UnicodeError("label too long"), 1),
        (None, 1),
    ],
)
def test_a_name_that_does_not_resolve_is_told_apart(
    make: Make, error: OSError | UnicodeError | None, attempts: int
) -> None:
    asked: list[str] = []

    def unknown(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        if error:
            raise error
        return []

    with pytest.raises(Unreachable, match=r"the name nowhere\.example") as caught:
        make(connect_to={}, resolver=unknown, attempts=3).fetch("http://nowhere.example/")

    assert caught.value.cause is Cause.DNS
    assert len(asked) == attempts


def test_a_dot_after_the_name_of_a_host_is_left_out(make: Make, server: ScriptedServer) -> None:
    server.scripts["/"] = answer(200, b"x")
    fetcher = make(**INTRANET)

    fetched = fetcher.fetch(f"http://paper.test.:{server.port}/")

    assert isinstance(fetched, Fetched)
    assert fetched.url == f"http://paper.test:{server.port}/"
    assert f"Host: paper.test:{server.port}\r\n" in server.asked("/")[0]


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


@pytest.fixture
def names(secure_server: ScriptedServer) -> list[str | None]:
    """The names that clients ask the TLS server for."""
    found: list[str | None] = []
    assert secure_server.tls
    secure_server.tls.sni_callback = lambda _socket, name, _context: found.append(name)
    secure_server.scripts["/"] = answer(200, b"secure")
    return found


def test_the_name_and_not_the_address_is_verified_in_tls(
    make: Make, secure_server: ScriptedServer, names: list[str | None], trusting: ssl.SSLContext
) -> None:
    fetcher = make(**INTRANET, tls=trusting, respect_robots=False)

    fetched = fetcher.fetch(f"https://paper.test:{secure_server.port}/")

    assert isinstance(fetched, Fetched)
    assert fetched.body == b"secure"
    assert names == ["paper.test"]


def test_a_certificate_for_another_name_is_refused(
    make: Make, secure_server: ScriptedServer, trusting: ssl.SSLContext
) -> None:
    with pytest.raises(Refused, match="certificate of other") as caught:
        make(**INTRANET, tls=trusting).fetch(f"https://other.test:{secure_server.port}/")

    assert cause_of(caught.value) is Cause.TLS


def test_a_certificate_that_nobody_vouches_for_is_refused(make: Make, secure_server: ScriptedServer) -> None:
    with pytest.raises(Refused, match="certificate of paper") as caught:
        make(**INTRANET, tls=None).fetch(f"https://paper.test:{secure_server.port}/")

    assert cause_of(caught.value) is Cause.TLS


def test_a_server_without_tls_where_it_should_be_has_trouble_with_tls(
    make: Make, trusting: ssl.SSLContext
) -> None:
    with KeepAlive() as plain, pytest.raises(Unreachable) as caught:
        make(**INTRANET, tls=trusting, attempts=1).fetch(f"https://paper.test:{plain.port}/")

    assert caught.value.cause is Cause.TLS


def test_a_connection_of_an_allowed_host_serves_no_other(make: Make) -> None:
    """Both names have the same address and port, and the connection is kept open."""
    with KeepAlive() as kept:
        fetcher = make(**INTRANET, respect_robots=False)
        for _ in range(2):
            fetcher.fetch(f"http://paper.test:{kept.port}/")

        assert kept.connections == 1
        for other in ("paper.example", "127.0.0.1", "paper.test.example", "localhost"):
            with pytest.raises(Refused):
                fetcher.fetch(f"http://{other}:{kept.port}/")
        assert kept.connections == 1


class KeepAlive:
    """A server that keeps connections open, and counts them."""

    def __init__(self) -> None:
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
