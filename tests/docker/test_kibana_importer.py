"""The importer, and `news setup`, against a server on loopback that answers as Kibana's API is documented."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer
from typer.testing import CliRunner

from ingestion.cli.setup import register
from ingestion.errors import ConfigurationError, Stop, Unavailable
from ingestion.kibana.importer import MAX_ANSWER_BYTES, KibanaAccess, import_objects
from ingestion.kibana.objects import ndjson, saved_objects

WAIT_SECONDS = 30
MOMENT_SECONDS = 0.1
SECRET = "s3cret"  # noqa: S105  the server of this file alone takes it


class Kibana(ThreadingHTTPServer):
    """What the documented API does, as far as the importer asks; the lists say how it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        self.levels = ["available"]
        self.refused: list[dict[str, Any]] = []
        self.login = ""
        self.forbidden = False
        self.padding = ""
        self.imported: list[dict[str, Any]] = []
        self.looks = 0
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Kibana

    def do_GET(self) -> None:
        assert urlsplit(self.path).path == "/api/status"
        levels = self.server.levels
        level = levels[min(self.server.looks, len(levels) - 1)]
        self.server.looks += 1
        if not level:  # the port is open before Kibana is
            self.reply(503, b"Kibana server is not ready yet", "text/plain")
            return
        answer = {"status": {"overall": {"level": level}}, "padding": self.server.padding}
        self.reply(200 if level in {"available", "degraded"} else 503, answer)

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.login and self.headers.get("Authorization") != self.server.login:
            self.reply(401, {"statusCode": 401, "error": "Unauthorized", "message": "wrong account"})
        elif self.server.forbidden:
            self.reply(403, {"statusCode": 403, "error": "Forbidden", "message": "Unable to bulk_create"})
        elif asked.path != "/api/saved_objects/_import" or "kbn-xsrf" not in self.headers:
            self.reply(400, {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."})
        else:
            assert parse_qs(asked.query) == {"overwrite": ["true"]}
            self.take(body)

    def take(self, body: bytes) -> None:
        kind = self.headers["Content-Type"].encode()
        form: Any = message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + body)
        [part] = form.get_payload()
        content = part.get_payload(decode=True)
        self.server.imported = [json.loads(line) for line in content.decode().splitlines()]
        errors = self.server.refused
        answer = {"successCount": len(self.server.imported) - len(errors), "success": not errors}
        self.reply(200, {**answer, "errors": errors} if errors else answer)

    def reply(self, status: int, answer: Any, kind: str = "application/json") -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        del format, args


@contextmanager
def serving(server: Kibana) -> Iterator[Kibana]:
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def kibana() -> Iterator[Kibana]:
    with serving(Kibana()) as server:
        yield server


def imported_by(kibana: Kibana, **access: Any) -> int:
    return import_objects(ndjson(), KibanaAccess(url=kibana.url, **access), wait_seconds=WAIT_SECONDS)


def test_every_object_arrives_as_it_is(kibana: Kibana) -> None:
    count = imported_by(kibana)

    assert count == len(saved_objects())
    assert kibana.imported == saved_objects()


def test_it_waits_until_kibana_is_ready(kibana: Kibana) -> None:
    kibana.levels = ["", "unavailable", "critical", "degraded"]

    assert imported_by(kibana) == len(saved_objects())
    assert kibana.looks == len(kibana.levels)


def test_it_does_not_wait_for_ever(kibana: Kibana) -> None:
    kibana.levels = ["unavailable"]

    with pytest.raises(Unavailable, match="not ready: HTTP 503, unavailable"):
        import_objects(ndjson(), KibanaAccess(url=kibana.url), wait_seconds=MOMENT_SECONDS)


def test_nobody_at_the_address_is_told_so() -> None:
    with serving(Kibana()) as gone:
        url = gone.url

    with pytest.raises(Unavailable, match=f"{url} does not answer"):
        import_objects(ndjson(), KibanaAccess(url=url), wait_seconds=MOMENT_SECONDS)


def test_a_refused_object_is_named_with_its_reason(kibana: Kibana) -> None:
    missing = {"type": "missing_references", "references": [{"type": "index-pattern", "id": "gone"}]}
    kibana.refused = [
        {"type": "lens", "id": "news-languages", "error": missing},
        {
            "type": "dashboard",
            "id": "d",
            "error": {"type": "unknown", "message": "too new"},
        },
    ]

    with pytest.raises(
        Stop, match="lens news-languages: missing_references refers to index-pattern gone"
    ) as told:
        imported_by(kibana)
    assert "dashboard d: unknown too new" in str(told.value)


@pytest.mark.parametrize(
    ("access", "login"),
    [
        ({"username": "elastic", "password": SECRET}, "Basic ZWxhc3RpYzpzM2NyZXQ="),
        ({"api_key": "a2V5", "username": "ignored", "password": "ignored"}, "ApiKey a2V5"),
    ],
)
def test_the_account_goes_with_the_request(kibana: Kibana, access: dict[str, str], login: str) -> None:
    kibana.login = login

    assert imported_by(kibana, **access) == len(saved_objects())


def test_a_wrong_account_is_a_matter_of_settings_and_not_shown(kibana: Kibana) -> None:
    kibana.login = "Basic of-somebody-else"

    with pytest.raises(ConfigurationError, match=r"HTTP 401.*wrong account") as told:
        imported_by(kibana, username="elastic", password=SECRET)
    assert SECRET not in str(told.value)


def test_an_account_without_the_privilege_is_told_which(kibana: Kibana) -> None:
    kibana.forbidden = True

    with pytest.raises(ConfigurationError, match=r"Unable to bulk_create.*saved objects management"):
        imported_by(kibana)


def test_an_endless_answer_is_not_read_to_its_end(kibana: Kibana) -> None:
    kibana.padding = "x" * MAX_ANSWER_BYTES

    with pytest.raises(Stop, match="larger than"):
        imported_by(kibana)


def test_secrets_do_not_go_without_tls_beyond_this_machine() -> None:
    access = KibanaAccess(url="http://kibana.example:5601", username="elastic", password=SECRET)

    with pytest.raises(ConfigurationError, match="without TLS"):
        import_objects(ndjson(), access, wait_seconds=MOMENT_SECONDS)


@pytest.mark.parametrize("url", ["kibana:5601", "ftp://kibana.example", "https://elastic:pw@kibana.example"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is written like"):
        import_objects(ndjson(), KibanaAccess(url=url), wait_seconds=MOMENT_SECONDS)


def test_secrets_are_not_in_what_is_printed() -> None:
    assert SECRET not in repr(KibanaAccess(url="https://k.example", api_key=SECRET, password=SECRET))


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kibana")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "ca.crt", tmp_path / "kibana.key"
    paths[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


@pytest.fixture
def tls_kibana(certificate: tuple[Path, Path]) -> Iterator[Kibana]:
    server = Kibana()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server):
        yield server


def test_a_certificate_of_our_own_authority_is_trusted(
    tls_kibana: Kibana, certificate: tuple[Path, Path]
) -> None:
    access = KibanaAccess(
        url=tls_kibana.url.replace("http:", "https:"), password=SECRET, ca_file=certificate[0]
    )

    assert import_objects(ndjson(), access, wait_seconds=WAIT_SECONDS) == len(saved_objects())


def test_a_certificate_of_a_stranger_is_not(tls_kibana: Kibana) -> None:
    access = KibanaAccess(url=tls_kibana.url.replace("http:", "https:"))

    with pytest.raises(ConfigurationError, match=r"not trusted.*CERTIFICATE_VERIFY_FAILED"):
        import_objects(ndjson(), access, wait_seconds=MOMENT_SECONDS)
    assert tls_kibana.looks == 0


def test_a_file_of_authorities_that_is_none_is_told(tmp_path: Path) -> None:
    access = KibanaAccess(url="https://kibana.example", ca_file=tmp_path / "none.crt")

    with pytest.raises(ConfigurationError, match="cannot be read"):
        import_objects(ndjson(), access, wait_seconds=MOMENT_SECONDS)


def prepared_by_command(*arguments: str) -> str:
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)

    assert result.exit_code == 0
    return result.stdout


def test_the_command_makes_everything_and_may_be_run_again(
    kibana: Kibana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_ELASTICSEARCH__API_KEY", "a2V5")
    kibana.login = "ApiKey a2V5"
    first, second = (json.loads(prepared_by_command("--kibana", kibana.url, "--json")) for _ in range(2))

    assert first == second
    assert first["kibana"] == f"{len(saved_objects())} saved objects"
    assert "news.raw (4)" in first["broker"]
    assert {"broker", "state", "search"} <= set(first)


def test_the_command_leaves_kibana_alone_unless_it_is_named(
    kibana: Kibana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    told = prepared_by_command()

    assert "kibana" not in told
    assert kibana.looks == 0
