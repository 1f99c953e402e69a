"""Waiting for a broker that may be frozen: say so while it lasts, and give up in the end.

kafka-python's transactional calls have no time limit, and a producer whose delivery timeout is finite
can neither send nor be closed once it has passed. So the waiting is timed here.
"""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from time import monotonic
from typing import TypeVar

import structlog

from ingestion.errors import Unavailable

SAY_SECONDS = 10.0

T = TypeVar("T")
log = structlog.get_logger(__name__)


def patiently(doing: str, action: Callable[[], T], *, stall_seconds: float, **facts: object) -> T:
    """Return what the action returns, or raise what it raises. Raises `Unavailable` after `stall_seconds`.

    The action is then left behind in its thread: close what it waits for.
    """
    outcome: Future[T] = Future()
    Thread(target=_settle, args=(outcome, action), name=f"kafka: {doing}", daemon=True).start()
    waited_seconds = 0.0
    while not _is_settled(outcome, min(SAY_SECONDS, stall_seconds)):
        waited_seconds += min(SAY_SECONDS, stall_seconds)
        if waited_seconds >= stall_seconds:
            raise Unavailable(f"Kafka: {doing}: no answer for {waited_seconds:.0f} s")
        log.warning("kafka_does_not_answer", doing=doing, waited_seconds=waited_seconds, **facts)
    return outcome.result()


def _is_settled(outcome: Future[T], seconds: float) -> bool:
    try:
        outcome.exception(timeout=seconds)
    except TimeoutError:
        return outcome.done()
    return True


def _settle(outcome: Future[T], action: Callable[[], T]) -> None:
    try:
        outcome.set_result(action())
    except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
        outcome.set_exception(error)


class Patience:
    """The same for a loop that asks again and again."""

    def __init__(self, doing: str, stall_seconds: float) -> None:
        self._doing = doing
        self._stall_seconds = stall_seconds
        self._begun = self._said = monotonic()

    def strain(self) -> None:
        """Note that another round brought nothing. Raises `Unavailable` after `stall_seconds`."""
        waited_seconds = monotonic() - self._begun
        if waited_seconds >= self._stall_seconds:
            raise Unavailable(f"Kafka: {self._doing}: nothing came of it in {waited_seconds:.0f} s")
        if monotonic() - self._said >= SAY_SECONDS:
            self._said = monotonic()
            log.warning("kafka_does_not_answer", doing=self._doing, waited_seconds=round(waited_seconds))
