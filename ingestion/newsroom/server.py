"""The sample newsroom as a web server on loopback; the Host header says which publisher is meant."""

import gzip
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from ingestion.newsroom.site import Paths, Redirect, Resource, build

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 10.0
GZIP_SUFFIX = "-gzip"  # a strong validator names one encoding of the body (RFC 9110, section 8.8.3.3)


class Address(NamedTuple):
    """Where the server listens; as a string, `host:port`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Reply(NamedTuple):
    """An answer, ready to be sent."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes = b""


@contextmanager
def running(port: int = 0) -> Iterator[Address]:
    """Serve the newsroom until the block ends; port 0 takes a free one."""
    with _Server((LOOPBACK, port), _Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="newsroom")
        thread.start()
        try:
            yield Address(LOOPBACK, server.server_port)
        finally:
            server.shutdown()
            thread.join()


def reply_to(sites: Mapping[str, Paths], host: str, target: str, headers: Message) -> Reply:
    """Answer one request for the publisher that `host` names."""
    paths = sites.get(host.partition(":")[0].lower())
    if paths is None:
        return _text(HTTPStatus.MISDIRECTED_REQUEST, "No such publisher here.")
    found = paths.get(unquote(urlsplit(target).path))
    if found is None:
        return _text(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    if isinstance(found, Redirect):
        return Reply(HTTPStatus.MOVED_PERMANENTLY, {"Location": found.url})
    return _conditional(found, headers)


def _conditional(resource: Resource, headers: Message) -> Reply:
    """Compare validators; If-None-Match goes before If-Modified-Since (RFC 9110, section 13.2.2)."""
    held = _etags(headers.get("If-None-Match", ""))
    if resource.then is not None:
        if held & {resource.etag, resource.then.etag}:
            return _conditional(resource.then, headers)
        return _whole(resource, headers)
    unchanged = resource.etag in held if held else _not_since(resource.last_modified, headers)
    if unchanged:
        return Reply(HTTPStatus.NOT_MODIFIED, _validators(resource, resource.etag))
    return _whole(resource, headers)


def _etags(if_none_match: str) -> set[str | None]:
    return {tag.replace(GZIP_SUFFIX, "") for tag in re.findall(r'"[^"]*"', if_none_match)}


def _not_since(last_modified: datetime | None, headers: Message) -> bool:
    since = headers.get("If-Modified-Since")
    if since is None or last_modified is None:
        return False
    try:
        return last_modified <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # a date that cannot be read is ignored (RFC 9110, section 13.1.3)
        return False


def _whole(resource: Resource, headers: Message) -> Reply:
    shared = {"Content-Type": resource.content_type, "Vary": "Accept-Encoding"}
    if "gzip" not in headers.get("Accept-Encoding", ""):
        return Reply(HTTPStatus.OK, shared | _validators(resource, resource.etag), resource.body)
    etag = resource.etag and f'{resource.etag[:-1]}{GZIP_SUFFIX}"'
    shared["Content-Encoding"] = "gzip"
    return Reply(HTTPStatus.OK, shared | _validators(resource, etag), gzip.compress(resource.body, mtime=0))


def _validators(resource: Resource, etag: str | None) -> dict[str, str]:
    headers = {"ETag": etag} if etag else {}
    if resource.last_modified:
        headers["Last-Modified"] = format_datetime(resource.last_modified, usegmt=True)
    return headers


def _text(status: HTTPStatus, message: str) -> Reply:
    return Reply(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{message}\n".encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = -1  # head and body leave in one segment, else delayed acknowledgements cost 40 ms each
    server: "_Server"

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def _send(self, *, with_body: bool) -> None:
        reply = reply_to(self.server.sites, self.headers.get("Host", ""), self.path, self.headers)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Say nothing: the caller's own output is what people look at."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for every connection's thread
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self.sites = build()
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and remember it for the hanging up."""
        request, client_address = super().get_request()
        self._open.add(request)
        return request, client_address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget a connection that has ended."""
        if isinstance(request, socket.socket):
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report a fault of ours; a client that hangs up is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def server_close(self) -> None:
        """Hang up on idle connections, then wait for their threads."""
        for request in tuple(self._open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was quicker
                continue
        super().server_close()
