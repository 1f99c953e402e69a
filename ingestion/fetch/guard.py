"""Connections to checked addresses only: everything that is resolved is checked before it is used.

The check sits where the connection is made, and the connection goes to the very address that was
checked, so an answer of the DNS that changes in between (rebinding) has no effect. The name stays
in the Host header and in TLS. Connections are kept by scheme, host and port, so that one which was made
for a host that may have a private address serves no other.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

import httpcore

from ingestion.errors import Cause, ConfigurationError, Unreachable
from ingestion.fetch.addresses import check_address
from ingestion.fetch.deadline import left
from ingestion.fetch.faults import TryAgain
from ingestion.fetch.policy import FetchPolicy
from ingestion.fetch.streams import BoundedStream

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to the addresses of the host, in order of preference. Raises `OSError`."""

MAX_ADDRESSES = 8
"""So many addresses of one host are tried; all of them are checked."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host. How long that may take is the system's own setting."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


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
        """Resolve, check every address, connect to one that answers. Raises `Refused`, `Unreachable`."""
        failure: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address, at in self.addresses(host, port)[:MAX_ADDRESSES]:
            try:
                in_time = left(timeout, httpcore.ConnectTimeout)
                stream = super().connect_tcp(address, at, in_time, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return BoundedStream(stream)
        raise failure or Unreachable(f"the name {host} has no address", cause=Cause.DNS)

    def addresses(self, host: str, port: int) -> list[tuple[str, int]]:
        """Return where a host may be reached; a bad address refuses all. Raises `Refused`, `Unreachable`."""
        name = host.lower().rstrip(".")
        for pattern, endpoint in self._connect_to.items():
            if fnmatchcase(name, pattern.lower()):
                return [endpoint]
        found = self._resolved(host, port)
        private = any(fnmatchcase(name, pattern.lower()) for pattern in self._private)
        for address in found:
            check_address(host, address, allow_private=private)
        return [(address, port) for address in found]

    def _resolved(self, host: str, port: int) -> Sequence[str]:
        """Tell a name that there is not, which a second question would not better, from a DNS in trouble."""
        try:
            return self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            passing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
            told = f"the name {host} cannot be resolved: {getattr(error, 'strerror', None) or error}"
            raise (TryAgain if passing else Unreachable)(told, cause=Cause.DNS) from error


def _endpoint(to: str) -> tuple[str, int]:
    host, _, port = to.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigurationError(f"connect_to: {to!r} is no address:port; write it like 127.0.0.1:8765")
    return host.strip("[]"), int(port)
