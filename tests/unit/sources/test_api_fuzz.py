"""Whatever an API answers: documents, drops and dead letters, and never an unhandled error."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.article import Document, Drop, Rejected
from ingestion.errors import HttpFailure, Unreachable
from ingestion.parse import parse
from ingestion.source_ports import Disallowed, Fetched, NotModified, Validators
from ingestion.sources.api import ApiSource
from ingestion.sources.limits import Limits
from tests.unit.sources.api_server import Clock, described
from tests.unit.sources.conftest import InMemory, collect

NAMES = st.sampled_from(["items", "id", "at", "u", "next", "total", "pages", "s", "m", "headline", "body"])
WORDS = st.sampled_from(
    [
        "",
        "x",
        "ok",
        "2026-11-02T10:00:00Z",
        "20261102T101500Z",
        "9999-99-99",
        "http://a.example/1",
        "//[",
        "\ud800",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
ITEMS = st.dictionaries(NAMES, LEAVES | st.lists(LEAVES, max_size=2), max_size=5)
ANSWERS = st.recursive(
    LEAVES | ITEMS | st.fixed_dictionaries({"items": st.lists(ITEMS, max_size=4)}, optional={"next": LEAVES}),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(NAMES, inside, max_size=4),
    max_leaves=12,
)
BODIES = ANSWERS.map(lambda answer: json.dumps(answer).encode()) | st.binary(max_size=60)
PAGINGS: list[dict[str, Any]] = [
    {"by": "none"},
    {"by": "page", "total": "total", "pages": "pages"},
    {"by": "offset", "total": "total"},
    {"by": "cursor", "next": "next"},
    {"by": "next_url", "next": "next"},
    {"by": "link_header"},
    {"by": "until", "size": 1},
]
PARAMETERS = {"p": "{page}", "o": "{offset}", "c": "{cursor}", "s": "{since}", "u": "{until}"}


class Answering:
    """A fetcher that gives these answers in turn, and the last of them for ever."""

    def __init__(self, bodies: list[Any], link: str) -> None:
        self.bodies = bodies
        self.link = link
        self.asked = 0

    def fetch(self, url: str, _known: Any = None, _headers: Any = None) -> Fetched | NotModified | Disallowed:
        body = self.bodies[min(self.asked, len(self.bodies) - 1)]
        self.asked += 1
        if isinstance(body, Exception):
            raise body
        if not isinstance(body, bytes):
            return body  # type: ignore[no-any-return]
        return Fetched(
            url=url,
            status=200,
            headers={"link": self.link},
            content_type="application/json",
            charset=None,
            body=body,
            fetched_at=datetime(2026, 11, 2, tzinfo=UTC),
            validators=Validators(),
        )


OTHERS = st.sampled_from(
    [
        NotModified(fetched_at=datetime(2026, 11, 2, tzinfo=UTC)),
        Disallowed("no"),
        HttpFailure("no", status=404, body=b"no"),
        HttpFailure("gone", status=410),
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    bodies=st.lists(BODIES | OTHERS, min_size=1, max_size=4),
    paging=st.sampled_from(PAGINGS),
    mode=st.sampled_from(["document", "link"]),
    named=st.sampled_from(["our way", "their way"]),
    link=st.sampled_from(["", "<?c=1>; rel=next", "<//[>; rel=next", "<http://other.example/>; rel=next"]),
)
def test_nothing_that_an_api_answers_is_an_unhandled_error(
    bodies: list[Any], paging: dict[str, Any], mode: str, named: str, link: str
) -> None:
    fields = {
        "id": "id",
        "published": "at",
        "url": "u",
        **({"title": "headline", "body": "body"} if named == "their way" else {}),
    }
    facts = {
        "mode": mode,
        "fields": fields,
        "paging": paging,
        "parameters": PARAMETERS,
        "limits": {"pages": 5},
    }
    entry, memory, clock = described(facts), InMemory(), Clock()
    fetcher = Answering(bodies, link)

    for _ in range(3):
        visits = collect(ApiSource(entry, fetcher, memory, Limits(), now=clock), memory)
        clock.later(minutes=20)
        for visit in visits:
            assert isinstance(visit.result, Document | Rejected | Drop)
            if isinstance(visit.result, Document) and mode == "document":
                json.loads(visit.result.body)

    assert len(memory.states) == 3


@settings(max_examples=100, deadline=None)
@given(item=ITEMS, named=st.sampled_from(["our way", "their way"]))
def test_every_document_of_an_api_is_json_that_the_parser_takes(item: dict[str, Any], named: str) -> None:
    fields = (
        {"title": "headline", "body": "body", "authors": "m", "published": "at"}
        if named == "their way"
        else {"id": "id"}
    )
    body = json.dumps({"items": [item]}).encode()
    source = ApiSource(
        described({"fields": fields}), Answering([body], ""), InMemory(), Limits(), now=Clock()
    )

    for visit in source.visits("run"):
        if isinstance(visit.result, Document):
            assert parse(visit.result) is not None


def test_what_cannot_be_reached_is_raised_and_noted() -> None:
    memory = InMemory()
    source = ApiSource(described({}), Answering([Unreachable("down")], ""), memory, Limits(), now=Clock())

    with pytest.raises(Unreachable, match="down"):
        list(source.visits("run"))

    assert memory.health == [("paper-api", "down")]
