"""What the operator allows and asks of fetching."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class HostManners:
    """What one host asks beyond the policy, than which it is never less polite."""

    interval_seconds: float = 0.0
    requests_at_once: int = 1


@dataclass(frozen=True, kw_only=True)
class FetchPolicy:
    """Limits and manners of one client.

    `first_byte_timeout_seconds` bounds the time from the request to the end of the headers of its answer,
    `total_timeout_seconds` that of one request from connecting to its last byte; `max_bytes` bounds the
    body both as it travels and as it is decoded. `host_manners` goes by host names in lower case.
    `connect_to` sends hosts that match a pattern (`*.example`) to an `address:port`, whatever it is;
    hosts that match `allow_private_hosts` may have private or loopback addresses.
    """

    user_agent: str
    connect_timeout_seconds: float = 10.0
    read_timeout_seconds: float = 20.0
    first_byte_timeout_seconds: float = 15.0
    total_timeout_seconds: float = 60.0
    max_header_bytes: int = 64 * 1024
    max_bytes: int = 20 * 1024 * 1024
    max_redirects: int = 5
    min_interval_seconds: float = 1.0
    requests_per_host: int = 1
    hosts_at_once: int = 32
    host_manners: Mapping[str, HostManners] = field(default_factory=dict)
    attempts: int = 3
    connect_to: Mapping[str, str] = field(default_factory=dict)
    allow_private_hosts: tuple[str, ...] = ()
    respect_robots: bool = True
    ask_tdmrep: bool = True

    def interval_seconds(self, host: str) -> float:
        """The pause between two requests to a host: the longer one, of all hosts and of this one."""
        known = self.host_manners.get(host)
        return max(self.min_interval_seconds, known.interval_seconds if known else 0.0)

    def requests_at_once(self, host: str) -> int:
        """How many requests a host gets at a time: the fewer, of all hosts and of this one."""
        known = self.host_manners.get(host)
        return max(
            1, min(self.requests_per_host, known.requests_at_once if known else self.requests_per_host)
        )
