import socket

import pytest

from ingestion.errors import Unreachable
from ingestion.fetch.manners import Pace
from ingestion.source_ports import Disallowed, Fetched
from tests.unit.fetch.conftest import Make, ScriptedServer, Time, answer

PAGE = "http://paper.example/news/1"


@pytest.fixture(autouse=True)
def _page(server: ScriptedServer) -> None:
    server.scripts["/news/1"] = answer(200, b"x")
    server.scripts["/news/2"] = answer(200, b"x")


def robots(*lines: str) -> bytes:
    return answer(200, "\n".join(lines).encode(), Content_Type="text/plain")


def test_a_disallowed_address_is_not_fetched(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Disallow: /news/")

    answered = make().fetch(PAGE)

    assert answered == Disallowed("disallowed by http://paper.example/robots.txt")
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


def test_the_decision_travels_with_the_answer(make: Make, server: ScriptedServer) -> None:
    server.scripts["/robots.txt"] = robots("User-agent: *", "Disallow: /private/")

    fetched = make().fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert fetched.robots == "allowed by http://paper.example/robots.txt"


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

    with pytest.raises(Unreachable, match=r"robots\.txt cannot be had"):
        make(attempts=1).fetch(PAGE)


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


def test_the_interval_is_only_ever_lengthened_by_chance(time: Time) -> None:
    clock = time.clock()
    pace = Pace(4.0, type(clock)(now=clock.now, sleep=clock.sleep, chance=lambda: 1.0))

    pace.wait("paper.example")
    pace.wait("paper.example")

    assert time.slept == [5.0]
