"""One running newsroom for all tests of this folder, and a client for it."""

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import pytest

from ingestion.newsroom.server import Address, running


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Get(Protocol):
    def __call__(self, url: str, **headers: str) -> Answer: ...


@pytest.fixture(scope="session")
def newsroom() -> Iterator[Address]:
    with running() as address:
        yield address


@pytest.fixture(scope="session")
def get(newsroom: Address) -> Get:
    """Return a client; `If_None_Match="…"` sends the header If-None-Match."""

    def request(url: str, **headers: str) -> Answer:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = HTTPConnection(newsroom.host, newsroom.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", target, headers={"Host": parts.netloc, **named})
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, received, response.read())
        connection.close()
        return answer

    return request
