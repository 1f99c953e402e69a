"""robots.txt over real connections: when it is asked, how long it is kept, what trouble with it means."""

import gzip
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ingestion.errors import Cause, Refused, Unreachable
from ingestion.fetch.manners import Clock, MemoryRobots
from ingestion.source_ports import Disallowed, Fetched, RobotsCopy
from tests.unit.fetch.conftest import BEGIN, INTRANET, Make, ScriptedServer, Time, answer

PAGE = "http://paper.example/news/1"
DAY_SECONDS = 24 * 3600


@pytest.fixture(autouse=True)
def _page(server: ScriptedServer) -> None:
    server.scripts["/news/1"] = answer(200, b"x")
    server.scripts["/news/2"] = answer(200, b"x")


def robots(*lines: str) -> bytes:
    return answer(200, "\n".join(lines).encode(), Content_Type="text/plain")


def test_a_disallowed_address_is_not_fetched(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Disallow: /news/")

    answered = make().fetch(PAGE)

    assert answered == Disallowed(
        "disallowed by 'Disallow: /news/' for '*', line 2 of http://paper.example/robots.txt"
    )
    assert not server.asked("/news/1")


def test_the_group_for_our_own_name_wins_over_the_general_one(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = robots(
        "User-agent: *", "Disallow: /", "", "User-agent: example-newsbot", "Disallow: /private/"
    )

    assert isinstance(make().fetch(PAGE), Fetched)


def test_the_longest_rule_wins(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Disallow: /", "Allow: /news/1$")
    fetcher = make()

    assert isinstance(fetcher.fetch(PAGE), Fetched)
    assert isinstance(fetcher.fetch("http://paper.example/news/2"), Disallowed)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["User-agent: *", "Disallow: /private/"],
            "allowed, as no rule speaks of it in http://paper.example/robots.txt",
        ),
        (
            ["User-agent: *", "Disallow: /", "", "Allow: /news/"],
            "allowed by 'Allow: /news/' for '*', line 4 of http://paper.example/robots.txt",
        ),
        (
            ["<!doctype html><title>Not found</title>"],
            "allowed, as no rule speaks of it in http://paper.example/robots.txt (a web page)",
        ),
    ],
)
def test_the_decision_travels_with_the_answer(
    make: Make, server: ScriptedServer, lines: list[str], told: str
) -> None:
    server.scripts["/robots.txt"] = robots(*lines)

    fetched = make().fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert fetched.robots == told


