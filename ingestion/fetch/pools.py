"""Connections by origin: a request looks at those of its own host, and not at those of hundreds of others."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore

Key = tuple[bytes, bytes, int]


@dataclass
class _Kept:
    """A pool, and how many are about to get a connection of it."""

    pool: httpcore.ConnectionPool
    users: int = 0

    @property
    def is_in_use(self) -> bool:
        return self.users > 0 or not all(connection.is_idle() for connection in self.pool.connections)


class Pools:
    """A pool of connections for each origin; those of the origins that were asked last are kept open.

    One `httpcore.ConnectionPool` for all goes through its connections at every request, and for each idle
    one through all of them once more: with 200 hosts, that is most of the processor's time. Safe for
    several threads.
    """

    def __init__(self, make: Callable[[], httpcore.ConnectionPool], *, kept: int) -> None:
        self._make = make
        self._kept = kept
        self._pools: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._pools)

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send one request over a connection of its origin."""
        origin = request.url.origin
        with self._used((origin.scheme, origin.host, origin.port)) as pool:
            return pool.handle_request(request)

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            for kept in self._pools.values():
                kept.pool.close()
            self._pools.clear()

    @contextmanager
    def _used(self, key: Key) -> Iterator[httpcore.ConnectionPool]:
        with self._lock:
            if key not in self._pools:
                self._let_go()
                self._pools[key] = _Kept(self._make())
            self._pools.move_to_end(key)
            kept = self._pools[key]
            kept.users += 1
        try:
            yield kept.pool
        finally:
            with self._lock:
                kept.users -= 1

    def _let_go(self) -> None:
        """Make room: close pools that nobody uses, those first that were not used for the longest time."""
        for key in list(self._pools)[: max(0, len(self._pools) + 1 - self._kept)]:
            if not self._pools[key].is_in_use:
                self._pools.pop(key).pool.close()
