"""How many may be at one place at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class _Place:
    free: threading.Semaphore
    users: int = 0


class Places:
    """So many at once for each key. A key that nobody is at, or waits for, takes no memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    @contextmanager
    def taken(self, key: str, limit: int = 1) -> Iterator[None]:
        """Wait for a place, and have it for the length of the block."""
        with self._lock:
            place = self._places.setdefault(key, _Place(threading.Semaphore(limit)))
            place.users += 1
        try:
            with place.free:
                yield
        finally:
            with self._lock:
                place.users -= 1
                if not place.users:
                    del self._places[key]
