"""Manners towards a host: intervals, places, lanes, and what is remembered of it."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingestion.errors import Cause, Unreachable
from ingestion.fetch import manners
from ingestion.fetch.backoff import LONGEST_REFUSAL_SECONDS, refusal_seconds
from ingestion.fetch.manners import Clock, MemoryHosts
from ingestion.fetch.places import Places
from ingestion.fetch.policy import FetchPolicy, HostManners
from ingestion.fetch.recent import Recent
from ingestion.source_ports import Fetched, Turn
from tests.unit.fetch.conftest import Make, ScriptedServer, Time, answer

PAGE = "http://paper.example/news/1"


@pytest.fixture(autouse=True)
def _pages(server: ScriptedServer) -> None:
    for number in range(10):
        server.scripts[f"/news/{number}"] = answer(200, b"x")


def robots(*lines: str) -> bytes:
    return answer(200, "\n".join(lines).encode(), Content_Type="text/plain")


def test_requests_to_one_host_keep_their_interval_and_other_hosts_are_free(make: Make, time: Time) -> None:
    fetcher = make(min_interval_seconds=2.0)

    fetcher.fetch(PAGE)
    fetcher.fetch("http://other.example/news/1")
    fetcher.fetch("http://paper.example/news/2")

    assert time.slept == [2.0, 2.0]


def test_a_crawl_delay_longer_than_our_interval_is_kept(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Crawl-delay: 9")
    fetcher = make(min_interval_seconds=1.0)

    fetcher.fetch(PAGE)
    fetcher.fetch("http://paper.example/news/2")

    assert time.slept == [1.0, 9.0]


def test_a_crawl_delay_beyond_patience_is_kept_by_leaving_the_host(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Crawl-delay: 600")
    fetcher = make()
    fetcher.fetch(PAGE)

    with pytest.raises(Unreachable) as caught:
        fetcher.fetch("http://paper.example/news/2")

    assert caught.value.retry_after_seconds == 600
    assert time.slept == []


def test_the_longer_interval_of_all_hosts_and_of_one_host_counts(make: Make, time: Time) -> None:
    asked = {"slow.example": HostManners(interval_seconds=7.0), "quick.example": HostManners()}
    fetcher = make(min_interval_seconds=2.0, host_manners=asked)

    for host in ("slow", "quick", "other"):
        fetcher.fetch(f"http://{host}.example/news/1")
        fetcher.fetch(f"http://{host.upper()}.example./news/2")

    assert time.slept == [7.0, 7.0, 2.0, 2.0, 2.0, 2.0]


def test_fewer_requests_at_once_count() -> None:
    known = {
        "slow.example": HostManners(requests_at_once=2),
        "quick.example": HostManners(requests_at_once=9),
    }
    policy = FetchPolicy(user_agent="bot", requests_per_host=4, host_manners=known)

    assert [policy.requests_at_once(f"{name}.example") for name in ("slow", "quick", "other")] == [2, 4, 4]


@pytest.mark.parametrize("said", ["nan", "inf", "-5", "many", "", "1e400"])
def test_a_crawl_delay_that_is_no_pause_is_passed_over(
    make: Make, server: ScriptedServer, time: Time, said: str
) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", f"Crawl-delay: {said}")
    fetcher = make()

    fetcher.fetch(PAGE)
    fetcher.fetch(PAGE)

    assert time.slept == []


def test_the_interval_is_only_ever_lengthened_by_chance(time: Time) -> None:
    hosts = MemoryHosts(Clock(now=time.clock().now, chance=lambda: 1.0))

    hosts.turn("paper.example", 4.0)

    assert hosts.turn("paper.example", 4.0) == Turn(5.0)


def test_refusals_grow_up_to_a_day_and_are_lengthened_by_chance() -> None:
    assert [refusal_seconds(before, 0.0) for before in range(4)] == [30.0, 60.0, 120.0, 240.0]
    assert refusal_seconds(10**9, 0.0) == LONGEST_REFUSAL_SECONDS
    assert refusal_seconds(0, 1.0) == 37.5


def test_the_backfill_lane_has_a_turn_only_where_the_host_is_free_now(time: Time) -> None:
    live = MemoryHosts(time.clock())
    backfill = live.for_lane("backfill")

    assert backfill.turn("paper.example", 5.0) == Turn(0.0)
    assert backfill.turn("paper.example", 5.0) == Turn(5.0, taken=False)
    assert [live.turn("paper.example", 5.0).wait_seconds for _ in range(2)] == [5.0, 10.0]
    assert backfill.turn("paper.example", 5.0) == Turn(15.0, taken=False)
    time.seconds += 15
    assert backfill.turn("paper.example", 5.0) == Turn(0.0)


def test_backfill_waits_until_the_host_is_free(make: Make, time: Time, server: ScriptedServer) -> None:
    live = MemoryHosts(time.clock())
    for _ in range(3):
        live.turn("paper.example", 10.0)

    fetched = make(hosts=live.for_lane("backfill")).fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert time.slept == [30.0]
    assert len(server.requests) == 2


def test_backfill_gives_way_for_ever_on_a_host_that_is_always_busy(make: Make, time: Time) -> None:
    live = MemoryHosts(time.clock())
    live.turn("paper.example", 10.0)

    def busy(seconds: float) -> None:
        live.turn("paper.example", 10.0)
        time.sleep(seconds)

    clock = Clock(now=time.clock().now, sleep=busy, utc=time.utc)
    with pytest.raises(Unreachable, match=r"paper\.example") as caught:
        make(hosts=live.for_lane("backfill"), clock=clock).fetch(PAGE)

    assert caught.value.cause is Cause.RATE_LIMITED


def test_hosts_that_are_free_again_are_forgotten_and_those_left_alone_are_not(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "MAX_HOSTS", 50)
    hosts = MemoryHosts(time.clock())
    hosts.refused("refusing.example", 3600.0)
    for number in range(1000):
        hosts.turn(f"{number}.example", 1.0)
        time.seconds += 1.5

    assert len(hosts) <= 51
    with pytest.raises(Unreachable):
        hosts.turn("refusing.example", 1.0)


def test_places_are_taken_by_so_many_at_once_and_forgotten_after() -> None:
    places, lock = Places(), threading.Lock()
    inside = {"a": 0, "b": 0}
    most = dict(inside)

    def visit(number: int) -> None:
        key, limit = ("a", 1) if number % 2 else ("b", 3)
        with places.taken(key, limit):
            with lock:
                inside[key] += 1
                most[key] = max(most[key], inside[key])
            threading.Event().wait(0.001)
            with lock:
                inside[key] -= 1

    with ThreadPoolExecutor(200) as threads:
        list(threads.map(visit, range(400)))

    assert most["a"] == 1
    assert 1 <= most["b"] <= 3
    assert len(places) == 0


def test_a_place_is_free_again_after_a_fault() -> None:
    places = Places()
    with pytest.raises(ValueError, match="x"), places.taken("a"):
        raise ValueError("x")

    with places.taken("a"):
        assert len(places) == 1
    assert len(places) == 0


def test_what_was_used_last_is_kept_within_bounds() -> None:
    recent: Recent[str] = Recent(max_items=3, max_bytes=10)
    for name in "abc":
        recent.put(name, name.upper(), 3)
    recent.get("a")
    recent.put("d", "D", 3)
    assert [recent.get(name) for name in "abcd"] == ["A", None, "C", "D"]

    recent.put("e", "E", 7)
    assert [recent.get(name) for name in "acde"] == [None, None, "D", "E"]
    recent.put("large", "L", 99)
    assert [recent.get(name) for name in ("d", "e", "large")] == [None, None, "L"]
    recent.put("large", "S", 1)
    recent.put("f", "F", 9)
    assert [recent.get(name) for name in ("large", "f")] == ["S", "F"]


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_host_gets_more_requests_at_once_than_it_wants(
    make: Make, server: ScriptedServer, at_once: int
) -> None:
    """Two hundred threads on ten hosts, over real connections."""
    lock = threading.Lock()
    inside: dict[str, int] = {}
    most: dict[str, int] = {}

    def slow(connection: socket.socket, request: str) -> None:
        host = request.partition("Host: ")[2].partition("\r\n")[0]
        with lock:
            inside[host] = inside.get(host, 0) + 1
            most[host] = max(most.get(host, 0), inside[host])
        threading.Event().wait(0.005)
        with lock:
            inside[host] -= 1
        connection.sendall(answer(200, b"x"))

    server.scripts["/slow"] = slow
    fetcher = make(
        requests_per_host=at_once, read_timeout_seconds=20.0, total_timeout_seconds=20.0, clock=Clock()
    )
    with ThreadPoolExecutor(200) as threads:
        answers = list(threads.map(lambda n: fetcher.fetch(f"http://h{n % 10}.example/slow"), range(400)))

    assert all(isinstance(one, Fetched) for one in answers)
    assert len(server.asked("/robots.txt")) == 10
    assert max(most.values()) <= at_once
