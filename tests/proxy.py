"""A real HTTP proxy on loopback, before a real server, that fails on command."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"}


class Request(NamedTuple):
    """What came, as far as a rule looks at it."""

    method: str
    path: str
    body: bytes


class Answer(NamedTuple):
    """What goes back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Serve = Callable[[Request, Callable[[], Answer]], Answer | None]
"""Answers in place of the server behind; None closes the connection without an answer."""


@dataclass
class Rule:
    """What is done to requests that match; `left` is how often, None for ever."""

    matches: Callable[[Request], bool]
    serve: Serve
    left: int | None
    used: int = 0


class Proxy:
    """Forwards everything, but what a rule holds up; the first rule that matches counts."""

    def __init__(self, upstream: str, url: str) -> None:
        self.upstream = urlsplit(upstream)
        self.url = url
        self.requests: list[Request] = []
        self._rules: list[Rule] = []
        self._lock = Lock()

    def answer(
        self,
        status: int,
        *,
        path: str = "",
        times: int | None = None,
        error: dict[str, Any] | None = None,
        larger_than_bytes: int = -1,
    ) -> Rule:
        """Answer with an error in Elasticsearch's form, or in a bare proxy's where there is none."""
        body = json.dumps({"error": error, "status": status}).encode() if error else b"<html>no</html>"
        kind = "application/json" if error else "text/html"
        made = Answer(status, [("content-type", kind)], body)
        return self._add(path, times, lambda *_: made, larger_than_bytes)

    def replace(self, body: dict[str, Any], *, path: str = "", times: int | None = None) -> Rule:
        """Answer well, as Elasticsearch, with this."""
        headers = [("content-type", "application/json"), ("x-elastic-product", "Elasticsearch")]
        return self.serve(Answer(200, headers, json.dumps(body).encode()), path=path, times=times)

    def serve(self, answer: Answer, *, path: str = "", times: int | None = None) -> Rule:
        """Answer in place of the server."""
        return self._add(path, times, lambda *_: answer)

    def reset(self, *, path: str = "", times: int | None = None) -> Rule:
        """Close the connection, and let nothing through."""
        return self._add(path, times, lambda *_: None)

    def lose(self, *, path: str = "", times: int | None = None) -> Rule:
        """Let the request through, and lose the answer."""

        def serve(_: Request, forward: Callable[[], Answer]) -> None:
            forward()

        return self._add(path, times, serve)

    def before(self, action: Callable[[], object], *, path: str = "", times: int | None = None) -> Rule:
        """Do something just before a request goes through."""

        def serve(_: Request, forward: Callable[[], Answer]) -> Answer:
            action()
            return forward()

        return self._add(path, times, serve)

    def forgive(self, rule: Rule) -> None:
        """Let everything through that this rule held up."""
        with self._lock:
            self._rules.remove(rule)

    def handle(self, request: Request, forward: Callable[[], Answer]) -> Answer | None:
        """Apply the rule for a request, or forward it."""
        with self._lock:
            self.requests.append(request)
            rule = next((r for r in self._rules if r.left != 0 and r.matches(request)), None)
            if rule:
                rule.used += 1
                rule.left = None if rule.left is None else rule.left - 1
        return rule.serve(request, forward) if rule else forward()

    def _add(self, path: str, times: int | None, serve: Serve, larger_than_bytes: int = -1) -> Rule:
        def matches(request: Request) -> bool:
            return path in request.path and len(request.body) > larger_than_bytes

        with self._lock:
            self._rules.append(Rule(matches, serve, times))
            return self._rules[-1]


@contextmanager
def proxy_to(upstream: str, *, certificate: Path | None = None) -> Iterator[Proxy]:
    """Start a proxy on a free port of loopback, with TLS if it gets a certificate; it ends with the block."""
    server = _Server(upstream, certificate)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: str, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        scheme = "http"
        if certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake is then done by the thread of the connection, not by the one that accepts.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.proxy = Proxy(upstream, f"{scheme}://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            super().handle_one_request()

    def log_message(self, *_: Any) -> None:
        pass

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        assert isinstance(self.server, _Server)
        proxy = self.server.proxy
        request = Request(self.command, self.path, body)
        try:
            answer = proxy.handle(request, lambda: self._forward(proxy, request))
        except (OSError, HTTPException):
            answer = None
        if answer is None:
            self._hang_up()
        else:
            self._send(answer)

    def _forward(self, proxy: Proxy, request: Request) -> Answer:
        assert proxy.upstream.hostname
        with closing(HTTPConnection(proxy.upstream.hostname, proxy.upstream.port, timeout=60)) as upstream:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            upstream.request(request.method, request.path, request.body, headers)
            found = upstream.getresponse()
            kept = [(name, value) for name, value in found.getheaders() if name.lower() not in HOP_BY_HOP]
            return Answer(found.status, kept, found.read())

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815
