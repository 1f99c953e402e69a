"""Archives in S3, read from a small server on loopback that answers what S3 answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingestion.errors import HttpFailure, Refused, Unreachable
from ingestion.fetch.archives import OpenArchives
from ingestion.fetch.objects import CREDENTIALS
from ingestion.fetch.policy import FetchPolicy
from tests.unit.fetch.test_archives import Budget, whole

CONTENT = b"".join(sha256(n.to_bytes(4, "big")).digest() for n in range(2_000))
LOCATOR = "s3://crawls/2026/crawl.warc"
NO_SUCH_KEY = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>"


class Bucket(ThreadingHTTPServer):
    """One bucket with one object in it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.objects = {"/crawls/2026/crawl.warc": CONTENT}
        self.modified = "Mon, 02 Nov 2026 10:00:00 GMT"
        self.requests: list[tuple[str, str, str | None, str | None]] = []
        self.breaks = 0
        self.forbidden = False


class Answers(BaseHTTPRequestHandler):
    """HEAD and GET of an object, whole or in part; anything else there is not."""

    protocol_version = "HTTP/1.1"
    server: Bucket

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, *, with_body: bool) -> None:
        path, asked = self.path.partition("?")[0], self.headers.get("Range")
        self.server.requests.append((self.command, path, asked, self.headers.get("Authorization")))
        content = self.server.objects.get(path)
        if self.server.forbidden or content is None:
            self._send(403 if self.server.forbidden else 404, NO_SUCH_KEY, with_body=with_body)
            return
        if asked is None:
            self._send(200, content, with_body=with_body)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        end = min(int(last) if last else len(content) - 1, len(content) - 1)
        span = f"bytes {first}-{end}/{len(content)}"
        self._send(206, content[int(first) : end + 1], with_body=with_body, span=span)

    def _send(self, status: int, body: bytes, *, with_body: bool, span: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/xml" if status >= 400 else "application/octet-stream")
        self.send_header("Last-Modified", self.server.modified)
        self.send_header("ETag", f'"{sha256(body).hexdigest()[:32]}"')
        if span:
            self.send_header("Content-Range", span)
        self.end_headers()
        if not with_body:
            return
        if self.server.breaks and span:
            self.server.breaks -= 1
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.wfile.write(body)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    served = Bucket()
    threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    for name in (*CREDENTIALS, "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{served.server_port}")
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def archives() -> OpenArchives:
    policy = FetchPolicy(user_agent="x", connect_timeout_seconds=2, read_timeout_seconds=3, attempts=2)
    return OpenArchives(policy, hosts=Budget())


@pytest.mark.parametrize("offset", [0, 1, len(CONTENT) - 1, len(CONTENT)])
def test_an_object_is_read_from_any_byte(offset: int, archives: OpenArchives, bucket: Bucket) -> None:
    assert whole(archives, LOCATOR, offset) == CONTENT[offset:]
    ranges = [asked for method, _, asked, _ in bucket.requests if method == "GET"]
    assert ranges == ([f"bytes={offset}-{len(CONTENT) - 1}"] if offset < len(CONTENT) else [])


def test_public_objects_are_read_without_a_name(archives: OpenArchives, bucket: Bucket) -> None:
    whole(archives, LOCATOR)

    assert {authorization for *_, authorization in bucket.requests} == {None}


def test_credentials_of_the_environment_sign_the_requests(
    archives: OpenArchives, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")

    whole(archives, LOCATOR)

    for *_, authorization in bucket.requests:
        assert authorization is not None
        assert "a-key/" in authorization
        assert "a-secret" not in authorization


def test_what_is_known_of_an_object(archives: OpenArchives, bucket: Bucket) -> None:
    with archives.open(LOCATOR) as opened:
        before = opened.identity
        assert (opened.size_bytes, str(opened.changed_at)) == (len(CONTENT), "2026-11-02 10:00:00+00:00")
    bucket.modified = "Mon, 02 Nov 2026 10:00:01 GMT"
    with archives.open(LOCATOR) as opened:
        assert opened.identity != before


def test_a_connection_that_breaks_is_taken_up_again(archives: OpenArchives, bucket: Bucket) -> None:
    bucket.breaks = 1

    assert whole(archives, LOCATOR) == CONTENT
    assert len([method for method, *_ in bucket.requests if method == "GET"]) == 2


def test_an_object_that_changes_while_it_is_read_is_told(archives: OpenArchives, bucket: Bucket) -> None:
    with archives.open(LOCATOR) as opened:
        bucket.objects["/crawls/2026/crawl.warc"] = CONTENT[:1000]
        bucket.modified = "Mon, 02 Nov 2026 10:00:01 GMT"
        with pytest.raises(Unreachable, match="changed while it was read"):
            opened.read(10)


def test_there_may_be_no_such_object(archives: OpenArchives, bucket: Bucket) -> None:
    with pytest.raises(HttpFailure) as missing:
        whole(archives, "s3://crawls/none.warc")
    with pytest.raises(HttpFailure) as too_far:
        whole(archives, LOCATOR, len(CONTENT) + 1)
    bucket.forbidden = True
    with pytest.raises(HttpFailure) as forbidden:
        whole(archives, LOCATOR)

    assert [caught.value.status for caught in (missing, too_far, forbidden)] == [404, 416, 403]


def test_a_store_that_does_not_answer_is_unreachable(
    archives: OpenArchives, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")

    with pytest.raises(Unreachable):
        whole(archives, LOCATOR)


def test_a_bucket_alone_is_no_object(archives: OpenArchives) -> None:
    with pytest.raises(Refused):
        whole(archives, "s3://crawls/")
