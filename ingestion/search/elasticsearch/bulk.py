"""Bulk requests, several at a time: each item's answer counts, and only what may work is sent again."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from ingestion.errors import ConfigurationError, Stop, Unavailable
from ingestion.search.elasticsearch.actions import Action, Fate, Result
from ingestion.search.elasticsearch.faults import SECURITY, TooLargeRequest, is_busy, reason_of
from ingestion.search.elasticsearch.server import Server

ANSWERED = ("items.*.status", "items.*.error.type", "items.*.error.reason", "items.*.error.caused_by.reason")
"""All that is read of an answer."""

LEAST_SHARE = 50
"""Smaller requests cost more than they save."""

Results = dict[str, Result]
Answers = Sequence[Mapping[str, Any]]
Request = Callable[[Sequence[Action]], Answers]


class BulkWriter:
    """Writes actions; at most `threads` requests of about `request_bytes` are in memory at once.

    The ids of one `write` must differ, so that no two requests in flight are about the same document.
    """

    def __init__(self, server: Server, *, threads: int, request_bytes: int) -> None:
        self._server = server
        self._threads = threads
        self._request_bytes = request_bytes
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="elasticsearch-bulk")

    def write(self, target: str, actions: Iterable[Action], *, count: int, is_alias: bool = True) -> Results:
        """Send actions to an alias, or to an index that is none, and return each one's result by its id.

        `count` is how many there are at most, so that each thread gets its share of a small batch.
        Raises `Unavailable` where some of them found no way in within the limit, `Stop` where none ever will.
        """
        request = partial(self._request, target, is_alias)
        results: Results = {}
        waiting: deque[Future[Results]] = deque()
        try:
            share = max(LEAST_SHARE, -(-count // self._threads))
            for chunk in chunked(actions, limit_bytes=self._request_bytes, limit_count=share):
                if len(waiting) == self._threads:
                    results.update(waiting.popleft().result())
                waiting.append(self._pool.submit(self._send, request, chunk))
            for future in waiting:
                results.update(future.result())
        finally:
            # Whatever the end, nothing of this write is in flight after it.
            for future in waiting:
                future.cancel()
            wait(waiting)
        return results

    def close(self) -> None:
        """Wait for what is in flight."""
        self._pool.shutdown(cancel_futures=True)

    def _send(self, request: Request, actions: Sequence[Action]) -> Results:
        results: Results = {}
        pending = list(actions)

        def attempt() -> None:
            nonlocal pending
            answers = request(pending)
            busy = _settle(pending, answers, results)
            pending = [action for action, _ in busy]
            if busy:
                raise Unavailable(f"{len(busy)} of a bulk request of {len(answers)}: {busy[0][1]}")

        try:
            self._server.patiently(attempt)
        except TooLargeRequest as fault:
            results.update(self._halves(request, pending, fault))
        return results

    def _halves(self, request: Request, actions: Sequence[Action], fault: TooLargeRequest) -> Results:
        if len(actions) == 1:
            return {actions[0].id: Result(Fate.REFUSED, f"too large for one request: {fault}")}
        middle = len(actions) // 2
        return self._send(request, actions[:middle]) | self._send(request, actions[middle:])

    def _request(self, target: str, is_alias: bool, actions: Sequence[Action]) -> Answers:  # noqa: FBT001
        lines: Any = [action.lines for action in actions]
        answer = self._server.once(
            f"bulk request to {target}",
            # An alias that is missing must not come to be as an index of that name.
            lambda client: client.bulk(
                index=target, operations=lines, require_alias=is_alias, filter_path=ANSWERED
            ),
        )
        return [next(iter(item.values())) for item in answer["items"]]


def chunked(actions: Iterable[Action], *, limit_bytes: int, limit_count: int) -> Iterator[list[Action]]:
    """Cut actions into runs of up to so many bytes and actions, and at least one action."""
    chunk: list[Action] = []
    size_bytes = 0
    for action in actions:
        if chunk and (size_bytes + len(action.lines) > limit_bytes or len(chunk) == limit_count):
            yield chunk
            chunk, size_bytes = [], 0
        chunk.append(action)
        size_bytes += len(action.lines)
    if chunk:
        yield chunk


def _settle(actions: Sequence[Action], answers: Answers, results: Results) -> list[tuple[Action, str]]:
    """Note what is decided, and return what may work later, with the reason."""
    busy: list[tuple[Action, str]] = []
    for action, answer in zip(actions, answers, strict=True):
        result = _result(answer)
        if isinstance(result, str):
            busy.append((action, result))
        else:
            results[action.id] = result
    return busy


def _result(answer: Mapping[str, Any]) -> Result | str:
    """What became of an item, or why to send it again. Raises `Stop` where the fault is not the item's."""
    status = answer["status"]
    error = answer.get("error")
    if error is None:
        return Result(Fate.ABSENT if status == 404 else Fate.DONE)
    kind, reason = str(error.get("type", "")), reason_of(error)
    if status == 409:
        return Result(Fate.STALE)
    if is_busy(status, kind):
        return f"{status} {kind}: {reason}"
    if status in {400, 413}:
        return Result(Fate.REFUSED, f"{kind}: {reason}")
    raise _stop(status, kind, reason)


def _stop(status: int, kind: str, reason: str) -> Stop:
    if kind == SECURITY or status in {401, 403}:
        return ConfigurationError(
            f"Elasticsearch lets nothing be written: {status} {kind}: {reason}. Grant the API key or user "
            "the privileges of docs/elasticsearch.md"
        )
    return Stop(f"Elasticsearch refuses to write: {status} {kind}: {reason}")
