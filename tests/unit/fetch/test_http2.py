"""HTTP/2, against servers that speak it well, too much, or not at all."""

import random
import socket
import ssl
import threading
import time as wall
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import h2.config
import h2.connection
import h2.events
import pytest

from ingestion.errors import NewsError, TooLarge, Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.fetch.manners import Clock
from ingestion.source_ports import Fetched
from tests.unit.fetch.conftest import INTRANET, Make

Talk = Callable[["Http2Server", socket.socket, h2.connection.H2Connection, int], None]


class Http2Server:
    """Answers every request by one script."""

    def __init__(self, tls: ssl.SSLContext, talk: Talk) -> None:
        tls.set_alpn_protocols(["h2"])
        self.tls = tls
        self.talk = talk
        self.connections = 0
        self.requests: list[dict[bytes, bytes]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._accept, args=(connection,), daemon=True).start()

    def _accept(self, connection: socket.socket) -> None:
        with suppress(OSError, h2.exceptions.ProtocolError), connection:
            connection.settimeout(5)
            secure = self.tls.wrap_socket(connection, server_side=True)
            spoken = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            spoken.initiate_connection()
            secure.sendall(spoken.data_to_send())
            while data := secure.recv(65536):
                for event in spoken.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self.requests.append(dict(event.headers))
                        self.talk(self, secure, spoken, event.stream_id)
                secure.sendall(spoken.data_to_send())


def well(_: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
    spoken.send_headers(stream, [(":status", "200"), ("content-type", "text/plain"), ("set-cookie", "a=b")])
    spoken.send_data(stream, b"news", end_stream=True)
    secure.sendall(spoken.data_to_send())


def slow(server: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
    wall.sleep(0.1)
    well(server, secure, spoken, stream)


def flood(_: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
    spoken.send_headers(stream, [(":status", "200"), *((f"x-{n}", "y" * 50) for n in range(400))])
    spoken.send_data(stream, b"news", end_stream=True)
    secure.sendall(spoken.data_to_send())


def bomb(_: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
    """Small on the wire, where the header is said once and then only pointed at."""
    spoken.send_headers(stream, [(":status", "200"), *(("x-filler", "y" * 3000) for _ in range(15))])
    spoken.send_data(stream, b"news", end_stream=True)
    secure.sendall(spoken.data_to_send())


def endless_settings(
    _: Http2Server, secure: socket.socket, _spoken: h2.connection.H2Connection, _stream: int
) -> None:
    while True:
        secure.sendall(b"\x00\x00\x00\x04\x01\x00\x00\x00\x00" * 100)


def endless_continuation(
    _: Http2Server, secure: socket.socket, _spoken: h2.connection.H2Connection, stream: int
) -> None:
    number = stream.to_bytes(4, "big")
    secure.sendall(b"\x00\x00\x01\x01\x00" + number + b"\x88")
    while True:
        secure.sendall(b"\x00\x00\x04\x09\x00" + number + b"\x0f\x0f\x0f\x0f")


def odd_status(
    _: Http2Server, secure: socket.socket, _spoken: h2.connection.H2Connection, stream: int
) -> None:
    block = b"\x08\x03" + b"abc"
    secure.sendall(len(block).to_bytes(3, "big") + b"\x01\x05" + stream.to_bytes(4, "big") + block)
    wall.sleep(0.5)


def stall(_: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
    spoken.send_headers(stream, [(":status", "200")])
    secure.sendall(spoken.data_to_send())
    wall.sleep(2)


def reset(_: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
    spoken.send_headers(stream, [(":status", "200")])
    spoken.send_data(stream, b"ne")
    spoken.reset_stream(stream)
    secure.sendall(spoken.data_to_send())


def go_away(_: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
    spoken.send_headers(stream, [(":status", "200")])
    spoken.close_connection(last_stream_id=0)
    secure.sendall(spoken.data_to_send())


def noise(seed: int, *, after_head: bool) -> Talk:
    def talk(_: Http2Server, secure: socket.socket, spoken: h2.connection.H2Connection, stream: int) -> None:
        chance = random.Random(seed)  # noqa: S311
        if after_head:
            spoken.send_headers(stream, [(":status", "200")])
            secure.sendall(spoken.data_to_send())
        for _frame in range(20):
            body = chance.randbytes(chance.randrange(30))
            kind, flags = chance.randrange(12), chance.choice([0, 1, 4, 5, 8, 255])
            number = chance.choice([0, stream, stream, stream + 2])
            head = len(body).to_bytes(3, "big") + bytes([kind, flags]) + number.to_bytes(4, "big")
            secure.sendall(head + body)
        raise OSError("enough")

    return talk


Serve = Callable[[Talk], Http2Server]


@pytest.fixture
def serve(serving: ssl.SSLContext) -> Iterator[Serve]:
    made: list[Http2Server] = []

    def start(talk: Talk) -> Http2Server:
        made.append(Http2Server(serving, talk))
        return made[-1]

    yield start
    for server in made:
        server.listener.close()


@pytest.fixture
def fetcher(make: Make, trusting: ssl.SSLContext) -> PoliteFetcher:
    return make(
        **INTRANET,
        tls=trusting,
        respect_robots=False,
        max_header_bytes=16_384,
        attempts=1,
        read_timeout_seconds=1.0,
        total_timeout_seconds=3.0,
        requests_per_host=8,
        clock=Clock(),
    )


def url(server: Http2Server) -> str:
    return f"https://paper.test:{server.port}/page"


def test_http2_is_spoken_where_the_server_does(fetcher: PoliteFetcher, serve: Serve) -> None:
    server = serve(well)

    answers = [fetcher.fetch(url(server)) for _ in range(3)]

    for fetched in answers:
        assert isinstance(fetched, Fetched)
        assert (fetched.body, fetched.headers) == (b"news", {"content-type": "text/plain"})
    assert server.connections == 1
    assert server.requests[0][b":authority"] == f"paper.test:{server.port}".encode()


def test_each_connection_has_one_request_at_a_time(fetcher: PoliteFetcher, serve: Serve) -> None:
    server = serve(slow)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: fetcher.fetch(url(server)), range(24)))

    assert all(isinstance(fetched, Fetched) for fetched in answers)
    assert 2 <= server.connections <= 24


@pytest.mark.parametrize("talk", [flood, bomb, endless_settings])
def test_headers_beyond_their_limit_are_refused(fetcher: PoliteFetcher, serve: Serve, talk: Talk) -> None:
    with pytest.raises(TooLarge, match="headers of the answer have more than 16384 bytes"):
        fetcher.fetch(url(serve(talk)))


@pytest.mark.parametrize("talk", [endless_continuation, odd_status, stall, reset, go_away])
def test_a_server_that_breaks_the_rules_is_unreachable(
    fetcher: PoliteFetcher, serve: Serve, talk: Talk
) -> None:
    with pytest.raises((Unreachable, TooLarge)):
        fetcher.fetch(url(serve(talk)))


@pytest.mark.parametrize("after_head", [True, False])
def test_whatever_a_server_sends_is_an_answer_or_a_fault_of_ours(
    fetcher: PoliteFetcher, serve: Serve, *, after_head: bool
) -> None:
    server = serve(well)
    for seed in range(30):
        server.talk = noise(seed, after_head=after_head)
        with suppress(NewsError):
            assert isinstance(fetcher.fetch(url(server)), Fetched)
    server.talk = well

    assert isinstance(fetcher.fetch(url(server)), Fetched)
    assert len(server.requests) > 20
