"""Bounds on waiting, and on the head of an answer, for every read and write of the thread within a block."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import httpcore

from ingestion.errors import TooLarge

HEAD_PIECE_BYTES = 4096
"""A head is read in small pieces, so that little of what follows is read with it."""

_deadline: ContextVar[float] = ContextVar("deadline")


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound everything that is read and written within the block, however slowly it drips."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


@dataclass
class Head:
    """How long the head of an answer may take from the request on, and how large it may be."""

    seconds: float
    max_bytes: int
    until: float | None = None
    read_bytes: int = 0

    def asked(self) -> None:
        """Note that the request is on its way."""
        if self.until is None:
            self.until = time.monotonic() + self.seconds

    def took(self, size_bytes: int) -> None:
        """Note what was read of it. Raises `TooLarge`."""
        self.read_bytes += size_bytes
        if self.read_bytes > self.max_bytes + HEAD_PIECE_BYTES:
            raise TooLarge(f"the headers of the answer have more than {self.max_bytes} bytes")


_head: ContextVar[Head | None] = ContextVar("head", default=None)


@contextmanager
def head_of_answer(seconds: float, max_bytes: int) -> Iterator[None]:
    """Take what is read within the block for the head of an answer."""
    token = _head.set(Head(seconds, max_bytes))
    try:
        yield
    finally:
        _head.reset(token)


def head() -> Head | None:
    """The head that is being read, if any."""
    return _head.get()


def left(timeout: float | None, fault: type[httpcore.TimeoutException]) -> float | None:
    """Return how long may be waited now, at most `timeout`. Raises `fault` where the time is over."""
    waited_for = _head.get()
    ends = {
        "the total time for one request is over": _deadline.get(None),
        "the answer did not begin in time": waited_for.until if waited_for else None,
    }
    now = time.monotonic()
    for told, end in ends.items():
        if end is not None:
            if end <= now:
                raise fault(told)
            timeout = end - now if timeout is None else min(end - now, timeout)
    return timeout
