"""Connections are kept by origin, those of the origins that were asked last."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpcore

from ingestion.fetch.pools import Pools
from tests.unit.fetch.conftest import ScriptedServer, answer


def get(pools: Pools, server: ScriptedServer, host: str) -> int:
    url = httpcore.URL(f"http://127.0.0.1:{server.port}/page")
    response = pools.handle_request(httpcore.Request("GET", url, headers={"Host": host}))
    response.read()
    response.close()
    return response.status


def test_an_origin_keeps_its_pool_and_the_least_used_is_let_go() -> None:
    servers = [ScriptedServer() for _ in range(3)]
    made: list[httpcore.ConnectionPool] = []

    def make() -> httpcore.ConnectionPool:
        made.append(httpcore.ConnectionPool())
        return made[-1]

    pools = Pools(make, kept=2)
    for server in servers:
        server.scripts["/page"] = answer(200, b"page")
    for number in (0, 1, 0, 0, 2, 0, 1):
        assert get(pools, servers[number], "paper.example") == 200
    kept, count = len(pools), len(made)
    pools.close()
    for server in servers:
        server.close()

    assert kept == 2
    assert count == 4
    assert len(pools) == 0


def test_a_pool_that_somebody_is_about_to_use_is_not_let_go(server: ScriptedServer) -> None:
    """One request waits for its answer in the middle of many to other origins."""
    asked, go_on = threading.Event(), threading.Event()

    def slow(connection: socket.socket, _: str) -> None:
        asked.set()
        go_on.wait(10)
        connection.sendall(answer(200, b"page"))

    server.scripts["/page"] = slow
    others = [ScriptedServer() for _ in range(4)]
    pools = Pools(httpcore.ConnectionPool, kept=1)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(get, pools, server, "slow.example")
        asked.wait(10)
        for other in others:
            other.scripts["/page"] = answer(200, b"page")
            assert get(pools, other, "paper.example") == 200
            other.close()
        kept = len(pools)
        go_on.set()

        assert waiting.result() == 200
    pools.close()
    assert kept == 2
