"""The HTTP client: one request at a time, politely, safely, within limits.

Proxies, cookies, credentials and anything else the environment might add are left out on purpose:
what is connected to is what was checked.
"""

import ssl
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx
import stamina

from ingestion.errors import HttpFailure, NewsError, Refused, TooLarge, Unreachable
from ingestion.fetch.body import ACCEPTED_ENCODINGS, read_body, read_some
from ingestion.fetch.guard import Resolver, deadline, resolve, web_address
from ingestion.fetch.manners import Clock, Pace, Robots, Ruling
from ingestion.fetch.policy import FetchPolicy
from ingestion.fetch.transport import GuardedTransport
from ingestion.source_ports import Disallowed, Fetched, NotModified, Validators

TRY_AGAIN = frozenset({429, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_EVIDENCE_BYTES = 64 * 1024
"""How much of the body of a failure is kept."""

MAX_RETRY_AFTER_SECONDS = 7 * 24 * 3600.0
"""A host that asks for more is asked again after a week."""

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.8"


class PoliteFetcher:
    """A `Fetcher` over HTTP/1.1 and HTTP/2. Safe for several threads; close it at the end."""

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        resolver: Resolver = resolve,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        clock = clock or Clock()
        self._pace = Pace(policy.min_interval_seconds, clock)
        self._robots = Robots(policy.user_agent, self._read_robots, clock)
        self._http = httpx.Client(
            transport=GuardedTransport(policy, resolver, tls),
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(policy.read_timeout_seconds, connect=policy.connect_timeout_seconds),
            headers={
                "User-Agent": policy.user_agent,
                "Accept": ACCEPT,
                "Accept-Encoding": ACCEPTED_ENCODINGS,
            },
        )

    def __enter__(self) -> Self:
        """Use it in a `with` block to have it closed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def fetch(
        self, url: str, known: Validators | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | NotModified | Disallowed:
        """Follow robots.txt, the host's rate and every limit, on every hop.

        Raises `Unreachable`, `HttpFailure`, `Refused`, `TooLarge`.
        """
        at = web_address(url)
        for _ in range(self._policy.max_redirects + 1):
            ruling = self._ruling(at)
            if not ruling.allowed:
                return Disallowed(ruling.rule)
            answer = self._ask(at, {**(headers or {}), **_conditions(known)}, ruling)
            if not isinstance(answer, httpx.URL):
                return answer
            at = answer
        raise HttpFailure(f"more than {self._policy.max_redirects} redirects", status=310)

    def _ruling(self, url: httpx.URL) -> Ruling:
        if not self._policy.respect_robots:
            return Ruling(allowed=True, rule="robots.txt was not asked, as the operator decided")
        return self._robots.ruling(url)

    def _read_robots(self, url: httpx.URL) -> bytes:
        """RFC 9309, section 2.3.1.2: redirects are followed, to other hosts too."""
        nothing_asked = Ruling(allowed=True, rule="robots.txt itself")
        for _ in range(max(5, self._policy.max_redirects) + 1):
            answer = self._ask(url, {}, nothing_asked)
            if isinstance(answer, Fetched):
                return answer.body
            if not isinstance(answer, httpx.URL):
                break
            url = answer
        raise HttpFailure("robots.txt is redirected without end", status=410)

    def _ask(
        self, url: httpx.URL, conditions: dict[str, str], ruling: Ruling
    ) -> Fetched | NotModified | httpx.URL:
        """Ask until there is an answer or the attempts are over."""
        try:
            for attempt in stamina.retry_context(
                on=_TryAgain, attempts=self._policy.attempts, timeout=None, wait_initial=0.5, wait_max=10
            ):
                with attempt:
                    self._pace.wait(url.host, ruling.crawl_delay_seconds)
                    return self._attempt(url, conditions, ruling)
        except _TryAgain as last:
            raise Unreachable(
                f"{last} ({self._policy.attempts} attempts)", retry_after_seconds=last.retry_after_seconds
            ) from last
        raise AssertionError("stamina ends by returning or raising")

    def _attempt(
        self, url: httpx.URL, conditions: dict[str, str], ruling: Ruling
    ) -> Fetched | NotModified | httpx.URL:
        try:
            with (
                deadline(self._policy.total_timeout_seconds),
                self._http.stream("GET", url, headers=conditions) as response,
            ):
                return self._answer(response, ruling, conditional=bool(conditions))
        except httpx.TransportError as error:
            raise _transport_fault(url, error) from error

    def _answer(
        self, response: httpx.Response, ruling: Ruling, *, conditional: bool
    ) -> Fetched | NotModified | httpx.URL:
        status = response.status_code
        if status in TRY_AGAIN:
            raise self._try_again(response)
        if status in REDIRECTS and "location" in response.headers:
            return _redirected(response)
        if status == 304 and conditional:
            return NotModified(fetched_at=datetime.now(UTC))
        if not response.is_success:
            raise HttpFailure(_status_line(response), status=status, body=_evidence(response))
        return self._fetched(response, ruling)

    def _try_again(self, response: httpx.Response) -> "_TryAgain":
        seconds = retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC))
        if seconds:
            self._pace.hold(response.url.host, seconds)
        return _TryAgain(_status_line(response), retry_after_seconds=seconds)

    def _fetched(self, response: httpx.Response, ruling: Ruling) -> Fetched:
        headers = {
            name: value for name, value in response.headers.items() if not name.startswith("set-cookie")
        }
        return Fetched(
            url=str(response.url),
            status=response.status_code,
            headers=headers,
            content_type=_media_type(headers.get("content-type")),
            charset=response.charset_encoding,
            body=self._body(response),
            fetched_at=datetime.now(UTC),
            validators=Validators(etag=headers.get("etag"), last_modified=headers.get("last-modified")),
            robots=ruling.rule,
        )

    def _body(self, response: httpx.Response) -> bytes:
        limit = self._policy.max_bytes
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise TooLarge(f"the answer announces {declared} bytes; the limit is {limit}")
        encoding = response.headers.get("content-encoding")
        try:
            return read_body(response.iter_raw(), encoding, max_bytes=limit)
        except Unreachable as early:
            raise _TryAgain(str(early)) from early


class _TryAgain(Unreachable):
    """An attempt failed in a way that another one may not."""


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read Retry-After in both its forms (RFC 9110, section 10.2.3); None where it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal() and len(text) < 12:
        return min(float(text), MAX_RETRY_AFTER_SECONDS)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return min(max(0.0, (then - now).total_seconds()), MAX_RETRY_AFTER_SECONDS)


def _conditions(known: Validators | None) -> dict[str, str]:
    pairs = (("If-None-Match", known.etag), ("If-Modified-Since", known.last_modified)) if known else ()
    return {name: value for name, value in pairs if value}


def _redirected(response: httpx.Response) -> httpx.URL:
    try:
        target = response.url.join(response.headers["location"])
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise HttpFailure(f"redirected to no address: {error}", status=response.status_code) from error
    return web_address(str(target))


def _evidence(response: httpx.Response) -> bytes:
    encoding = response.headers.get("content-encoding")
    pieces: Iterable[bytes] = response.iter_raw()
    return read_some(pieces, encoding, max_bytes=MAX_EVIDENCE_BYTES)


def _status_line(response: httpx.Response) -> str:
    return f"{response.status_code} {response.reason_phrase} from {response.url.host}".replace("  ", " ")


def _media_type(value: str | None) -> str | None:
    return (value or "").partition(";")[0].strip().lower() or None


def _transport_fault(url: httpx.URL, error: httpx.TransportError) -> NewsError:
    """Tell a certificate that fails, which stays so, from a network that fails, which may pass."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Refused(f"the certificate of {url.host} is not valid: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    return _TryAgain(f"{url.host} did not answer: {type(error).__name__} {error}".rstrip())
