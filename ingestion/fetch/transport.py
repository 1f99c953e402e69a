"""httpx over a pool whose connections are made by the guard."""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from ingestion.fetch.guard import GuardedBackend, Resolver
from ingestion.fetch.policy import FetchPolicy

FAULTS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.TimeoutException: httpx.ReadTimeout,
    httpcore.NetworkError: httpx.ReadError,
    httpcore.ProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable: httpx.PoolTimeout,
}


class GuardedTransport(httpx.BaseTransport):
    """Every connection goes through `GuardedBackend`; `Refused` passes through untouched."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver, tls: ssl.SSLContext | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            http1=True,
            http2=True,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(policy, resolver),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises `httpx.TransportError`, `Refused`."""
        with _as_httpx_faults():
            answer = self._pool.handle_request(
                httpcore.Request(
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
            )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Pieces(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.close()


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


@contextmanager
def _as_httpx_faults() -> Iterator[None]:
    try:
        yield
    except tuple(FAULTS) as error:
        fault = next(to for known, to in FAULTS.items() if isinstance(error, known))
        raise fault(str(error)) from error
