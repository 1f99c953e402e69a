"""The key of an API is sent, and seen nowhere else."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ingestion.article import Rejected
from ingestion.errors import HttpFailure, NewsError, Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.source_ports import Disallowed, Fetched, NotModified, Validators
from ingestion.sources.api_facts import ApiAuth, ApiFacts
from ingestion.sources.api_key import KeyedFetcher
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.api_server import NOON, Api, described, items, source
from tests.unit.sources.conftest import RUN, InMemory, collect

KEY = "s3cr3t/k+y&of=\"a<b>'$paper"
SPELLINGS = [
    KEY,
    "s3cr3t%2Fk%2By%26of%3D%22a%3Cb%3E%27%24paper",
    "s3cr3t%2fk%2by%26of%3d%22a%3cb%3e%27%24paper",
    "s3cr3t&#x2F;k",
    json.dumps(KEY)[1:-1],
    "s3cr3t",
    "$paper",
    "24paper",
]

AUTHS = {
    "in the query": {"variable": "PAPER_KEY", "parameter": "api-key"},
    "in a header": {"variable": "PAPER_KEY", "header": "Authorization", "prefix": "Bearer "},
}


@pytest.fixture
def polite(fetcher: PoliteFetcher, memory: InMemory) -> tuple[PoliteFetcher, InMemory]:
    return fetcher, memory


def echo(request: str) -> str:
    """What a server has to say that repeats what it was asked."""
    return json.dumps({"error": f"no such key: {KEY}", "request": request})


ANSWERS: dict[str, Any] = {
    "items": lambda request: {"items": items(1), "asked": request},
    "items that repeat it": lambda request: {"items": [{"id": "1", "headline": KEY, "u": request}]},
    "next addresses that repeat it": lambda _: {"items": items(1), "next": f"/items?api-key={KEY}"},
    "an error": lambda request: answer(401, echo(request).encode(), X_Echo=SPELLINGS[1]),
    "an error of the server": lambda request: answer(500, echo(request).encode()),
    "an error in an answer of 200": lambda request: {"status": "bad", "message": echo(request)},
    "words": lambda request: answer(200, echo(request).encode()[1:]),
    "a pause": lambda request: answer(503, echo(request).encode()),
    "nothing": lambda _: b"",
    "a move": lambda _: answer(301, Location=f"/elsewhere?api-key={SPELLINGS[1]}"),
    "a move to nowhere": lambda _: answer(302, Location=f"ftp://{SPELLINGS[1]}/"),
    "a move to another host": lambda _: answer(302, Location=f"http://169.254.1.1/?api-key={SPELLINGS[1]}"),
}


@pytest.fixture
def said(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], str]]:
    """Everything that is printed or logged, at every level that a person can choose."""
    monkeypatch.setenv("PAPER_KEY", f" {KEY}\n")
    caplog.set_level(logging.DEBUG, logger="ingestion")
    with structlog.testing.capture_logs() as events:
        yield lambda: f"{events} {capfd.readouterr()} {caplog.text}"


@pytest.mark.parametrize("where", AUTHS)
@pytest.mark.parametrize("what", ANSWERS)
def test_the_key_is_sent_and_seen_nowhere_else(
    server: ScriptedServer,
    polite: tuple[PoliteFetcher, InMemory],
    said: Callable[[], str],
    what: str,
    where: str,
) -> None:
    fetcher, memory = polite
    api = Api(server, lambda _: ANSWERS[what](api.requests[-1]))
    server.scripts["/elsewhere"] = answer(404, echo("").encode())
    paging = {"by": "next_url", "next": "next"} if "next" in what else {}
    errors = {"status": "status"} if "answer of 200" in what else {}
    opened = source(described({"auth": AUTHS[where], "errors": errors, "paging": paging}), fetcher, memory)
    seen: list[object] = []

    try:
        visits = collect(opened, memory)
        seen += [msgspec.to_builtins(visit, enc_hook=str) for visit in visits] + list(map(repr, visits))
        seen += [v.result.payload for v in visits if isinstance(v.result, Rejected)]
    except NewsError as fault:
        seen += [*traceback.format_exception(fault), fault.__cause__, fault.__context__]

    told = " ".join(map(str, [*seen, memory, vars(opened), said()]))
    assert any(spelling in request for request in api.requests for spelling in SPELLINGS[:2])
    assert [spelling for spelling in SPELLINGS if spelling in told] == []


def test_the_key_goes_to_the_api_alone(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPER_KEY", "a-long-enough-key")
    Api(
        server,
        lambda _: {"items": [{"u": "http://paper.example/page"}], "next": "http://other.example/items?c=2"},
    )
    server.scripts["/page"] = answer(200, b"<html><p>Words</p></html>")
    facts = {"mode": "link", "fields": {"url": "u"}, "paging": {"by": "next_url", "next": "next"}}

    for auth in AUTHS.values():
        collect(source(described({**facts, "auth": auth}), fetcher, memory), memory)

    to_others = [r for r in server.requests if "host: api.example" not in r.lower() or "robots.txt" in r]
    assert len(to_others) >= 3
    assert not [request for request in to_others if "a-long-enough-key" in request]
    assert "is not at http://api.example:80" in (memory.states[-1].failure or "")


def test_a_key_that_is_not_there_is_a_source_that_cannot_be_read(
    fetcher: PoliteFetcher, memory: InMemory, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer
) -> None:
    monkeypatch.delenv("PAPER_KEY", raising=False)

    with pytest.raises(Unreachable, match="environment variable PAPER_KEY is not set; set it"):
        list(source(described({"auth": AUTHS["in a header"]}), fetcher, memory).visits(RUN))

    assert (
        memory.states[-1].failure
        == "the environment variable PAPER_KEY is not set; set it to the key of the API"
    )
    assert server.requests == []


def test_a_key_that_would_break_a_header_is_not_sent(
    fetcher: PoliteFetcher, memory: InMemory, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer
) -> None:
    monkeypatch.setenv("PAPER_KEY", "a\r\nX-Other: b")

    with pytest.raises(Unreachable, match="holds characters that no key has") as raised:
        list(source(described({"auth": AUTHS["in a header"]}), fetcher, memory).visits(RUN))

    assert "X-Other" not in str(raised.value)
    assert server.requests == []


def test_a_short_key_does_not_eat_the_words_of_a_text(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPER_KEY", "test")
    Api(server, lambda _: {"items": [{"id": "1", "headline": "A test", "u": "/?api-key=test&a=1"}]})

    (visit,) = collect(source(described({"auth": AUTHS["in the query"]}), fetcher, memory), memory)

    assert json.loads(getattr(visit.result, "body", b"")) == {
        "id": "1",
        "headline": "A test",
        "u": "/?api-key=REDACTED&a=1",
    }


class Repeating:
    """A fetcher that hands back what it is given, in every place there is."""

    def __init__(self, shape: str) -> None:
        self.shape = shape
        self.sent = ""

    def fetch(
        self, url: str, _known: object = None, headers: Any = None
    ) -> Fetched | NotModified | Disallowed:
        self.sent = " ".join([url, *(headers or {}).values()])
        if self.shape == "fault":
            raise HttpFailure(self.sent, status=400, body=self.sent.encode())
        if self.shape == "disallowed":
            return Disallowed(self.sent)
        if self.shape == "not modified":
            return NotModified(fetched_at=NOON, moved_to=self.sent)
        return Fetched(
            url=self.sent,
            status=200,
            headers={"x": self.sent},
            content_type=None,
            charset=None,
            body=b"\xff" + self.sent.encode() + b"\x00",
            fetched_at=datetime.now(UTC),
            validators=Validators(),
            robots=self.sent,
            moved_to=self.sent,
            hints={"x": self.sent},
        )


@given(
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40),
    where=st.sampled_from(sorted(AUTHS)),
    shape=st.sampled_from(["fault", "disallowed", "not modified", "fetched"]),
)
def test_any_key_is_taken_out_of_any_place(key: str, where: str, shape: str) -> None:
    facts = ApiFacts(mode="document", auth=msgspec.convert(AUTHS[where], ApiAuth))
    repeating = Repeating(shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPER_KEY", key)
        try:
            back: object = KeyedFetcher(repeating, "http://api.example/x", facts).fetch(
                "http://api.example/x?a=1"
            )
        except HttpFailure as fault:
            back = (str(fault), fault.body, fault.args)

    assert "REDACTED" in str(back)
    assert (
        key not in str(back) or key in "http://api.example/x?a=1 {'Authorization': 'Bearer REDACTED'} api-key"
    )
    assert isinstance(back, object)


def test_what_is_not_the_key_stays_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPER_KEY", "long-enough")
    facts = ApiFacts(mode="document", auth=ApiAuth(variable="PAPER_KEY", parameter="k"))

    answered = KeyedFetcher(Repeating("fetched"), "http://a.example/", facts).fetch("http://a.example/")

    assert isinstance(answered, Fetched)
    assert answered.body == b"\xffhttp://a.example/?k=REDACTED\x00"
