"""What the operator allows and asks of fetching."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class HostManners:
    """What one host asks beyond the policy: the longer pause of the two counts."""

    interval_seconds: float = 0.0
    requests_at_once: int = 1


@dataclass(frozen=True, kw_only=True)
class FetchPolicy:
    """Limits and manners of one client.

    `total_timeout_seconds` bounds one request from connecting to its last byte; `max_bytes` bounds
    the body both as it travels and as it is decoded. `connect_to` sends hosts that match a pattern
    (`*.example`) to an `address:port`, whatever it is; hosts that match `allow_private_hosts` may
    have private or loopback addresses.
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
