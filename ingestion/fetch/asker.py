"""One address, asked with the manners of its host until there is an answer, or the attempts are over.

1  wait for a place at the host: so many requests at a time
2  wait for a turn at the host: its budget is shared by all that ask it
3  ask, and read what comes within the limits
4  tell the budget: the host is well, or wants to be left alone
"""

import ssl
from contextlib import closing
from dataclasses import dataclass, field

import httpx
import stamina

from ingestion.errors import Cause, Unreachable
from ingestion.fetch.answers import BodyLimit, failure, fetched, not_modified, status_line
from ingestion.fetch.deadline import deadline
from ingestion.fetch.faults import TryAgain, transport_fault
from ingestion.fetch.guard import Resolver
from ingestion.fetch.manners import Clock
from ingestion.fetch.places import Places
from ingestion.fetch.policy import FetchPolicy
from ingestion.fetch.redirects import Redirect, redirect_of
from ingestion.fetch.request_headers import standing_headers
from ingestion.fetch.retry_after import retry_after_seconds
from ingestion.fetch.statuses import PASSING, REFUSALS
from ingestion.fetch.transport import GuardedTransport
from ingestion.fetch.web_address import host_of
from ingestion.source_ports import Fetched, Hosts, NotModified

SHORT_PAUSE_SECONDS = 30.0
"""A host that wants to be left alone for no longer is asked again; for longer, another time."""

BACKFILL_PATIENCE_SECONDS = 600.0
"""How long a request waits for a host on which others have precedence."""

SHORTEST_LOOK_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked for. `conditional` where `headers` ask whether it has changed."""

    limit: BodyLimit
    headers: dict[str, str] = field(default_factory=dict)
    conditional: bool = False
    known_digest: str | None = None
    interval_seconds: float = 0.0
    attempts: int | None = None


Reply = Fetched | NotModified | Redirect


class Asker:
    """Asks over HTTP/1.1 and HTTP/2. Safe for several threads; close it at the end.

    It stands on the transport alone: what a client adds, as proxies, cookies and credentials of the
    environment and logs of addresses, is left out on purpose.
    """

    def __init__(
        self, policy: FetchPolicy, hosts: Hosts, clock: Clock, resolver: Resolver, tls: ssl.SSLContext | None
    ) -> None:
        self._policy = policy
        self._hosts = hosts
        self._clock = clock
        self._places = Places()
        self._transport = GuardedTransport(policy, resolver, tls)
        self._timeout = httpx.Timeout(policy.read_timeout_seconds, connect=policy.connect_timeout_seconds)

    def close(self) -> None:
        """Let go of all connections."""
        self._transport.close()

    def ask(self, url: httpx.URL, question: Question) -> Reply:
        """Ask. Raises `Unreachable`, `HttpFailure`, `Refused`, `TooLarge`."""
        attempts = question.attempts or self._policy.attempts
        try:
            for attempt in stamina.retry_context(
                on=TryAgain, attempts=attempts, timeout=None, wait_initial=0.5, wait_max=10
            ):
                with attempt, self._places.taken(host_of(url), self._policy.requests_at_once(host_of(url))):
                    self._wait_for_turn(url, question)
                    return self._attempt(url, question, again=attempt.num > 1)
        except TryAgain as last:
            raise Unreachable(
                f"{last} ({attempts} attempts)",
                retry_after_seconds=last.retry_after_seconds,
                cause=last.cause,
            ) from last
        raise AssertionError("stamina ends by returning or raising")

    def _wait_for_turn(self, url: httpx.URL, question: Question) -> None:
        """Wait for the host's budget. Raises `Unreachable` where that takes too long."""
        host = host_of(url)
        interval = max(question.interval_seconds, self._policy.interval_seconds(host))
        waited = 0.0
        while True:
            turn = self._hosts.turn(host, interval)
            if turn.taken:
                if turn.wait_seconds > 0:
                    self._clock.sleep(turn.wait_seconds)
                return
            if waited > BACKFILL_PATIENCE_SECONDS:
                told = f"{host} is busy with requests that go first"
                raise Unreachable(told, retry_after_seconds=turn.wait_seconds, cause=Cause.RATE_LIMITED)
            pause = max(turn.wait_seconds, SHORTEST_LOOK_SECONDS)
            self._clock.sleep(pause)
            waited += pause

    def _attempt(self, url: httpx.URL, question: Question, *, again: bool) -> Reply:
        # A second attempt is not to be answered by whatever cache on the way got the first one wrong.
        headers = httpx.Headers(standing_headers(self._policy.user_agent))
        headers.update({**question.headers, **({"Cache-Control": "no-cache"} if again else {})})
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": self._timeout.as_dict()})
        try:
            with (
                deadline(self._policy.total_timeout_seconds),
                closing(self._transport.handle_request(request)) as response,
            ):
                response.request = request
                return self._reply(response, question)
        except httpx.TransportError as error:
            raise transport_fault(url.host, error) from error

    def _reply(self, response: httpx.Response, question: Question) -> Reply:
        status = response.status_code
        if status in REFUSALS:
            raise self._refused(response)
        if status in PASSING:
            raise TryAgain(status_line(response), cause=Cause.SERVER_ERROR)
        if status < 500:
            self._hosts.answered(host_of(response.url))
        redirect = redirect_of(response)
        if redirect:
            return redirect
        return self._answer(response, question)

    def _answer(self, response: httpx.Response, question: Question) -> Fetched | NotModified:
        now = self._clock.utc()
        if response.status_code == 304:
            if question.conditional:
                return not_modified(response, now)
            told = f"{status_line(response)}, to a request that did not ask whether anything changed"
            raise TryAgain(told, cause=Cause.SERVER_ERROR)
        if not response.is_success or response.status_code == 206:
            raise failure(response)
        return fetched(response, question.limit, question.known_digest, now)

    def _refused(self, response: httpx.Response) -> Unreachable:
        """Leave the host alone, and ask it again in this run only where it wants a short pause.

        A pause of nothing is no pause: the host refuses, so it is left alone as if it had not said when.
        """
        said = retry_after_seconds(response.headers.get("retry-after"), self._clock.utc()) or None
        self._hosts.refused(host_of(response.url), said)
        fault = TryAgain if said and said <= SHORT_PAUSE_SECONDS else Unreachable
        cause = Cause.RATE_LIMITED if response.status_code == 429 else Cause.SERVER_ERROR
        return fault(status_line(response), retry_after_seconds=said, cause=cause)