def test_a_missing_file_is_named_in_the_decision(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = answer(404)

    fetched = make().fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert fetched.robots == (
        "allowed, as no rule speaks of it in http://paper.example/robots.txt, "
        "which is not there (404 Status from paper.example)"
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_missing_robots_file_allows(make: Make, server: ScriptedServer, status: int) -> None:
    server.scripts["/robots.txt"] = answer(status, b"User-agent: *\nDisallow: /")

    assert isinstance(make().fetch(PAGE), Fetched)


@pytest.mark.parametrize("status", [429, 500, 501, 503])
def test_a_robots_file_in_trouble_means_wait(make: Make, server: ScriptedServer, status: int) -> None:
    server.scripts["/robots.txt"] = answer(status)

    with pytest.raises(Unreachable, match=r"robots\.txt cannot be had"):
        make().fetch(PAGE)

    assert not server.asked("/news/1")


def test_a_robots_file_that_stalls_means_wait(make: Make, server: ScriptedServer) -> None:
    def stall(connection: socket.socket, _: str) -> None:
        connection.recv(1)

    server.scripts["/robots.txt"] = stall

    with pytest.raises(Unreachable, match=r"robots\.txt cannot be had") as caught:
        make(attempts=1, read_timeout_seconds=0.3).fetch(PAGE)

    assert caught.value.cause is Cause.TIMEOUT


def test_an_unreachable_robots_file_is_not_asked_for_with_every_link(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts["/robots.txt"] = answer(500)
    fetcher = make()
    for _ in range(3):
        with pytest.raises(Unreachable):
            fetcher.fetch(PAGE)
    asked = len(server.asked("/robots.txt"))
    server.scripts["/robots.txt"] = answer(404)
    time.seconds += 301

    assert asked == 1
    assert isinstance(fetcher.fetch(PAGE), Fetched)


def test_robots_are_asked_once_and_again_after_a_day(make: Make, server: ScriptedServer, time: Time) -> None:
    fetcher = make()
    fetcher.fetch(PAGE)
    fetcher.fetch(PAGE)
    first = len(server.asked("/robots.txt"))
    time.seconds += 24 * 3600
    server.scripts["/robots.txt"] = robots("User-agent: *", "Disallow: /")

    assert first == 1
    assert isinstance(fetcher.fetch(PAGE), Disallowed)


def test_a_redirected_robots_file_is_followed(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = answer(301, Location="http://www.other.example/r.txt")
    server.scripts["/r.txt"] = robots("User-agent: *", "Disallow: /news/")

    assert isinstance(make().fetch(PAGE), Disallowed)


def test_the_operator_may_decide_not_to_ask(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Disallow: /")

    fetched = make(respect_robots=False).fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert fetched.robots
    assert not server.asked("/robots.txt")


KEEP_OUT = robots("User-agent: *", "Disallow: /news/")


@pytest.mark.parametrize("status", [500, 503, 429])
@pytest.mark.parametrize("allows", [True, False])
def test_an_older_copy_stands_in_for_one_that_cannot_be_had(
    make: Make, server: ScriptedServer, time: Time, status: int, *, allows: bool
) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Allow: /") if allows else KEEP_OUT
    fetcher = make()
    fetcher.fetch(PAGE)
    server.scripts["/robots.txt"] = answer(status)
    time.seconds += DAY_SECONDS
    answered = fetcher.fetch(PAGE)

    assert isinstance(answered, Fetched if allows else Disallowed)
    told = answered.robots if isinstance(answered, Fetched) else answered.rule if answered else ""
    assert f"as of 2026-11-02 10:00 UTC, as it cannot be had now: {status}" in str(told)


def test_an_older_copy_stands_in_for_a_month_and_not_longer(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Allow: /")
    fetcher = make()
    fetcher.fetch(PAGE)
    server.scripts["/robots.txt"] = answer(500)
    time.seconds += 30 * DAY_SECONDS

    assert isinstance(fetcher.fetch(PAGE), Fetched)
    time.seconds += 600
    with pytest.raises(Unreachable, match=r"robots\.txt cannot be had: 500"):
        fetcher.fetch(PAGE)


def test_copies_outlive_the_fetcher(make: Make, server: ScriptedServer) -> None:
    memory = MemoryRobots()
    server.scripts["/robots.txt"] = KEEP_OUT
    make(robots=memory).fetch(PAGE)
    server.scripts["/robots.txt"] = answer(404)

    assert isinstance(make(robots=memory).fetch(PAGE), Disallowed)
    assert len(server.asked("/robots.txt")) == 1
    copy = memory.robots("http://paper.example")
    assert copy
    assert (copy.read_at, copy.until) == (BEGIN, BEGIN + timedelta(hours=24))


def test_trouble_with_robots_outlives_the_fetcher_too(make: Make, server: ScriptedServer) -> None:
    memory = MemoryRobots()
    copy = RobotsCopy(body=None, note="trouble", read_at=BEGIN, until=BEGIN + timedelta(seconds=90))
    memory.keep_robots("http://paper.example", copy)

    with pytest.raises(Unreachable, match="trouble") as caught:
        make(robots=memory).fetch(PAGE)

    assert (caught.value.cause, caught.value.retry_after_seconds) == (Cause.ROBOTS, 90.0)
    assert server.requests == []


def test_each_origin_has_its_own_file(make: Make, server: ScriptedServer) -> None:
    other = ScriptedServer()
    other.scripts |= {"/robots.txt": KEEP_OUT, "/news/1": answer(200, b"x")}
    fetcher = make(**INTRANET)

    here = fetcher.fetch(f"http://paper.test:{server.port}/news/1")
    there = fetcher.fetch(f"http://paper.test:{other.port}/news/1")
    other.close()

    assert isinstance(here, Fetched)
    assert isinstance(there, Disallowed)


def test_many_threads_ask_once(make: Make, server: ScriptedServer) -> None:
    fetcher = make(clock=Clock(), requests_per_host=20, read_timeout_seconds=10, total_timeout_seconds=10)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: fetcher.fetch(PAGE), range(40)))

    assert len(server.asked("/robots.txt")) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /news/", {}),
        ("User-agent: *\nDisallow: /news/".encode("utf-16"), {}),
        (b"User-agent: *\r\nDisallow: /news/\r\n", {}),
        (b"User-agent: *\rDisallow: /news/", {}),
        (b"user-AGENT:*\n\n# hello\ndisallow:/news/ # not for you", {}),
        (b"User-agent: *\nDisallow: /news/", {"Content_Type": "text/html"}),
        (b"User-agent: *\nDisallow: /news/", {"Content_Type": "application/octet-stream"}),
        (b"\x00\x01\xff\nUser-agent: *\nDisallow: /news/", {}),
        (b"User-agent: *\nDissallow: /news/", {}),
        (b"Disallow: /elsewhere/\nUser-agent: *\nDisallow: /news/", {}),
        (gzip.compress(b"User-agent: *\nDisallow: /news/", mtime=0), {"Content_Encoding": "gzip"}),
        (b"User-agent: *\nDisallow: /n\xc3\xa9\nDisallow: /news/", {}),
    ],
)
def test_a_file_is_read_however_it_is_written(
    make: Make, server: ScriptedServer, body: bytes, headers: dict[str, str]
) -> None:
    server.scripts["/robots.txt"] = answer(200, body, **headers)

    assert isinstance(make().fetch(PAGE), Disallowed)


def test_rules_within_the_first_500_kib_count_and_the_rest_is_not_even_read(
    make: Make, server: ScriptedServer
) -> None:
    line = b"Disallow: /filler/" + b"x" * 1000 + b"\n"
    start = b"User-agent: *\nDisallow: /news/1\n" + line * 510
    sent: list[int] = []

    def endless(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + start + b"Disallow: /news/2\n")
        for number in range(10_000):
            connection.sendall(line * 100)
            sent.append(number)

    server.scripts["/robots.txt"] = endless
    fetcher = make(read_timeout_seconds=5.0, total_timeout_seconds=20.0)

    assert isinstance(fetcher.fetch(PAGE), Disallowed)
    assert isinstance(fetcher.fetch("http://paper.example/news/2"), Fetched)
    assert len(sent) < 9_000


def test_a_file_that_cannot_be_decoded_means_wait(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = answer(200, b"this is no gzip", Content_Encoding="gzip")

    with pytest.raises(Unreachable, match=r"robots\.txt cannot be had"):
        make().fetch(PAGE)


@pytest.mark.parametrize("target", ["http://10.0.0.1/robots.txt", "ftp://paper.example/robots.txt"])
def test_a_file_that_is_redirected_to_where_we_do_not_go_means_wait(
    make: Make, server: ScriptedServer, target: str
) -> None:
    server.scripts["/robots.txt"] = answer(302, Location=target)

    with pytest.raises(Unreachable, match="redirected to where this crawler does not go"):
        make().fetch(PAGE)

    assert not server.asked("/news/1")


def test_a_file_of_a_host_where_we_do_not_go_is_refused_as_the_page_is(make: Make) -> None:
    with pytest.raises(Refused, match="not a public address"):
        make(connect_to={}).fetch("http://10.0.0.1/news/1")


def test_five_redirects_are_followed_and_one_that_never_ends_means_no_rules(
    make: Make, server: ScriptedServer
) -> None:
    for number in range(10):
        server.scripts[f"/r{number}"] = answer(302, Location=f"/r{number + 1}")
    server.scripts["/robots.txt"] = answer(302, Location="/r1")
    server.scripts["/r5"] = KEEP_OUT

    assert isinstance(make().fetch(PAGE), Disallowed)
    server.scripts["/r5"] = answer(302, Location="/r6")
    assert isinstance(make().fetch(PAGE), Fetched)
    server.scripts["/r5"] = answer(302, Location="/r1")
    assert isinstance(make().fetch(PAGE), Fetched)


def test_why_robots_cannot_be_had_is_told_as_the_cause(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = answer(500)

    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    found = []
    for fetcher in (make(), make(connect_to={}, resolver=unknown), make(connect_to={"*": "127.0.0.1:1"})):
        for _ in range(2):
            with pytest.raises(Unreachable) as caught:
                fetcher.fetch(PAGE)
            found.append(caught.value.cause)

    assert found == [Cause.ROBOTS] * 2 + [Cause.DNS] * 2 + [Cause.CONNECTION] * 2


def test_a_file_that_changes_while_many_read_is_changed_for_all_once_it_is_a_day_old(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    fetcher = make()
    assert isinstance(fetcher.fetch(PAGE), Fetched)
    server.scripts["/robots.txt"] = KEEP_OUT
    time.seconds += DAY_SECONDS - 1
    before = fetcher.fetch(PAGE)
    time.seconds += 1
    with ThreadPoolExecutor(8) as threads:
        after = list(threads.map(lambda _: fetcher.fetch(PAGE), range(16)))

    assert isinstance(before, Fetched)
    assert all(isinstance(one, Disallowed) for one in after)
    assert len(server.asked("/robots.txt")) == 2
