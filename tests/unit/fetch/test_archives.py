"""Archives over real connections: ranges, servers without them, broken connections, files that change."""

import gzip
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from ingestion.errors import Cause, HttpFailure, Refused, Unreachable, Unreadable
from ingestion.fetch.archives import OpenArchives
from ingestion.fetch.manners import Ruling
from ingestion.fetch.policy import FetchPolicy, HostManners
from ingestion.source_ports import Archives, Turn
from tests.certificates import self_signed
from tests.unit.fetch.conftest import ScriptedServer, answer

URL = "http://archive.example/crawl.warc"
CONTENT = b"".join(sha256(n.to_bytes(4, "big")).digest() for n in range(20_000))


@dataclass
class Budget:
    """Hosts that note what they are asked."""

    turns: list[tuple[str, float]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    later: int = 0

    def turn(self, host: str, interval_seconds: float) -> Turn:
        self.turns.append((host, interval_seconds))
        self.later -= 1
        return Turn(0.0, taken=self.later < 0)

    def answered(self, host: str) -> None:
        self.told.append(f"{host} answered")

    def refused(self, host: str, retry_after_seconds: float | None) -> None:
        self.told.append(f"{host} refused, {retry_after_seconds}")


@dataclass
class RangeServer:
    """A file on a web server, with habits."""

    content: bytes = CONTENT
    etag: str | None = '"1"'
    ranges: bool = True
    breaks_after: int | None = None
    breaks: int = 1_000
    length: bool = True
    stalls: bool = False
    statuses: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __call__(self, connection: socket.socket, request: str) -> None:
        self.asked.append(request)
        if self.statuses:
            connection.sendall(answer(self.statuses.pop(0), b"no", Retry_After="7"))
            return
        head, body = self._answer(request)
        connection.sendall(head)
        self.breaks -= 1
        if self.breaks_after is None or self.breaks < 0:
            connection.sendall(body)
            return
        connection.sendall(body[: self.breaks_after])
        if self.stalls and len(body) > self.breaks_after:
            threading.Event().wait(1.0)

    def _answer(self, request: str) -> tuple[bytes, bytes]:
        first = re.search(r"^Range: bytes=(\d+)-\r$", request, re.MULTILINE)
        known = re.search(r"^If-Range: (.*)\r$", request, re.MULTILINE)
        same = known is None or known[1] == self.etag
        if first and self.ranges and same:
            start, size = int(first[1]), len(self.content)
            if start >= size:
                return self._head("416 Range Not Satisfiable", b"", f"Content-Range: bytes */{size}"), b""
            body = self.content[start:]
            return self._head(
                "206 Partial Content", body, f"Content-Range: bytes {start}-{size - 1}/{size}"
            ), body
        return self._head("200 OK", self.content), self.content

    def _head(self, status: str, body: bytes, *more: str) -> bytes:
        lines = [f"HTTP/1.1 {status}", "Connection: close", *more]
        lines += [f"Content-Length: {len(body)}"] if self.length else []
        lines += [f"ETag: {self.etag}"] if self.etag else []
        return "\r\n".join([*lines, "", ""]).encode()

    @property
    def starts(self) -> list[str]:
        """From which byte each request asked."""
        found = [re.search(r"^Range: bytes=(\d+)-", request, re.MULTILINE) for request in self.asked]
        return [match[1] if match else "0" for match in found]


@pytest.fixture
def budget() -> Budget:
    return Budget()


@pytest.fixture
def archives(server: ScriptedServer, budget: Budget) -> Iterator[OpenArchives]:
    opened = OpenArchives(policy(server), hosts=budget)
    yield opened
    opened.close()


def policy(server: ScriptedServer, **changes: object) -> FetchPolicy:
    facts: dict[str, object] = {
        "user_agent": "example-newsbot/1.0 (+https://bot.example/)",
        "connect_timeout_seconds": 2.0,
        "read_timeout_seconds": 0.3,
        "total_timeout_seconds": 2.0,
        "min_interval_seconds": 0.0,
        "attempts": 3,
        "connect_to": {"*.example": server.endpoint},
        **changes,
    }
    return FetchPolicy(**facts)  # type: ignore[arg-type]


def whole(archives: Archives, locator: str = URL, offset: int = 0) -> bytes:
    with archives.open(locator, offset) as opened:
        return b"".join(iter(lambda: opened.read(10_000), b""))


@pytest.mark.parametrize("offset", [0, 1, len(CONTENT) - 1])
@pytest.mark.parametrize("habits", [{}, {"ranges": False}, {"length": False}, {"etag": None}])
def test_a_file_is_read_from_any_byte(
    habits: dict[str, bool], offset: int, archives: OpenArchives, server: ScriptedServer
) -> None:
    server.scripts["/crawl.warc"] = served = RangeServer(**habits)  # type: ignore[arg-type]

    assert whole(archives, offset=offset) == CONTENT[offset:]
    assert served.starts == [str(offset)]


@pytest.mark.parametrize("stalls", [False, True])
def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    *, stalls: bool, archives: OpenArchives, server: ScriptedServer, budget: Budget
) -> None:
    served = RangeServer(stalls=stalls, breaks_after=len(CONTENT) - 100_000)
    server.scripts["/crawl.warc"] = served

    assert whole(archives) == CONTENT
    assert served.starts == ["0", str(len(CONTENT) - 100_000)]
    assert 'If-Range: "1"' in served.asked[1]
    assert budget.turns == [("archive.example", 0.0)] * 2


