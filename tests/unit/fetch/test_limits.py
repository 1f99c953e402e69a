"""Limits on time and size, against servers that lie, stall, drip and flood."""

import gzip
import socket
import time as wall
import zlib
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import Cause, HttpFailure, Refused, TooLarge, Unreachable, cause_of
from ingestion.fetch.answers import BodyLimit, failure, fetched, kept_headers
from ingestion.fetch.body import read_body, read_evidence, read_start
from ingestion.fetch.web_address import web_address
from ingestion.source_ports import Fetched
from tests.unit.fetch.conftest import BEGIN, Make, ScriptedServer, answer

PAGE = "http://paper.example/page"


def dripping(*pieces: bytes, pause: float = 0.05) -> Callable[[socket.socket, str], None]:
    """Send pieces one after the other, the last one for ever."""

    def drip(connection: socket.socket, _: str) -> None:
        for piece in pieces[:-1]:
            connection.sendall(piece)
        while True:
            connection.sendall(pieces[-1])
            wall.sleep(pause)

    return drip


@pytest.mark.parametrize(
    "script",
    [
        lambda _connection, _request: wall.sleep(2),
        dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
        dripping(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["silence", "slow headers", "early hints without end"],
)
def test_the_head_of_an_answer_has_to_come_in_its_time(
    make: Make, server: ScriptedServer, script: Callable[[socket.socket, str], None]
) -> None:
    server.scripts["/page"] = script
    fetcher = make(
        attempts=1, first_byte_timeout_seconds=0.3, read_timeout_seconds=30.0, total_timeout_seconds=60.0
    )

    with pytest.raises(Unreachable) as caught:
        fetcher.fetch(PAGE)

    assert caught.value.cause is Cause.TIMEOUT


def test_a_body_may_take_longer_than_the_head(make: Make, server: ScriptedServer) -> None:
    def slow(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for piece in [b"x"] * 8:
            wall.sleep(0.2)
            connection.sendall(piece)

    server.scripts["/page"] = slow
    fetcher = make(first_byte_timeout_seconds=1.2, read_timeout_seconds=5.0, total_timeout_seconds=20.0)

    assert isinstance(fetcher.fetch(PAGE), Fetched)


@pytest.mark.parametrize(
    "script",
    [
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 500 + b"\r\n", pause=0),
        dripping(b"HTTP/1.1 100 Continue\r\nX-Filler: " + b"x" * 500 + b"\r\n\r\n", pause=0),
        answer(200, b"x", X_Filler="x" * 9000),
        answer(200, b"x", **{f"X_{n}": "y" * 20 for n in range(500)}),
        answer(404, b"x", X_Filler="x" * 9000),
    ],
    ids=["endless", "endless early ones", "one large", "many small", "of a failure"],
)
def test_headers_beyond_their_limit_are_refused(
    make: Make, server: ScriptedServer, script: bytes | Callable[[socket.socket, str], None]
) -> None:
    server.scripts["/page"] = script

    with pytest.raises(TooLarge, match="headers of the answer have more than 8192 bytes") as caught:
        make(max_header_bytes=8192, read_timeout_seconds=5.0, total_timeout_seconds=5.0).fetch(PAGE)

    assert cause_of(caught.value) is Cause.TOO_LARGE
    assert len(server.asked("/page")) == 1


def test_headers_within_their_limit_pass_and_a_large_body_behind_them(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts["/page"] = answer(200, b"x" * 90_000, X_Filler="x" * 7900)

    assert isinstance(make(max_header_bytes=8192).fetch(PAGE), Fetched)


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (answer(200, gzip.compress(b"0" * 1_000_000, mtime=0), Content_Encoding="gzip"), Cause.TOO_LARGE),
        (answer(200, b"x", Content_Encoding="br"), Cause.UNREADABLE),
        (answer(200, b"no gzip", Content_Encoding="gzip"), Cause.UNREADABLE),
        (answer(401), Cause.BLOCKED),
        (answer(403), Cause.BLOCKED),
        (answer(451), Cause.BLOCKED),
        (answer(404), Cause.CLIENT_ERROR),
        (answer(410), Cause.GONE),
        (answer(429), Cause.RATE_LIMITED),
        (answer(500), Cause.SERVER_ERROR),
        (answer(502), Cause.SERVER_ERROR),
        (answer(503), Cause.SERVER_ERROR),
        (answer(304), Cause.SERVER_ERROR),
        (answer(302, Location="/page"), Cause.CLIENT_ERROR),
        (answer(302, Location="http://10.0.0.1/"), Cause.ADDRESS),
        (b"nonsense\r\n\r\n", Cause.CONNECTION),
        (b"", Cause.CONNECTION),
        (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), Cause.TIMEOUT),
    ],
)
def test_every_fault_has_its_cause(
    make: Make,
    server: ScriptedServer,
    script: bytes | Callable[[socket.socket, str], None],
    cause: Cause,
) -> None:
    server.scripts["/page"] = script

    with pytest.raises((HttpFailure, TooLarge, Unreachable, Refused)) as caught:
        make(attempts=1, total_timeout_seconds=1.0).fetch(PAGE)

    assert cause_of(caught.value) is cause


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"news ", mtime=0) + gzip.compress(b"and more", mtime=0),
        gzip.compress(b"news and more", mtime=0) + gzip.compress(b"", mtime=0),
        gzip.compress(b"news and more", mtime=0) + b"\0" * 100,
        gzip.compress(b"news and more", mtime=0) + b"trailing words",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_gzip_of_several_members_is_read_whole_and_what_is_no_member_left_out(
    body: bytes, size: int
) -> None:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]

    assert read_body(pieces, "gzip", max_bytes=1000) == b"news and more"


