"""Where Elasticsearch is, who we are to it, and the client that talks to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from ssl import create_default_context
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from elasticsearch import Elasticsearch, OrjsonSerializer

from ingestion.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach a cluster. Secrets show neither here nor in any message.

    `urls` are its nodes, `https://host:9200`, whose credentials become `username` and `password`; or
    `cloud_id` names a deployment of Elastic Cloud. An API key goes before a password. `http://` is for this
    machine alone unless `allow_http` says otherwise. `write_seconds` and `read_seconds` limit how long a
    busy or absent cluster is tried again.
    """

    urls: tuple[str, ...] = ()
    cloud_id: str | None = None
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_certs: Path | None = None
    allow_http: bool = False
    timeout_seconds: float = 60.0
    write_seconds: float = 120.0
    read_seconds: float = 10.0
    connections: int = 10

    def __post_init__(self) -> None:
        for parts in map(urlsplit, self.urls):
            for name, told in (("username", parts.username), ("password", parts.password)):
                if told and getattr(self, name) is None:
                    object.__setattr__(self, name, unquote(told))
        object.__setattr__(self, "urls", tuple(_shown(urlsplit(url)) for url in self.urls))

    @property
    def name(self) -> str:
        """The cluster as messages call it."""
        return f"Elasticsearch at {', '.join(self.urls) or 'Elastic Cloud'}"


def client_of(connection: Connection) -> Elasticsearch:
    """Build the client; nothing is sent yet. Raises `ConfigurationError`."""
    options = {**_place(connection), **_trust(connection), **_credentials(connection)}
    # The client's own retries are off: they would neither wait between attempts nor be seen in the log.
    try:
        return Elasticsearch(
            **options,
            serializer=OrjsonSerializer(),
            request_timeout=connection.timeout_seconds,
            connections_per_node=connection.connections,
            max_retries=0,
            retry_on_timeout=False,
        )
    except ValueError as error:
        raise ConfigurationError(f"the settings of {connection.name} are wrong: {error}") from error


def _trust(connection: Connection) -> Mapping[str, Any]:
    """The certificates of the system, or those of a file alone."""
    if not connection.cloud_id and not any(url.startswith("https:") for url in connection.urls):
        return {}
    try:
        return {"ssl_context": create_default_context(cafile=connection.ca_certs)}
    except OSError as error:
        raise ConfigurationError(
            f"{connection.ca_certs} holds no certificates that can be read: {error}"
        ) from error


def _place(connection: Connection) -> Mapping[str, Any]:
    if connection.cloud_id:
        return {"cloud_id": connection.cloud_id}
    if not connection.urls:
        raise ConfigurationError("neither an address of Elasticsearch nor a cloud id is set")
    return {"hosts": [_checked(url, allow_http=connection.allow_http) for url in connection.urls]}


def _checked(url: str, *, allow_http: bool) -> str:
    """An address with its port. Raises `ConfigurationError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"{url!r} is no address of Elasticsearch; write https://host:9200")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise ConfigurationError(
            f"{url} would send credentials and articles in clear text; use https://, "
            "or allow http:// where the network is safe"
        )
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return urlunsplit((parts.scheme, f"{_bracketed(parts.hostname)}:{port}", parts.path, "", ""))


def _credentials(connection: Connection) -> Mapping[str, Any]:
    if connection.api_key:
        return {"api_key": connection.api_key}
    if not connection.username:
        return {}
    if connection.password is None:
        raise ConfigurationError(
            f"{connection.name} is given the user {connection.username} without a password"
        )
    return {"basic_auth": (connection.username, connection.password)}


def _shown(parts: SplitResult) -> str:
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
