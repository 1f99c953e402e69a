"""Paging, windows, what was read before, and everything an API may do wrong."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ingestion.article import Document, DocumentKind, Drop, Rejected
from ingestion.errors import Cause, Unreachable
from ingestion.fetch.client import PoliteFetcher
from ingestion.parse import parse
from ingestion.source_ports import Visit
from ingestion.sources.api_mark import Mark, Span, Window, mark_of
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.api_server import NOON, Api, Clock, Query, acknowledge, described, items, source
from tests.unit.sources.conftest import RUN, InMemory, collect

Paged = Callable[[Query], Any]


def names(visits: list[Visit]) -> list[str]:
    return [v.result.source.item_id or "" for v in visits if isinstance(v.result, Document)]


def labels(visits: list[Visit]) -> list[str]:
    return [v.result.label if isinstance(v.result, Drop) else type(v.result).__name__ for v in visits]


def mark(memory: InMemory) -> Mark:
    return mark_of(memory.bookmark("paper-api", "api"))


def by_page(pages: dict[str, list[int]], /, **more: Any) -> Paged:
    return lambda query: {"items": items(*pages.get(query["page"], [])), **more}


PAGES: dict[str, tuple[dict[str, Any], Paged, list[list[tuple[str, str]]]]] = {
    "until an empty page": (
        {"parameters": {"page": "{page}"}, "paging": {"by": "page"}},
        by_page({"1": [1, 2], "2": [3]}),
        [[("page", "1")], [("page", "2")], [("page", "3")]],
    ),
    "as many pages as it says": (
        {"parameters": {"page": "{page}"}, "paging": {"by": "page", "first": 0, "pages": "pages"}},
        by_page({"0": [1, 2], "1": [3]}, pages=2),
        [[("page", "0")], [("page", "1")]],
    ),
    "as many items as it says": (
        {"parameters": {"page": "{page}"}, "paging": {"by": "page", "size": 2, "total": "total"}},
        by_page({"1": [1, 2], "2": [3]}, total="3"),
        [[("page", "1")], [("page", "2")]],
    ),
    "the last page for ever": (
        {"parameters": {"page": "{page}"}, "paging": {"by": "page"}},
        lambda query: {"items": items(1, 2) if query["page"] == "1" else items(3)},
        [[("page", "1")], [("page", "2")], [("page", "3")]],
    ),
    "offsets of what really came": (
        {"parameters": {"at": "{offset}", "n": "{page_size}"}, "paging": {"by": "offset", "total": "n"}},
        lambda query: {"items": items(1, 2) if query["at"] == "0" else items(3), "n": 3},
        [[("at", "0"), ("n", "50")], [("at", "2"), ("n", "50")]],
    ),
    "cursors": (
        {"parameters": {"c": "{cursor}"}, "paging": {"by": "cursor", "next": "meta.next"}},
        lambda query: (
            {"items": items(3)} if "c" in query else {"items": items(1, 2), "meta": {"next": "a b"}}
        ),
        [[], [("c", "a b")]],
    ),
    "a page without items between others": (
        {"parameters": {"c": "{cursor}"}, "paging": {"by": "cursor", "next": "next"}},
        lambda query: {
            "": {"items": items(1, 2), "next": 7},
            "7": {"items": [], "next": 8},
            "8": {"items": items(3), "next": None},
        }[query.get("c", "")],
        [[], [("c", "7")], [("c", "8")]],
    ),
    "next addresses": (
        {"parameters": {"q": "x"}, "paging": {"by": "next_url", "next": "next"}},
        lambda query: (
            {"items": items(3), "next": ""} if "p" in query else {"items": items(1, 2), "next": "?p=2"}
        ),
        [[("q", "x")], [("p", "2")]],
    ),
    "links in the header": (
        {"paging": {"by": "link_header"}},
        lambda query: answer(
            200,
            json.dumps({"items": items(3) if "p" in query else items(1, 2)}).encode(),
            Link='</items?p=1>; rel="first"'
            + ("" if "p" in query else ', </items?p=2>; title="a"; rel="x next"'),
        ),
        [[], [("p", "2")]],
    ),
    "no paging": ({"paging": {"by": "none"}}, lambda _: {"items": items(1, 2, 3)}, [[]]),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_read_once(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, name: str
) -> None:
    facts, told, asked = PAGES[name]
    api = Api(server, told)

    visits = collect(source(described(facts), fetcher, memory), memory)

    assert names(visits) == ["item-1", "item-2", "item-3"]
    assert [list(query.items()) for query in api.queries] == asked
    assert (memory.health, mark(memory).window) == ([("paper-api", None)], None)
    assert mark(memory).since == NOON - timedelta(minutes=1)


def test_a_full_page_is_followed_by_older_ones(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    def told(query: Query) -> Any:
        at = 1_793_620_800  # noon in Unix time
        return {"items": items(*[n for n in range(1, 6) if at - 60 * n <= int(query["to"])][:3])}

    api = Api(server, told)
    facts = {
        "parameters": {"to": "{until}"},
        "paging": {"by": "until", "size": 3},
        "window": {"time_format": "unix"},
    }

    visits = collect(source(described(facts), fetcher, memory), memory)

    assert names(visits) == [f"item-{number}" for number in range(1, 6)]
    assert [int(query["to"]) - 1_793_620_800 for query in api.queries] == [0, -180, -300]


def test_more_items_of_one_time_than_fit_a_page_are_told(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    Api(
        server,
        lambda query: {"items": [{**one, "at": NOON.isoformat()} for one in items(*map(int, query["n"]))]},
    )
    api = Api(server, lambda _: {"items": [{**one, "at": "2026-11-02T11:00:00Z"} for one in items(1, 2)]})
    facts = {"parameters": {"to": "{until}"}, "paging": {"by": "until", "size": 2}}

    collect(source(described(facts), fetcher, memory), memory)

    (state,) = memory.states
    assert len(api.queries) == 2
    assert state.failure
    assert state.failures_in_a_row == 0


PAGE_BY_PAGE = {
    "parameters": {"page": "{page}", "from": "{since}", "to": "{until}"},
    "paging": {"by": "page"},
}


def test_reading_begins_with_the_newest_item_known_and_some_overlap(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    offered = [items(30, 10)]
    api = Api(server, lambda query: {"items": offered[-1] if query["page"] == "1" else []})
    now = Clock()
    window = {"first_seconds": 7200, "overlap_seconds": 600, "time_format": "%Y%m%d-%H%M%S"}
    entry = described({**PAGE_BY_PAGE, "window": window})
    collect(source(entry, fetcher, memory, now), memory)
    now.later(hours=1)
    offered.append([*items(10), *items(5, at=NOON + timedelta(hours=1)), *items(-60, at=now.time)])

    visits = collect(source(entry, fetcher, memory, now), memory)

    assert [query["from"] for query in api.queries[::2]] == ["20261102-100000", "20261102-114000"]
    assert labels(visits) == ["unchanged", "Document", "Document"]
    assert mark(memory).since == NOON + timedelta(minutes=55)


def test_an_api_does_not_look_further_back_than_it_may(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    api = Api(server, lambda _: {"items": []})
    now = Clock()
    window = {"longest_seconds": 86_400, "overlap_seconds": 60, "time_format": "date"}
    entry = described({"parameters": {"from": "{since}"}, "window": window})
    collect(source(entry, fetcher, memory, now), memory)
    now.later(days=30)

    collect(source(entry, fetcher, memory, now), memory)

    assert [query["from"] for query in api.queries] == ["2026-11-01", "2026-12-01"]


def test_an_item_that_changed_is_a_document_again(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    offered = items(1, 2)
    Api(server, lambda _: {"items": offered})
    entry = described({"parameters": {"from": "{since}"}})
    collect(source(entry, fetcher, memory), memory)
    offered[1]["body"] = "Other words."

    visits = collect(source(entry, fetcher, memory), memory)

    assert labels(visits) == ["unchanged", "Document"]


def test_the_limit_of_a_run_leaves_pages_for_the_next(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    api = Api(server, by_page({"1": [1], "2": [2], "3": [3]}))
    entry = described({**PAGE_BY_PAGE, "limits": {"pages": 2}})
    now = Clock()

    first = collect(source(entry, fetcher, memory, now), memory)
    now.later(minutes=30)
    second = collect(source(entry, fetcher, memory, now), memory)

    assert (names(first), names(second)) == (["item-1", "item-2"], ["item-3"])
    assert [query["page"] for query in api.queries] == ["1", "2", "3", "4"]
    assert len({query["to"] for query in api.queries}) == 1


@pytest.mark.parametrize("acknowledged", range(7))
def test_a_crash_anywhere_loses_nothing(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, acknowledged: int
) -> None:
    Api(server, by_page({"1": [1, 2], "2": [3, 4], "3": [5, 6]}))
    entry = described(PAGE_BY_PAGE)
    before = list(source(entry, fetcher, memory).visits(RUN))[:acknowledged]
    acknowledge(memory, before)

    after = collect(source(entry, fetcher, memory), memory)

    assert names(before) + names(after) == [f"item-{number}" for number in range(1, 7)]
    assert mark(memory).since == NOON - timedelta(minutes=1)


def test_pages_are_not_passed_before_they_are_acknowledged(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    Api(server, by_page({"1": [1, 2], "2": [3, 4]}))

    visits = list(source(described(PAGE_BY_PAGE), fetcher, memory).visits(RUN))

    assert [bool(visit.bookmark) for visit in visits] == [False, True, False, True]
    assert memory.bookmarks == {}


def test_an_api_that_knows_no_times_is_read_until_what_is_known(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    pages = {str(n): [2 * n, 2 * n + 1] for n in range(1, 50)}
    api = Api(server, by_page(pages))
    facts = {"parameters": {"page": "{page}"}, "paging": {"by": "page"}, "fields": {"id": "id"}}
    entry = described({**facts, "limits": {"pages": 3}})
    collect(source(entry, fetcher, memory), memory)
    mark_before = mark(memory)
    memory.bookmarks.clear()

    visits = collect(source(entry, fetcher, memory), memory)

    assert (mark_before.place, len(api.queries)) == ("4", 4)
    assert labels(visits) == ["unchanged", "unchanged"]


def test_an_api_that_knows_no_times_is_read_until_what_is_too_old(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    api = Api(server, by_page({"1": [1], "2": [59], "3": [61], "4": [70]}))
    facts = {"parameters": {"page": "{page}"}, "paging": {"by": "page"}, "window": {"first_seconds": 3600}}

    collect(source(described(facts), fetcher, memory), memory)

    assert [query["page"] for query in api.queries] == ["1", "2", "3"]


def test_what_has_not_changed_is_not_sent_again(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    def told(_: Query) -> bytes:
        if "if-none-match" in api.requests[-1].lower():
            return answer(304)
        return answer(200, json.dumps({"items": items(1)}).encode(), ETag='"1"')

    api = Api(server, told)
    entry = described({})

    first, second = (collect(source(entry, fetcher, memory), memory) for _ in range(2))

    assert (names(first), second, len(api.requests)) == (["item-1"], [], 2)
    assert memory.states[-1].failure is None
    assert mark(memory).since == NOON - timedelta(minutes=1)


LOOPS: dict[str, tuple[dict[str, Any], Paged]] = {
    "the first page for ever, though there should be more": (
        {"parameters": {"page": "{page}"}, "paging": {"by": "page", "size": 2, "total": "total"}},
        lambda _: {"items": items(1, 2), "total": 1000},
    ),
    "cursors in a circle": (
        {"parameters": {"c": "{cursor}"}, "paging": {"by": "cursor", "next": "next"}},
        lambda query: {"items": items(1, 2), "next": "b" if query.get("c") == "a" else "a"},
    ),
    "pages that point at each other": (
        {"paging": {"by": "next_url", "next": "next"}},
        lambda query: {"items": items(1, 2), "next": "?p=1" if query.get("p") == "2" else "?p=2"},
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_of_pages_ends_and_is_told(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, name: str
) -> None:
    facts, told = LOOPS[name]
    api = Api(server, told)

    visits = collect(source(described(facts), fetcher, memory), memory)

    assert (names(visits), len(api.queries)) == (["item-1", "item-2"], 2)
    assert "gives a page again" in (memory.states[-1].failure or "")
    assert memory.states[-1].failures_in_a_row == 0


@pytest.mark.parametrize("by", ["cursor", "next_url"])
def test_empty_pages_without_end_end(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, by: str
) -> None:
    api = Api(server, lambda _: {"items": [], "next": f"?c={len(api.queries)}"})
    facts = {"parameters": {"c": "{cursor}"}, "paging": {"by": by, "next": "next"}}

    collect(source(described(facts), fetcher, memory), memory)

    assert len(api.queries) == 2


FAILURES = {
    "no JSON": (
        b"<html>Down</html>",
        "Unreadable: the answer is no JSON, it begins with '<html>Down</html>'",
    ),
    "cut off": (b'{"items": [', "Unreadable: the answer is no JSON, it begins with '{\"items\": ['"),
    "no items": (b'{"data": []}', "Unreadable: the answer has nothing at items, where its items should be"),
    "no list": (
        b'{"items": {"a": 1}}',
        "Unreadable: the answer has no list at items, but '{\"a\": 1}'",
    ),
    "nothing": (b"", "Unreadable: the answer is no JSON, it begins with ''"),
    "a bomb": (b"[" * 90_000, None),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_answer_that_is_none_is_told_once_with_its_bytes(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, name: str
) -> None:
    body, failure = FAILURES[name]
    Api(server, lambda _: answer(200, body))
    entry = described({})

    (first,), (second,) = (collect(source(entry, fetcher, memory), memory) for _ in range(2))

    assert isinstance(first.result, Rejected)
    assert (first.result.payload, first.result.locator) == (body, "http://api.example/items")
    assert labels([second]) == ["unchanged"]
    state = memory.states[-1]
    assert failure in (None, state.failure)
    assert (state.cause, state.failures_in_a_row) == (Cause.UNREADABLE, 2)


@pytest.mark.parametrize(
    ("errors", "told", "said"),
    [
        ({"status": "s", "ok": ["1"]}, {"s": 1, "items": []}, None),
        ({"status": "s", "ok": ["true"]}, {"s": True, "items": []}, None),
        ({"status": "s"}, {"s": "bad", "items": []}, "the API says bad"),
        ({"status": "s"}, {"items": []}, "the API says nothing of how it went"),
        ({"message": "e.m"}, {"e": {"m": "Quota used up"}}, "the API says Quota used up"),
        ({"message": "e.m"}, {"e": None, "items": []}, None),
        ({}, {}, None),
        ({}, {"items": None}, None),
    ],
)
def test_an_error_in_an_answer_of_200_is_an_error(
    server: ScriptedServer,
    fetcher: PoliteFetcher,
    memory: InMemory,
    errors: dict[str, Any],
    told: Any,
    said: str | None,
) -> None:
    Api(server, lambda _: told)

    collect(source(described({"errors": errors}), fetcher, memory), memory)

    assert (memory.states[-1].failure or "").removeprefix("Unreadable: ") == (said or "")


def test_a_later_page_that_fails_is_tried_again_and_then_given_up(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    pages = by_page({"1": [1, 2]})
    api = Api(server, lambda query: pages(query) if query["page"] == "1" else answer(426, b"Pay first"))
    entry = described(PAGE_BY_PAGE)
    now = Clock()

    runs = []
    for _ in range(4):
        runs.append(collect(source(entry, fetcher, memory, now), memory))
        now.later(minutes=15)

    assert [labels(visits) for visits in runs] == [
        ["Document", "Document", "Rejected"],
        ["unchanged"],
        ["unchanged"],
        ["unchanged", "unchanged", "unchanged"],
    ]
    assert [query["page"] for query in api.queries] == ["1", "2", "2", "2", "1", "2"]
    assert {state.failures_in_a_row for state in memory.states} == {0}
    assert memory.states[-1].failure == "HttpFailure: 426 Status from api.example"
    (rejected,) = (v.result for v in runs[0] if isinstance(v.result, Rejected))
    assert rejected.payload == b"Pay first"


def test_an_api_that_does_not_answer_is_asked_later_where_it_was(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    pages = by_page({"1": [1, 2], "2": [3]})
    down = [True]
    api = Api(server, lambda q: b"" if down[0] and q["page"] == "2" else pages(q))
    entry = described(PAGE_BY_PAGE)
    before: list[Visit] = []
    with pytest.raises(Unreachable):
        before.extend(source(entry, fetcher, memory).visits(RUN))
    acknowledge(memory, before)
    down[0] = False

    after = collect(source(entry, fetcher, memory), memory)

    assert (names(before), names(after)) == (["item-1", "item-2"], ["item-3"])
    assert [query["page"] for query in api.queries] == ["1", "2", "2", "2", "3"]
    assert [state.failures_in_a_row for state in memory.states] == [1, 0]


def test_an_api_that_asks_for_a_pause_gets_it(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    Api(server, lambda _: answer(429, Retry_After="7200"))

    with pytest.raises(Unreachable):
        list(source(described({}), fetcher, memory).visits(RUN))

    (state,) = memory.states
    assert (state.due_at - state.attempted_at).total_seconds() >= 7000


def test_an_item_that_is_none_is_told_once_and_the_others_stay(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    api = Api(server, lambda _: {"items": [7, *items(1), None, []], "asked": len(api.queries)})
    entry = described({})

    first, second = (collect(source(entry, fetcher, memory), memory) for _ in range(2))

    assert labels(first) == ["Rejected", "Document", "Rejected", "Rejected"]
    assert labels(second) == ["unchanged"] * 4
    assert next(v.result.locator for v in first if isinstance(v.result, Rejected)).endswith("/items#1")


def test_an_item_without_an_address_cannot_be_gone_to(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    Api(server, lambda _: {"items": [{"u": "javascript:x"}, {"t": "a"}, {"u": "/page"}, {"u": "http://[x"}]})
    server.scripts["/page"] = answer(200, b"<html><body><p>Words</p></body></html>")

    visits = collect(source(described({"mode": "link", "fields": {"url": "u"}}), fetcher, memory), memory)

    assert labels(visits) == ["Rejected", "Rejected", "Rejected", "Document"]
    assert "an item without an address at u" in {
        v.result.message for v in visits if isinstance(v.result, Rejected)
    }


def test_the_limit_on_visits_leaves_the_page_for_the_next_run(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    Api(
        server,
        lambda q: {"items": [{"u": f"/page-{q['page']}-{n}"} for n in range(3)] if q["page"] < "3" else []},
    )
    for page in "12":
        for number in range(3):
            server.scripts[f"/page-{page}-{number}"] = answer(
                200, f"<html><p>{page}{number}</p></html>".encode()
            )
    facts = {
        "parameters": {"page": "{page}", "s": "{since}"},
        "paging": {"by": "page"},
        "fields": {"url": "u"},
    }
    entry = described({**facts, "mode": "link"})

    runs = [collect(source(entry, fetcher, memory, max_visits=2), memory) for _ in range(4)]

    found = [v.result.locator for visits in runs for v in visits if isinstance(v.result, Document)]
    assert found == [f"http://api.example/page-{page}-{number}" for page in "12" for number in range(3)]
    assert [len(visits) for visits in runs] == [2, 2, 2, 0]


def test_an_api_with_names_of_its_own_is_told_what_they_are(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    item = {
        "meta": {"nr": 7, "stamp": 1_793_613_600},
        "tx": {
            "hd": "A bridge falls",
            "ld": "At night.",
            "p": ["It stood for eighty years.", "Nobody was hurt."],
        },
        "who": [{"name": "Mara Quill"}, {"name": "Tom Ferris"}],
        "img": [{"src": "http://paper.example/1.jpg"}],
        "web": "/bridge",
    }
    Api(server, lambda _: [item])
    fields = {
        "id": "meta.nr",
        "url": "web",
        "published": "meta.stamp",
        "title": "tx.hd",
        "summary": "tx.ld",
        "body": "tx.p",
        "authors": "who",
        "image": "img[0].src",
    }

    (visit,) = collect(source(described({"items": None, "fields": fields}), fetcher, memory), memory)

    assert isinstance(visit.result, Document)
    assert json.loads(visit.result.body)["original"] == item
    article = parse(visit.result)
    assert not isinstance(article, Drop)
    assert (article.headline, article.abstract) == ("A bridge falls", "At night.")
    assert article.body == "It stood for eighty years.\n\nNobody was hurt."
    assert article.authors == ("Mara Quill", "Tom Ferris")
    assert article.canonical_url == "http://api.example/bridge"
    assert article.published
    assert article.published.at == NOON - timedelta(hours=2)
    assert article.images[0].url == "http://paper.example/1.jpg"


def test_a_document_is_the_very_bytes_of_its_item(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    body = b'\xef\xbb\xbf{"items": [ {"id":"1",  "headline": "\\u00fc"} , {"id":"2","headline":"\\ud800"}]}'
    Api(server, lambda _: answer(200, body))

    first, second = collect(source(described({}), fetcher, memory), memory)

    assert isinstance(first.result, Document)
    assert isinstance(second.result, Document)
    assert first.result.body == b'{"id":"1",  "headline": "\\u00fc"}'
    assert first.result.kind is DocumentKind.JSON
    assert json.loads(second.result.body)["headline"] == "\ufffd"


@pytest.mark.parametrize(
    ("encoding", "headers"),
    [("utf-16", {}), ("latin-1", {"Content_Type": "application/json; charset=iso-8859-1"}), ("latin-1", {})],
)
def test_another_charset_costs_no_item(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, encoding: str, headers: dict[str, str]
) -> None:
    body = '{"items": [{"id": "1", "headline": "Zürich"}]}'.encode(encoding)
    Api(server, lambda _: answer(200, body, **headers))

    (visit,) = collect(source(described({}), fetcher, memory), memory)

    assert isinstance(visit.result, Document)
    assert json.loads(visit.result.body)["headline"] in ("Zürich", "Z\ufffdrich")


def test_robots_keep_us_out_of_an_api_as_well(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/robots.txt"] = answer(200, b"User-agent: *\nDisallow: /items")
    api = Api(server, lambda _: {"items": []})

    (visit,) = collect(source(described({}), fetcher, memory), memory)

    assert (labels([visit]), api.queries) == (["dropped/robots_disallowed"], [])
    assert memory.states[-1].cause is Cause.ROBOTS


def test_a_span_of_time_is_read_once_and_apart(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    api = Api(server, by_page({"1": [1], "2": [2]}))
    span = Span(window=Window(since=NOON - timedelta(days=9), until=NOON - timedelta(days=8)), name="back-1")
    entry = described({**PAGE_BY_PAGE, "limits": {"pages": 2}})

    runs = [collect(source(entry, fetcher, memory, span=span), memory) for _ in range(3)]

    assert [names(visits) for visits in runs] == [["item-1", "item-2"], [], []]
    assert [query["page"] for query in api.queries] == ["1", "2", "3"]
    assert {(q["from"], q["to"]) for q in api.queries} == {("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z")}
    assert memory.bookmark("paper-api", "api") is None
