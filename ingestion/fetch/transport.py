"""httpx over pools whose connections are made by the guard."""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import h2.exceptions
import httpcore
import httpx

from ingestion.errors import TooLarge
from ingestion.fetch.deadline import head_of_answer
from ingestion.fetch.guard import GuardedBackend, Resolver
from ingestion.fetch.policy import FetchPolicy
from ingestion.fetch.pools import Pools

FAULTS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.TimeoutException: httpx.ReadTimeout,
    httpcore.NetworkError: httpx.ReadError,
    httpcore.ProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable: httpx.PoolTimeout,
    # From here on, what the HTTP/2 machinery lets through of a server that does not speak HTTP/2.
    h2.exceptions.H2Error: httpx.RemoteProtocolError,
    ValueError: httpx.RemoteProtocolError,
    LookupError: httpx.RemoteProtocolError,
}


class GuardedTransport(httpx.BaseTransport):
    """Every connection goes through `GuardedBackend`; faults of this project pass through untouched."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver, tls: ssl.SSLContext | None) -> None:
        self._policy = policy
        backend, context = GuardedBackend(policy, resolver), tls or httpx.create_ssl_context()

        def make() -> _Pool:
            return _Pool(
                ssl_context=context,
                http1=True,
                http2=True,
                max_connections=None,
                max_keepalive_connections=None,
                keepalive_expiry=30.0,
                network_backend=backend,
            )

        self._pools = Pools(make, kept=2 * policy.hosts_at_once)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises `httpx.TransportError`, `Refused`, `TooLarge`, `Unreachable`."""
        policy = self._policy
        with _as_httpx_faults(), head_of_answer(policy.first_byte_timeout_seconds, policy.max_header_bytes):
            answer = self._pools.handle_request(_core_request(request))
        assert isinstance(answer.stream, Iterable)
        response = httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Pieces(answer.stream),
            extensions=answer.extensions,
        )
        if sum(len(name) + len(value) for name, value in answer.headers) > policy.max_header_bytes:
            with closing(response):
                raise TooLarge(f"the headers of the answer have more than {policy.max_header_bytes} bytes")
        return response

    def close(self) -> None:
        """Let go of all connections."""
        self._pools.close()


class _Pool(httpcore.ConnectionPool):
    """As many connections as threads that ask."""

    def create_connection(self, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        """Make a connection for an origin."""
        return _Connection(
            origin=origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            http1=self._http1,
            http2=self._http2,
            network_backend=self._network_backend,
        )


class _Connection(httpcore.HTTPConnection):
    """One request at a time, over HTTP/2 too: an answer that stalls holds up no other."""

    def is_available(self) -> bool:
        return super().is_available() and self.is_idle()


class _Pieces(httpx.SyncByteStream):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx_faults():
            yield from self._pieces

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def _core_request(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=b"",
        extensions=request.extensions,
    )


@contextmanager
def _as_httpx_faults() -> Iterator[None]:
    try:
        yield
    except tuple(FAULTS) as error:
        fault = next(to for known, to in FAULTS.items() if isinstance(error, known))
        raise fault(str(error)) from error
