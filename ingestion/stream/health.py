"""Health and metrics over HTTP: `/health/live`, `/health/ready`, `/metrics`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST

from ingestion.errors import ConfigurationError
from ingestion.settings import StreamSettings

REQUEST_SECONDS = 10.0


class Answers(Protocol):
    """What is asked over HTTP. Called from other threads."""

    def unready(self) -> Mapping[str, str]:
        """Why the service is not ready, by worker."""
        ...

    def dead(self) -> Mapping[str, str]:
        """Why the service must be taken for dead, by worker."""
        ...

    def page(self) -> bytes:
        """The metrics in Prometheus' text format."""
        ...


@contextmanager
def serving(settings: StreamSettings, answers: Answers) -> Iterator[str]:
    """Answer while the block lasts; yield the address. Raises `ConfigurationError`."""

    class Handler(_Handler):
        asked = answers

    try:
        server = ThreadingHTTPServer((settings.host, settings.port), Handler)
    except OSError as error:
        raise ConfigurationError(
            f"NEWS_STREAM__HOST={settings.host} NEWS_STREAM__PORT={settings.port}: {error.strerror}; another "
            "service may be there already"
        ) from error
    with server:
        Thread(target=server.serve_forever, name="health", daemon=True).start()
        yield f"http://{server.server_address[0]!s}:{server.server_address[1]}/"
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    asked: Answers
    timeout = REQUEST_SECONDS
    server_version = "news"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer."""
        path = self.path.partition("?")[0]
        if path == "/health/live":
            self._health(self.asked.dead())
        elif path == "/health/ready":
            self._health(self.asked.unready())
        elif path == "/metrics":
            self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, self.asked.page())
        else:
            self._send(
                HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/health/live /health/ready /metrics\n"
            )

    def _health(self, reasons: Mapping[str, str]) -> None:
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        body = json.dumps({"healthy": not reasons, "reasons": reasons}, indent=2).encode() + b"\n"
        self._send(status, "application/json", body)

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing of each request."""