def test_without_ranges_what_is_known_is_read_again_and_passed_over(
    archives: OpenArchives, server: ScriptedServer
) -> None:
    server.scripts["/crawl.warc"] = served = RangeServer(ranges=False, breaks_after=200_000, breaks=1)

    assert whole(archives) == CONTENT
    assert served.starts == ["0", "200000"]


def test_a_server_that_breaks_again_and_again_is_read_as_long_as_it_moves_on(
    archives: OpenArchives, server: ScriptedServer
) -> None:
    server.scripts["/crawl.warc"] = served = RangeServer(breaks_after=70_000)

    assert whole(archives) == CONTENT
    assert len(served.starts) == -(-len(CONTENT) // 70_000)


def test_a_server_that_hardly_moves_on_is_given_up(archives: OpenArchives, server: ScriptedServer) -> None:
    server.scripts["/crawl.warc"] = served = RangeServer(breaks_after=10)

    with pytest.raises(Unreachable, match="3 attempts"):
        whole(archives)
    assert len(served.asked) == 3


def test_a_drip_is_as_good_as_a_break(server: ScriptedServer, budget: Budget) -> None:
    """Bytes that come one by one would keep every single wait short, and us for ever."""

    def drip(connection: socket.socket, request: str) -> None:
        del request
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            threading.Event().wait(0.05)

    server.scripts["/crawl.warc"] = drip
    limits = policy(server, total_timeout_seconds=0.3, attempts=1)

    with pytest.raises(Unreachable) as caught:
        whole(OpenArchives(limits, hosts=budget))
    assert caught.value.cause is Cause.TIMEOUT


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_that_changes_while_it_is_read_is_told(
    *, ranges: bool, archives: OpenArchives, server: ScriptedServer
) -> None:
    server.scripts["/crawl.warc"] = served = RangeServer(ranges=ranges, breaks_after=200_000)

    with archives.open(URL) as opened:
        served.etag, served.content = '"2"', bytes(len(CONTENT))
        with pytest.raises(Unreachable, match="changed while it was read"):
            while opened.read(10_000):
                pass


def test_a_changed_file_without_an_etag_is_seen_by_its_size(
    archives: OpenArchives, server: ScriptedServer
) -> None:
    server.scripts["/crawl.warc"] = served = RangeServer(etag=None, breaks_after=200_000)

    with archives.open(URL) as opened:
        served.content = CONTENT + b"more"
        with pytest.raises(Unreachable, match="changed while it was read"):
            while opened.read(10_000):
                pass


def test_what_is_known_of_a_file(archives: OpenArchives, server: ScriptedServer) -> None:
    server.scripts["/crawl.warc"] = answer(200, b"abc", Last_Modified="Mon, 02 Nov 2026 10:00:00 GMT")

    with archives.open(URL) as opened:
        known = (opened.identity, opened.size_bytes, str(opened.changed_at))

    assert known == ("Mon, 02 Nov 2026 10:00:00 GMT 3", 3, "2026-11-02 10:00:00+00:00")


def test_a_file_that_ends_before_the_offset_is_a_failure_of_its_own(
    archives: OpenArchives, server: ScriptedServer
) -> None:
    server.scripts["/crawl.warc"] = RangeServer()

    with pytest.raises(HttpFailure) as caught:
        whole(archives, offset=len(CONTENT) + 5)
    assert caught.value.status == 416


def test_a_busy_server_is_left_alone_and_asked_again(
    archives: OpenArchives, server: ScriptedServer, budget: Budget
) -> None:
    server.scripts["/crawl.warc"] = RangeServer(statuses=[503, 429])

    assert whole(archives) == CONTENT
    assert budget.told == ["archive.example refused, 7.0"] * 2 + ["archive.example answered"]


def test_a_missing_file_is_a_failure(archives: OpenArchives) -> None:
    with pytest.raises(HttpFailure) as caught:
        whole(archives)
    assert caught.value.status == 404


def test_redirects_are_followed_and_each_is_checked(archives: OpenArchives, server: ScriptedServer) -> None:
    server.scripts["/old"] = answer(302, Location="http://other.example/crawl.warc")
    server.scripts["/crawl.warc"] = RangeServer()
    server.scripts["/inside"] = answer(302, Location="http://169.254.169.254/latest")

    assert whole(archives, "http://archive.example/old") == CONTENT
    with pytest.raises(Refused, match="not a public address"):
        whole(archives, "http://archive.example/inside")


def test_redirects_without_end_are_a_failure(archives: OpenArchives, server: ScriptedServer) -> None:
    server.scripts["/loop"] = answer(302, Location="http://archive.example/loop")

    with pytest.raises(HttpFailure, match="redirected in a loop"):
        whole(archives, "http://archive.example/loop")


def test_a_private_address_is_refused(budget: Budget, server: ScriptedServer) -> None:
    limits = policy(server, connect_to={})

    with pytest.raises(Refused, match="not a public address"):
        whole(OpenArchives(limits, hosts=budget), f"http://127.0.0.1:{server.port}/crawl.warc")


def test_a_certificate_that_is_not_valid_is_refused(budget: Budget, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                context.wrap_socket(connection, server_side=True).recv(100)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    limits = FetchPolicy(
        user_agent="x", connect_to={"*.example": f"127.0.0.1:{listener.getsockname()[1]}"}, attempts=1
    )

    with pytest.raises(Refused, match="certificate"):
        whole(OpenArchives(limits, hosts=budget), "https://archive.example/crawl.warc")
    listener.close()


def test_the_budget_of_the_host_is_asked_until_there_is_a_turn(
    server: ScriptedServer, budget: Budget
) -> None:
    server.scripts["/crawl.warc"] = RangeServer()
    budget.later = 2
    manners = {"archive.example": HostManners(interval_seconds=9.0)}

    whole(OpenArchives(policy(server, host_manners=manners), hosts=budget))

    assert budget.turns == [("archive.example", 9.0)] * 3


def test_robots_are_asked_and_their_pause_counts(server: ScriptedServer, budget: Budget) -> None:
    server.scripts["/crawl.warc"] = RangeServer()
    rulings = [
        Ruling(allowed=True, rule="ok", crawl_delay_seconds=3.0),
        Ruling(allowed=False, rule="not you"),
    ]
    opened = OpenArchives(policy(server), hosts=budget, ruling=lambda _: rulings.pop(0))

    whole(opened)
    with pytest.raises(Refused, match="not you") as caught:
        whole(opened)

    assert caught.value.cause is Cause.ROBOTS
    assert budget.turns == [("archive.example", 3.0)]


def test_the_body_is_read_as_it_lies_there(archives: OpenArchives, server: ScriptedServer) -> None:
    """Some servers call a packed file a packed answer; its bytes are those of the file all the same."""
    packed = gzip.compress(CONTENT[:1000])
    server.scripts["/crawl.warc"] = answer(200, packed, Content_Encoding="gzip")

    assert whole(archives) == packed
    assert "Accept-Encoding: identity\r\n" in server.asked("/crawl.warc")[0]


def test_a_file_on_disk_is_read_from_any_byte(archives: OpenArchives, tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(CONTENT)

    assert whole(archives, str(path), 7) == CONTENT[7:]
    with archives.open(str(path)) as opened:
        before = opened.identity
        assert opened.size_bytes == len(CONTENT)
    path.write_bytes(CONTENT + b"x")
    with archives.open(str(path)) as opened:
        assert opened.identity != before


@pytest.mark.parametrize("locator", ["none.warc", "", "\0"])
def test_a_path_without_a_file_is_unreadable(locator: str, archives: OpenArchives, tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        whole(archives, f"{tmp_path}/{locator}")


@pytest.mark.parametrize("locator", ["ftp://archive.example/x", "file:///x", "s3://bucket"])
def test_other_addresses_are_refused(locator: str, archives: OpenArchives) -> None:
    with pytest.raises(Refused):
        whole(archives, locator)
