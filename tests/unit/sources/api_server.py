"""An API on loopback: a function of the query says what it answers."""

import json
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec.structs import replace

from ingestion.article import Publisher, SourceRef
from ingestion.fetch.client import PoliteFetcher
from ingestion.source_ports import Visit
from ingestion.sources.api import ApiSource
from ingestion.sources.api_facts import ApiFacts
from ingestion.sources.api_mark import Span
from ingestion.sources.catalogue import Entry
from ingestion.sources.limits import Limits
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.conftest import InMemory

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
URL = "http://api.example/items"

Query = dict[str, str]
Told = Callable[[Query], Any]


class Api:
    """What an API was asked, in order."""

    def __init__(self, server: ScriptedServer, told: Told, path: str = "/items") -> None:
        self.told = told
        self.queries: list[Query] = []
        self.requests: list[str] = []
        server.scripts[path] = self._answer

    def _answer(self, connection: socket.socket, request: str) -> None:
        query = dict(parse_qsl(urlsplit(request.split(" ")[1]).query, keep_blank_values=True))
        self.queries.append(query)
        self.requests.append(request)
        told = self.told(query)
        connection.sendall(told if isinstance(told, bytes) else answer(200, json.dumps(told).encode()))


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def __call__(self) -> datetime:
        return self.time

    def later(self, **parts: float) -> None:
        self.time += timedelta(**parts)


def described(facts: dict[str, Any], url: str = URL) -> Entry:
    """An entry as the catalogue would have it; a document of items at `items` if nothing else is said."""
    said = {"mode": "document", "items": "items", "fields": {"id": "id", "published": "at"}, **facts}
    return Entry(
        ref=SourceRef(id="paper-api", kind="api", url=url),
        publisher=Publisher(id="paper", name="The Paper", timezone="Europe/London"),
        urls=(url,),
        api=msgspec.convert(said, ApiFacts),
    )


def moved(entry: Entry, url: str) -> Entry:
    """The same entry at another address."""
    return replace(entry, urls=(url,), ref=replace(entry.ref, url=url))


def source(
    entry: Entry,
    fetcher: PoliteFetcher,
    memory: InMemory,
    now: Clock | None = None,
    *,
    span: Span | None = None,
    **limits: int,
) -> ApiSource:
    return ApiSource(entry, fetcher, memory, Limits(**limits), span=span, now=now or Clock())


def acknowledge(memory: InMemory, visits: Sequence[Visit]) -> None:
    """Do what the walk does behind a batch, but for the end of the source."""
    memory.record_visits([visit.visited for visit in visits if visit.visited])
    memory.keep_bookmarks([visit.bookmark for visit in visits if visit.bookmark])


def items(*numbers: int, at: datetime = NOON) -> list[dict[str, Any]]:
    """Items called by numbers; the n-th is n minutes older than the time."""
    return [
        {
            "id": f"item-{number}",
            "at": (at - timedelta(minutes=number)).isoformat(),
            "headline": f"Story {number}",
            "body": "Words.",
        }
        for number in numbers
    ]
