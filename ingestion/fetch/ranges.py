"""Large files over HTTP, read forwards from any byte (RFC 9110, section 14).

A connection that breaks is taken up where it broke. A server that knows no ranges is read from the
beginning, and what is known already is passed over.
"""

import ssl
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import httpx
import stamina
from msgspec import Struct

from ingestion.errors import Cause, HttpFailure, NewsError, Refused, Unreachable
from ingestion.fetch.asker import BACKFILL_PATIENCE_SECONDS, SHORT_PAUSE_SECONDS, SHORTEST_LOOK_SECONDS
from ingestion.fetch.deadline import deadline
from ingestion.fetch.faults import TryAgain, transport_fault
from ingestion.fetch.file_state import FileState, content_range, length_of, state_of
from ingestion.fetch.guard import Resolver, resolve
from ingestion.fetch.manners import Ruling
from ingestion.fetch.policy import FetchPolicy
from ingestion.fetch.redirects import REDIRECTS, Chain, redirect_of
from ingestion.fetch.retry_after import http_date, retry_after_seconds
from ingestion.fetch.statuses import PASSING, REFUSALS
from ingestion.fetch.transport import GuardedTransport
from ingestion.fetch.web_address import host_of, web_address
from ingestion.source_ports import Hosts

PIECE_BYTES = 1024 * 1024
"""So much has to come within the total time of one request; slower is as good as broken."""

PROGRESS_BYTES = 64 * 1024
"""A connection that broke after so much, or more, is not counted as an attempt that failed."""


class Answer(Struct, frozen=True):
    """An answer whose body begins at `first_byte` of the file."""

    response: httpx.Response
    first_byte: int
    state: FileState


