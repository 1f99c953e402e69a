"""How a cluster is reached: the address, the security, the limits; and what kafka-python is given of them."""

from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from ingestion.errors import ConfigurationError

Compression = Literal["none", "lz4", "zstd"]
PROTOCOLS = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
FIRST_ANSWER_SECONDS = 30.0
EXAMPLE = "kafka://host:9092,host:9092/?security=sasl_ssl&mechanism=SCRAM-SHA-512"


class Options(Struct, frozen=True, kw_only=True):
    """Everything about a cluster that is not in its address. Its representation shows no secret."""

    slot: str = "0"
    prefix: str = ""
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    key_password: str | None = None
    replication_factor: int = -1
    compression: Compression = "lz4"
    in_flight_bytes: int = 64 * 1024 * 1024
    max_record_bytes: int = 16 * 1024 * 1024
    session_seconds: float = 30.0
    poll_interval_seconds: float = 600.0
    transaction_seconds: float = 120.0
    stall_seconds: float = 300.0

    def __repr__(self) -> str:
        """Name what is told to anybody."""
        return f"Options(slot={self.slot!r}, prefix={self.prefix!r})"


class Cluster(Struct, frozen=True, kw_only=True):
    """An address, read."""

    servers: tuple[str, ...]
    security: str
    mechanism: str | None
    options: Options

    @classmethod
    def from_url(cls, url: str, options: Options) -> "Cluster":
        """Read `kafka://host:port,host:port/?security=…&mechanism=…`. Raises `ConfigurationError`."""
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise ConfigurationError(
                "NEWS_BROKER must not hold a password; set NEWS_KAFKA__USERNAME and NEWS_KAFKA__PASSWORD"
            )
        servers = tuple(server for server in parts.netloc.split(",") if server)
        asked = dict(parse_qsl(parts.query))
        security, mechanism = asked.pop("security", "plaintext").lower(), asked.pop("mechanism", None)
        if not servers or asked or security not in PROTOCOLS or parts.path not in {"", "/"}:
            raise ConfigurationError(
                f"NEWS_BROKER={url!r} is not like {EXAMPLE}; security is one of {', '.join(PROTOCOLS)}"
            )
        cluster = cls(servers=servers, security=security, mechanism=mechanism, options=options)
        cluster._refuse_half_of_a_login()
        return cluster

    def _refuse_half_of_a_login(self) -> None:
        login = self.options.username is not None and self.options.password is not None
        if self.security.startswith("sasl") and not (self.mechanism and login):
            raise ConfigurationError(
                f"security={self.security} needs &mechanism=… in NEWS_BROKER (PLAIN, SCRAM-SHA-256, "
                "SCRAM-SHA-512), NEWS_KAFKA__USERNAME and NEWS_KAFKA__PASSWORD"
            )
        if self.security == "sasl_plaintext" and self.mechanism == "PLAIN":
            raise ConfigurationError(
                "security=sasl_plaintext with mechanism=PLAIN would send the password as it is; "
                "use security=sasl_ssl"
            )

    def client(self, role: str) -> dict[str, Any]:
        """Give the arguments that every kafka-python client takes."""
        options = self.options
        arguments: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "client_id": f"news-{role}-{options.slot}",
            "security_protocol": self.security.upper(),
            "reconnect_backoff_max_ms": 1000,
            "bootstrap_timeout_ms": int(min(options.stall_seconds, FIRST_ANSWER_SECONDS) * 1000),
        }
        if self.security in {"ssl", "sasl_ssl"}:
            arguments |= {
                "ssl_check_hostname": True,
                "ssl_cafile": options.ca_file,
                "ssl_certfile": options.certificate_file,
                "ssl_keyfile": options.key_file,
                "ssl_password": options.key_password,
            }
        if self.security.startswith("sasl"):
            arguments |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": options.username,
                "sasl_plain_password": options.password,
            }
        return arguments
