"""What was used last, within a bound on how much of it."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """The values that were used last. Safe for several threads."""

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> V | None:
        """Return what is kept under a key."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: str, value: V, size_bytes: int) -> None:
        """Keep a value of about this size; what was not used for the longest time goes for it."""
        with self._lock:
            self._drop(key)
            self._kept[key] = (value, size_bytes)
            self._bytes += size_bytes
            while len(self._kept) > self._max_items or (
                self._bytes > self._max_bytes and len(self._kept) > 1
            ):
                self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        self._bytes -= self._kept.pop(key, (None, 0))[1]