class RangeClient:
    """Asks for the rest of a file, with the manners and within the limits of every other request."""

    def __init__(
        self,
        policy: FetchPolicy,
        hosts: Hosts,
        *,
        ruling: Callable[[httpx.URL], Ruling] | None = None,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.policy = policy
        self._hosts = hosts
        self._ruling = ruling
        self._sleep = sleep
        self._http = httpx.Client(
            transport=GuardedTransport(policy, resolver, tls),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(policy.read_timeout_seconds, connect=policy.connect_timeout_seconds),
            headers={"User-Agent": policy.user_agent, "Accept": "*/*", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def open(self, url: str, offset_bytes: int) -> "RangeReader":
        """Open the file from a byte on. Raises `Unreachable`, `HttpFailure`, `Refused`."""
        return RangeReader(self, web_address(url), offset_bytes)

    def ask(self, url: httpx.URL, first_byte: int, known: FileState | None) -> Answer:
        """Ask until there is an answer or the attempts are over."""
        headers = _headers(first_byte, known)
        try:
            for attempt in stamina.retry_context(
                on=TryAgain, attempts=self.policy.attempts, timeout=None, wait_initial=0.5, wait_max=10
            ):
                with attempt:
                    return self._answer(self._through_redirects(url, headers), first_byte)
        except TryAgain as last:
            raise Unreachable(
                f"{last} ({self.policy.attempts} attempts)",
                retry_after_seconds=last.retry_after_seconds,
                cause=last.cause,
            ) from last
        raise AssertionError("stamina ends by returning or raising")

    def _through_redirects(self, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        chain = Chain(url, self.policy.max_redirects)
        while True:
            response = self._send(chain.url, headers)
            if response.status_code not in REDIRECTS:
                return response
            with closing(response):
                hop = redirect_of(response)
                if hop is None:
                    raise HttpFailure(_told(response), status=response.status_code)
                chain.follow(hop)

    def _send(self, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        self._wait_for_turn(url)
        request = self._http.build_request("GET", url, headers=headers)
        try:
            with deadline(self.policy.total_timeout_seconds):
                return self._http.send(request, stream=True)
        except httpx.TransportError as error:
            raise transport_fault(url.host, error) from error

    def _wait_for_turn(self, url: httpx.URL) -> None:
        """Wait for the host's budget, which all that is fetched shares. Raises `Refused`, `Unreachable`."""
        ruling = self._ruling(url) if self._ruling else None
        if ruling and not ruling.allowed:
            raise Refused(ruling.rule, cause=Cause.ROBOTS)
        interval = max(
            self.policy.interval_seconds(host_of(url)), ruling.crawl_delay_seconds if ruling else 0.0
        )
        waited = 0.0
        while True:
            turn = self._hosts.turn(host_of(url), interval)
            pause = turn.wait_seconds if turn.taken else max(turn.wait_seconds, SHORTEST_LOOK_SECONDS)
            if not turn.taken and waited > BACKFILL_PATIENCE_SECONDS:
                told = f"{host_of(url)} is busy with requests that go first"
                raise Unreachable(told, retry_after_seconds=turn.wait_seconds, cause=Cause.RATE_LIMITED)
            self._sleep(pause)
            waited += pause
            if turn.taken:
                return

    def _answer(self, response: httpx.Response, first_byte: int) -> Answer:
        """Read the head of an answer; its body stays unread."""
        if response.status_code in REFUSALS:
            raise self._refused(response)
        if response.status_code in PASSING:
            with closing(response):
                raise TryAgain(_told(response), cause=Cause.SERVER_ERROR)
        self._hosts.answered(host_of(response.url))
        if response.status_code == 200:
            return Answer(response, 0, state_of(response, length_of(response)))
        begins, whole = content_range(response)
        if response.status_code == 206 and begins == first_byte:
            return Answer(response, begins, state_of(response, whole))
        with closing(response):
            raise HttpFailure(_told(response), status=response.status_code)

    def _refused(self, response: httpx.Response) -> Unreachable:
        """Leave the host alone, and ask it again in this run only where it wants a short pause."""
        with closing(response):
            said = retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC)) or None
            self._hosts.refused(host_of(response.url), said)
            fault = TryAgain if said and said <= SHORT_PAUSE_SECONDS else Unreachable
            cause = Cause.RATE_LIMITED if response.status_code == 429 else Cause.SERVER_ERROR
            return fault(_told(response), retry_after_seconds=said, cause=cause)


class RangeReader:
    """`source_ports.OpenArchive` over HTTP."""

    def __init__(self, client: RangeClient, url: httpx.URL, offset_bytes: int) -> None:
        self._client = client
        self._url = url
        self._position = offset_bytes
        self._held = b""
        self._failures = 0
        self._position_of_break = offset_bytes
        self._ended = False
        answer = client.ask(url, offset_bytes, None)
        self._state = answer.state
        self._take(answer)

    @property
    def identity(self) -> str:
        """Which state of the file this is."""
        return self._state.identity

    @property
    def size_bytes(self) -> int | None:
        """How large the file is."""
        return self._state.size_bytes

    @property
    def changed_at(self) -> datetime | None:
        """When the server says that it changed."""
        return http_date(self._state.last_modified or "")

    def read(self, size: int = -1, /) -> bytes:
        """Return what is there, at most so much. Raises `Unreachable`."""
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE_BYTES), b""))
        while not self._held and not self._ended:
            self._held = self._next_piece()
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()

    def _take(self, answer: Answer) -> None:
        self._response = answer.response
        self._pieces = answer.response.iter_raw()
        self._passed_over = self._position - answer.first_byte

    def _next_piece(self) -> bytes:
        """Gather a piece, and take the connection up again where it breaks meanwhile."""
        gathered = bytearray()
        try:
            self._gather(gathered)
        except httpx.TransportError as error:
            fault: NewsError | None = transport_fault(self._url.host, error)
        else:
            fault = self._too_early(len(gathered))
        self._position += len(gathered)
        if fault is not None:
            self._take_up_again(fault)
        return bytes(gathered)

    def _gather(self, gathered: bytearray) -> None:
        with deadline(self._client.policy.total_timeout_seconds):
            for piece in self._pieces:
                passed = min(len(piece), self._passed_over)
                self._passed_over -= passed
                gathered += memoryview(piece)[passed:]
                if len(gathered) >= PIECE_BYTES:
                    return
        self._ended = True

    def _too_early(self, gathered_bytes: int) -> NewsError | None:
        """An answer may end before the file does, and be whole by its own account."""
        size, position = self._state.size_bytes, self._position + gathered_bytes
        if not self._ended or size is None or position >= size:
            return None
        return TryAgain(f"{self._url.host} ended at byte {position} of {size}")

    def _take_up_again(self, fault: NewsError) -> None:
        if not isinstance(fault, TryAgain):
            raise fault
        if self._position - self._position_of_break >= PROGRESS_BYTES:
            self._failures = 0
        self._failures += 1
        self._position_of_break = self._position
        if self._failures >= self._client.policy.attempts:
            raise Unreachable(f"{fault} ({self._failures} attempts)", cause=fault.cause) from fault
        self._ended = False
        self._response.close()
        answer = self._client.ask(self._url, self._position, self._state)
        if answer.state.identity != self._state.identity:
            answer.response.close()
            told = f"{self._url} changed while it was read; it is read anew"
            raise Unreachable(told, cause=Cause.UNREADABLE)
        self._take(answer)


def _headers(first_byte: int, known: FileState | None) -> dict[str, str]:
    headers = {"Range": f"bytes={first_byte}-"} if first_byte else {}
    if first_byte and known and known.condition:
        headers["If-Range"] = known.condition
    return headers


def _told(response: httpx.Response) -> str:
    return f"{response.status_code} {response.reason_phrase} from {response.url.host}".replace("  ", " ")
