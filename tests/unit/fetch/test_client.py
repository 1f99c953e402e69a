import gzip
import socket
import time as wall
import zlib
from hashlib import sha256

import pytest

from ingestion.errors import Cause, HttpFailure, Refused, TooLarge, Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.fetch.policy import FetchPolicy
from ingestion.source_ports import Disallowed, Fetched, NotModified, Validators
from tests.unit.fetch.conftest import BEGIN, Make, ScriptedServer, Time, answer

PAGE = "http://paper.example/page"


def test_an_answer_is_kept_with_its_headers_but_without_cookies(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(
        200,
        "Grüße".encode(),
        Content_Type="text/html; charset=UTF-8",
        ETag='"1"',
        Set_Cookie="id=1",
        X_Robots_Tag="noai",
    )

    fetched = make().fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert (fetched.status, fetched.body.decode()) == (200, "Grüße")
    assert (fetched.content_type, fetched.charset) == ("text/html", "utf-8")
    assert fetched.validators == Validators(etag='"1"', digest=sha256("Grüße".encode()).hexdigest())
    assert fetched.headers["x-robots-tag"] == "noai"
    assert not [name for name in fetched.headers if "cookie" in name or name != name.lower()]


def test_cookies_are_never_sent_back(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(200, b"x", Set_Cookie="id=1; Path=/")
    fetcher = make()

    fetcher.fetch(PAGE)
    fetcher.fetch(PAGE)

    assert "cookie" not in server.asked("/page")[1].lower()


def test_requests_carry_the_one_user_agent_and_the_name_of_the_host(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts["/page"] = answer(200, b"x")

    make().fetch(PAGE)

    for request in server.requests:
        assert "User-Agent: example-newsbot/1.0 (+https://bot.example/)\r\n" in request
        assert "Host: paper.example\r\n" in request


def test_validators_are_sent_and_a_304_is_no_failure(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(304)
    known = Validators(etag='W/"7"', last_modified="Mon, 02 Nov 2026 10:00:00 GMT")

    answered = make().fetch(PAGE, known)

    assert isinstance(answered, NotModified)
    request = server.asked("/page")[0]
    assert 'If-None-Match: W/"7"\r\n' in request
    assert "If-Modified-Since: Mon, 02 Nov 2026 10:00:00 GMT\r\n" in request


@pytest.mark.parametrize("known", [None, Validators(digest="0" * 64)])
def test_a_304_that_nobody_asked_for_loses_nothing(
    make: Make, server: ScriptedServer, known: Validators | None
) -> None:
    """Somebody on the way took us for somebody else: it is asked past every cache, and later again."""
    server.scripts["/page"] = answer(304)

    with pytest.raises(Unreachable, match="304"):
        make().fetch(PAGE, known)

    first, second = server.asked("/page")
    assert "Cache-Control" not in first
    assert "Cache-Control: no-cache\r\n" in second


def test_a_304_that_nobody_asked_for_may_be_mended_by_asking_past_the_cache(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts["/page"] = lambda connection, request: connection.sendall(
        answer(200, b"x") if "no-cache" in request else answer(304)
    )

    assert isinstance(make().fetch(PAGE), Fetched)


def test_the_same_body_again_is_nothing_new_whatever_the_server_says(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts["/page"] = answer(200, b"news", ETag='"1"', Cache_Control="max-age=60")
    first = make().fetch(PAGE)
    assert isinstance(first, Fetched)
    server.scripts["/page"] = answer(
        200, gzip.compress(b"news"), ETag='"2"', Content_Encoding="gzip", Cache_Control="max-age=60"
    )

    again = make().fetch(PAGE, first.validators)

    assert again == NotModified(fetched_at=BEGIN, fresh_seconds=60.0)
    assert isinstance(make().fetch(PAGE, Validators(digest="0" * 64)), Fetched)


@pytest.mark.parametrize("status", [200, 304])
def test_how_long_an_answer_is_fresh_is_told(make: Make, server: ScriptedServer, status: int) -> None:
    server.scripts["/page"] = answer(status, Cache_Control="public, max-age=300", Age="100")

    answered = make().fetch(PAGE, Validators(etag='"1"'))

    assert isinstance(answered, Fetched | NotModified)
    assert answered.fresh_seconds == 200.0


def test_a_part_that_nobody_asked_for_is_no_page(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(206, b"half", Content_Range="bytes 0-3/8")

    with pytest.raises(HttpFailure, match="206"):
        make().fetch(PAGE)


def test_robots_are_asked_again_on_the_host_of_a_redirect(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(302, Location="http://other.example/private/x")
    server.scripts["/robots.txt"] = answer(200, b"User-agent: example-newsbot\nDisallow: /private/\n")

    answered = make().fetch(PAGE)

    assert answered == Disallowed(
        "disallowed by 'Disallow: /private/' for 'example-newsbot', line 2 of http://other.example/robots.txt"
    )
    assert not server.asked("/private/x")


def test_a_gzip_body_is_decoded(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(200, gzip.compress(b"text" * 100), Content_Encoding="gzip")

    fetched = make().fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert fetched.body == b"text" * 100


@pytest.mark.parametrize("wbits", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_both_meanings_of_deflate_are_decoded(make: Make, server: ScriptedServer, wbits: int) -> None:
    packer = zlib.compressobj(wbits=wbits)
    server.scripts["/page"] = answer(
        200, packer.compress(b"text" * 100) + packer.flush(), Content_Encoding="deflate"
    )

    fetched = make().fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert fetched.body == b"text" * 100


def test_a_compression_bomb_is_refused_as_too_large(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(200, gzip.compress(b"0" * 60_000_000), Content_Encoding="gzip")

    with pytest.raises(TooLarge, match="decoded"):
        make().fetch(PAGE)


def test_a_body_beyond_the_limit_is_not_read_to_its_end(make: Make, server: ScriptedServer) -> None:
    def endless(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 10_000)

    server.scripts["/page"] = endless

    with pytest.raises(TooLarge, match="wire"):
        make().fetch(PAGE)


def test_an_announced_length_beyond_the_limit_is_enough(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n"

    with pytest.raises(TooLarge, match="announces 900000"):
        make().fetch(PAGE)


@pytest.mark.parametrize(
    ("encoding", "body"), [("br", b"x"), ("gzip", b"this is no gzip"), ("deflate", b"\xff\xff\xff")]
)
def test_a_body_that_is_not_encoded_as_it_says_is_a_failure(
    make: Make, server: ScriptedServer, encoding: str, body: bytes
) -> None:
    server.scripts["/page"] = answer(200, body, Content_Encoding=encoding)

    with pytest.raises(HttpFailure):
        make().fetch(PAGE)


@pytest.mark.parametrize(
    "script",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 999)[:20],
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"",
    ],
    ids=["wrong length", "half a gzip", "no HTTP", "half a chunk", "nothing"],
)
def test_an_answer_that_breaks_off_is_tried_again_and_then_unreachable(
    make: Make, server: ScriptedServer, script: bytes
) -> None:
    server.scripts["/page"] = script

    with pytest.raises(Unreachable):
        make().fetch(PAGE)

    assert len(server.asked("/page")) == 2


def test_a_server_that_stalls_is_unreachable(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = lambda _c, _r: wall.sleep(1)

    with pytest.raises(Unreachable, match="Timeout"):
        make(attempts=1, read_timeout_seconds=0.3).fetch(PAGE)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["headers", "body"])
def test_a_server_that_drips_runs_into_the_total_time(
    make: Make, server: ScriptedServer, head: bytes
) -> None:
    def drip(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            wall.sleep(0.02)

    server.scripts["/page"] = drip

    with pytest.raises(Unreachable):
        make(attempts=1, total_timeout_seconds=0.4).fetch(PAGE)


def test_endless_headers_are_not_read(make: Make, server: ScriptedServer) -> None:
    def endless(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-Filler: " + b"x" * 5000 + b"\r\n")

    server.scripts["/page"] = endless

    with pytest.raises(TooLarge, match="headers"):
        make().fetch(PAGE)


@pytest.mark.parametrize("status", [408, 502, 504, 522])
def test_a_host_in_trouble_is_asked_as_often_as_allowed(
    make: Make, server: ScriptedServer, status: int
) -> None:
    server.scripts["/page"] = answer(status)

    with pytest.raises(Unreachable, match=str(status)):
        make(attempts=3).fetch(PAGE)

    assert len(server.asked("/page")) == 3


def test_a_second_attempt_may_succeed(make: Make, server: ScriptedServer) -> None:
    def first_busy(connection: socket.socket, _: str) -> None:
        connection.sendall(answer(200, b"x") if len(server.asked("/page")) > 1 else answer(502))

    server.scripts["/page"] = first_busy

    assert isinstance(make().fetch(PAGE), Fetched)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("said", ["", "0", "soon"])
def test_a_refusal_that_does_not_say_for_how_long_is_not_tried_again_at_once(
    make: Make, server: ScriptedServer, time: Time, status: int, said: str
) -> None:
    server.scripts["/page"] = answer(status, Retry_After=said)
    fetcher = make(attempts=3)
    with pytest.raises(Unreachable, match=str(status)):
        fetcher.fetch(PAGE)
    asked = len(server.asked("/page"))
    server.scripts["/page"] = answer(200, b"x")
    fetcher.fetch(PAGE)

    assert asked == 1
    assert time.slept == [30.0]


def test_every_refusal_in_a_row_keeps_us_away_for_longer_until_a_good_answer(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts["/page"] = answer(503)
    server.scripts["/well"] = answer(200, b"x")
    fetcher = make()

    def refuse() -> float:
        with pytest.raises(Unreachable):
            fetcher.fetch(PAGE)
        return time.slept[-1] if time.slept else 0.0

    assert [refuse() for _ in range(3)] == [0.0, 30.0, 60.0]
    with pytest.raises(Unreachable, match="left alone for another 120 s") as caught:
        fetcher.fetch(PAGE)
    assert caught.value.cause is Cause.RATE_LIMITED
    time.seconds += 120
    fetcher.fetch("http://paper.example/well")
    assert [refuse() for _ in range(2)] == [60.0, 30.0]


def test_retry_after_is_waited_for(make: Make, server: ScriptedServer, time: Time) -> None:
    server.scripts["/page"] = answer(429, Retry_After="17")

    with pytest.raises(Unreachable) as caught:
        make().fetch(PAGE)

    assert time.slept == [17.0]
    assert caught.value.retry_after_seconds == 17.0


def test_a_long_retry_after_ends_the_attempts_and_keeps_the_host_alone(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts["/page"] = answer(503, Retry_After="3600")
    fetcher = make()

    for _ in range(2):
        with pytest.raises(Unreachable) as caught:
            fetcher.fetch(PAGE)

    assert len(server.asked("/page")) == 1
    assert time.slept == []
    assert caught.value.retry_after_seconds == 3600.0


def test_a_held_host_is_asked_again_once_its_pause_is_over(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts["/page"] = answer(503, Retry_After="3600")
    fetcher = make()
    with pytest.raises(Unreachable):
        fetcher.fetch(PAGE)
    server.scripts["/page"] = answer(200, b"x")
    time.seconds += 3600

    assert isinstance(fetcher.fetch(PAGE), Fetched)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 451, 500, 501])
def test_other_failures_are_told_at_once_with_their_body(
    make: Make, server: ScriptedServer, status: int
) -> None:
    server.scripts["/page"] = answer(status, b"sorry" * 100_000)

    with pytest.raises(HttpFailure) as caught:
        make().fetch(PAGE)

    assert caught.value.status == status
    assert caught.value.body == (b"sorry" * 100_000)[: 64 * 1024]
    assert len(server.asked("/page")) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://paper.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "",
        "http://",
        "http:///path",
        "http://user:pw@paper.example/",
        "http://paper.example:99999/",
        "http://[::1/",
        "http://\ud800.example/",
        "http://paper.example/\x00",
    ],
)
def test_what_is_no_web_address_is_refused(make: Make, url: str) -> None:
    with pytest.raises(Refused):
        make().fetch(url)


def test_a_fragment_is_not_sent(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(200, b"x")

    make().fetch(PAGE + "#part")

    assert server.asked("/page")[0].startswith("GET /page HTTP/1.1")


def test_an_address_of_another_script_is_sent_as_it_must_be(make: Make, server: ScriptedServer) -> None:
    path = "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1"
    server.scripts[path] = answer(200, b"x")

    fetched = make().fetch("http://zeitung-köln.example/أخبار")

    assert isinstance(fetched, Fetched)
    assert "Host: xn--zeitung-kln-zfb.example" in server.asked(path)[0]


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    policy = FetchPolicy(user_agent="bot", connect_to={"*": f"127.0.0.1:{port}"}, attempts=1)

    with PoliteFetcher(policy) as fetcher, pytest.raises(Unreachable):
        fetcher.fetch(PAGE)