def test_many_members_have_one_limit() -> None:
    body = gzip.compress(b"x" * 300) * 10

    with pytest.raises(TooLarge, match="decoded"):
        read_body([body], "gzip", max_bytes=1000)
    assert read_start([body], "gzip", max_bytes=1000) == b"x" * 1000


@given(
    st.lists(
        st.binary(max_size=60) | st.just(gzip.compress(b"a" * 50)) | st.just(zlib.compress(b"b" * 50)),
        max_size=6,
    ),
    st.sampled_from([None, "", "identity", "gzip", "x-gzip", "deflate", "GZIP", "br", "gzip, gzip"]),
)
def test_no_body_escapes_and_none_is_larger_than_its_limit(pieces: list[bytes], encoding: str | None) -> None:
    for read in (read_body, read_start, read_evidence):
        try:
            body = read(pieces, encoding, max_bytes=80)
        except (HttpFailure, TooLarge, Unreachable):
            continue
        assert len(body) <= 80 or read is read_evidence


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [b"content-type", b"content-encoding", b"content-length", b"etag", b"expires", b"age"]
            ),
            st.binary(max_size=40) | st.from_regex(rb"text/html; ?charset=[ -~]{0,12}"),
        ),
        max_size=6,
    ),
    st.binary(max_size=50),
)
def test_no_header_of_an_answer_escapes(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    def response() -> httpx.Response:
        made = httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))
        made.request = httpx.Request("GET", PAGE)
        return made

    try:
        found = fetched(response(), BodyLimit(max_bytes=100), None, BEGIN)
    except (HttpFailure, TooLarge, Unreachable):
        pass
    else:
        assert isinstance(found, Fetched)
        assert len(found.body) <= 100
        assert all(name == name.lower() for name in found.headers)
    assert failure(response()).status == 200


def test_headers_for_crawlers_stay_apart_as_lines() -> None:
    response = httpx.Response(
        200,
        headers=[
            ("X-Robots-Tag", "otherbot: noindex"),
            ("Vary", "a"),
            ("X-Robots-Tag", "noai"),
            ("Vary", "b"),
        ],
    )

    assert kept_headers(response) == {"x-robots-tag": "otherbot: noindex\nnoai", "vary": "a, b"}


ODD = [
    f"http://{'a' * 64}.example/",
    f"http://{'a.' * 130}example/",
    "http://a..example/",
    "http://.example/",
    "http://./",
    "http://paper.example:0/",
    "http://paper.example:-1/",
    f"http://paper.example/{'a' * 8000}",
    "http://[fe80::1%25eth0]/",
    "http://[v1.x]/",
    "HTTP:///x",
    "http:paper.example",
    "http://paper example/",
]


@pytest.mark.parametrize("url", ODD)
def test_addresses_that_no_host_can_have_are_refused(make: Make, url: str) -> None:
    with pytest.raises(Refused):
        make(connect_to={}, respect_robots=False).fetch(url)


@given(st.text(max_size=60) | st.text("htps:/.@[]%?#\\0a", max_size=30).map("http://{}".format))
def test_no_address_escapes(url: str) -> None:
    try:
        found = web_address(url)
    except Refused:
        return
    assert found.scheme in ("http", "https")
    assert not found.userinfo
    assert found.host
    assert web_address(str(found)) == found
