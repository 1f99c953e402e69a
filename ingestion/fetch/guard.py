"""Which addresses may be connected to: everything that is resolved is checked before it is used.

The check sits where the connection is made, and the connection goes to the very address that was
checked, so an answer of the DNS that changes in between (rebinding) has no effect. The name stays
in the Host header and in TLS.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpcore
import httpx

from ingestion.errors import ConfigurationError, Refused
from ingestion.fetch.policy import FetchPolicy

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to the addresses of the host, in order of preference. Raises `OSError`."""

NAT64 = IPv6Network("64:ff9b::/96")
METADATA = frozenset(ip_address(a) for a in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200"))

_deadline: ContextVar[float] = ContextVar("deadline")


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def web_address(url: str) -> httpx.URL:
    """Read a URL that may be fetched. Raises `Refused`."""
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise Refused(f"not a web address: {url!r} ({error})") from error
    if parsed.scheme not in ("http", "https"):
        raise Refused(f"only http and https are fetched: {url!r}")
    if parsed.userinfo:
        raise Refused("an address with a user name or a password in it is not fetched")
    if not host or not 0 < (parsed.port or 80) < 65536:
        raise Refused(f"an address without a host, or with a port that cannot be: {url!r}")
    return parsed.copy_with(fragment=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound everything that is read and written within the block, however slowly it drips."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class GuardedBackend(httpcore.SyncBackend):
    """Connects to checked addresses only."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver = resolve) -> None:
        self._resolver = resolver
        self._private = policy.allow_private_hosts
        self._connect_to = {pattern: _endpoint(to) for pattern, to in policy.connect_to.items()}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check every address, connect to the first that answers. Raises `Refused`."""
        failure: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address, at in self.addresses(host, port):
            try:
                left = _left(timeout, httpcore.ConnectTimeout)
                stream = super().connect_tcp(address, at, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream)
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def addresses(self, host: str, port: int) -> list[tuple[str, int]]:
        """Return where a host may be reached; one bad address refuses all. Raises `Refused`."""
        name = host.lower().rstrip(".")
        for pattern, endpoint in self._connect_to.items():
            if fnmatchcase(name, pattern.lower()):
                return [endpoint]
        try:
            found = self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error
        private = any(fnmatchcase(name, pattern.lower()) for pattern in self._private)
        for address in found:
            check_address(host, address, allow_private=private)
        return [(address, port) for address in found]


def check_address(host: str, address: str, *, allow_private: bool = False) -> None:
    """Raise `Refused` where an address is not a public one; metadata services never pass."""
    for ip in _faces(ip_address(address.partition("%")[0])):
        reserved = ip.version == 4 and ip.is_reserved
        never = ip in METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified or reserved
        local = ip.is_private or ip.is_loopback
        if never or not (ip.is_global or (local and allow_private)):
            raise Refused(f"{host} is at {address}, which is not a public address")


def _faces(ip: Address) -> list[Address]:
    """An address and the IPv4 addresses that it carries inside (RFC 4291, 3056, 4380, 6052)."""
    if isinstance(ip, IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    inner: list[Address] = [*(ip.teredo or ())]
    if ip.sixtofour:
        inner.append(ip.sixtofour)
    if ip in NAT64:
        inner.append(IPv4Address(int(ip) & 0xFFFF_FFFF))
        return inner
    return [ip, *inner]


def _endpoint(to: str) -> tuple[str, int]:
    host, _, port = to.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigurationError(f"connect_to: {to!r} is no address:port; write it like 127.0.0.1:8765")
    return host.strip("[]"), int(port)


def _left(timeout: float | None, fault: type[httpcore.TimeoutException]) -> float | None:
    ends = _deadline.get(None)
    if ends is None:
        return timeout
    left = ends - time.monotonic()
    if left <= 0:
        raise fault("the total time for one request is over")
    return left if timeout is None else min(left, timeout)


class _TimedStream(httpcore.NetworkStream):
    """A connection on which every wait ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
