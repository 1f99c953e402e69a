"""The APIs that the catalogue describes as examples, from an answer in their shape to the article."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ingestion.article import Article, Document, Rejected
from ingestion.fetch.client import PoliteFetcher
from ingestion.parse import parse
from ingestion.source_ports import Visit
from ingestion.sources.catalogue import Entry, load_catalogue
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.api_server import Api, Clock, moved, source
from tests.unit.sources.conftest import InMemory, collect

EXAMPLES = Path(__file__).resolve().parents[3] / "sources"
TEXT = (
    "The harbour of Port Elsin will be dredged from next month, the council said on Monday after a vote.",
    "Fishermen had asked for the work since the storms of last winter, which moved the bank by forty metres.",
)
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Harbour to be dredged</title></head><body>
<article><h1>Harbour to be dredged</h1><p>{TEXT[0]}</p><p>{TEXT[1]}</p></article></body></html>"""


def example(source_id: str, url: str) -> Entry:
    """The entry of the catalogue, with all that it says but the address."""
    return moved(next(e for e in load_catalogue(EXAMPLES) if e.id == source_id), url)


def articles(visits: list[Visit]) -> list[Article]:
    found = [parse(visit.result) for visit in visits if isinstance(visit.result, Document)]
    return [article for article in found if isinstance(article, Article)]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEWSAPI_KEY", "GUARDIAN_API_KEY", "NINJS_AGENCY_TOKEN"):
        monkeypatch.setenv(name, f"key-of-{name.lower()}")


def newsapi(number: int) -> dict[str, Any]:
    return {
        "source": {"id": None, "name": "The Gazette"},
        "author": "Mara Quill, Tom Ferris",
        "title": f"Harbour to be dredged {number}",
        "description": "The council voted for it.",
        "url": f"http://gazette.example/harbour-{number}",
        "urlToImage": "http://gazette.example/harbour.jpg",
        "publishedAt": "2026-11-02T09:30:00Z",
        "content": "The harbour of Port Elsin will be dredged from next… [+1893 chars]",
    }


def test_newsapi_names_pages_that_are_fetched(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    pages = {"1": [newsapi(n) for n in range(100)], "2": [newsapi(100)]}
    api = Api(
        server,
        lambda query: {"status": "ok", "totalResults": 101, "articles": pages[query["page"]]},
        "/v2/everything",
    )
    for number in range(101):
        server.scripts[f"/harbour-{number}"] = answer(200, PAGE.encode(), Content_Type="text/html")

    visits = collect(
        source(example("newsapi-everything", "http://api.example/v2/everything"), fetcher, memory), memory
    )

    found = articles(visits)
    assert (len(visits), len(found), len(api.queries)) == (101, 101, 2)
    assert api.queries[0] == {
        "q": "Qatar",
        "from": "2026-11-01T12:00:00Z",
        "to": "2026-11-02T12:00:00Z",
        "language": "en",
        "sortBy": "publishedAt",
        "pageSize": "100",
        "page": "1",
    }
    assert "x-api-key: key-of-newsapi_key" in api.requests[0].lower()
    assert found[0].headline == "Harbour to be dredged"
    assert found[0].authors == ("Mara Quill", "Tom Ferris")
    assert found[0].abstract == "The council voted for it."
    assert (found[0].publisher.id, found[0].fetched_url) == (
        "gazette.example",
        "http://gazette.example/harbour-0",
    )
    assert found[0].published
    assert found[0].published.at == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert TEXT[0] in found[0].body


def test_an_error_of_newsapi_is_told_in_its_words(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    Api(
        server,
        lambda _: {"status": "error", "code": "parametersMissing", "message": "Required parameters."},
        "/v2/everything",
    )

    (visit,) = collect(
        source(example("newsapi-everything", "http://api.example/v2/everything"), fetcher, memory), memory
    )

    assert isinstance(visit.result, Rejected)
    assert visit.result.message == "the API says error: Required parameters."
    assert memory.health == [("newsapi-everything", "Unreadable: the API says error: Required parameters.")]


def guardian(number: int) -> dict[str, Any]:
    return {
        "id": f"world/2026/nov/02/harbour-{number}",
        "type": "article",
        "sectionId": "world",
        "sectionName": "World news",
        "webPublicationDate": "2026-11-02T09:30:00Z",
        "webTitle": "Harbour to be dredged",
        "webUrl": f"https://www.daily.example/world/2026/nov/02/harbour-{number}",
        "apiUrl": f"https://api.example/world/2026/nov/02/harbour-{number}",
        "fields": {
            "headline": f"Harbour to be dredged, part {number}",
            "trailText": "The council <strong>voted</strong> for it",
            "byline": "Mara Quill in Port Elsin",
            "body": f"<p>{TEXT[0]}</p> <aside>Related</aside> <p>{TEXT[1]}</p>",
            "lastModified": "2026-11-02T10:00:05Z",
            "lang": "en",
            "thumbnail": "https://media.daily.example/harbour.jpg",
        },
        "tags": [{"id": "world/sea", "type": "keyword", "webTitle": "Sea", "webUrl": "https://x.example/"}],
        "isHosted": False,
    }


def test_the_guardian_carries_whole_texts(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    def told(query: dict[str, str]) -> Any:
        page = int(query["page"])
        found = [guardian(2 * page - 1), guardian(2 * page)]
        told = {"status": "ok", "total": 4, "pageSize": 2, "currentPage": page, "pages": 2}
        return {"response": {**told, "results": found}}

    api = Api(server, told, "/search")

    visits = collect(source(example("guardian-api", "http://api.example/search"), fetcher, memory), memory)

    first, *others = articles(visits)
    assert (len(others), len(api.queries)) == (3, 2)
    assert api.queries[0]["api-key"] == "key-of-guardian_api_key"
    assert api.queries[0]["from-date"] == "2026-11-01T12:00:00Z"
    assert first.headline == "Harbour to be dredged, part 1"
    assert [paragraph.text for paragraph in first.paragraphs] == list(TEXT)
    assert [(removed.rule, removed.text) for removed in first.extraction.removed] == [("aside", "Related")]
    assert first.authors == ("Mara Quill",)
    assert first.canonical_url == "https://www.daily.example/world/2026/nov/02/harbour-1"
    assert (first.section, first.keywords) == ("World news", ("Sea",))
    assert (first.source.item_id, first.publisher.id) == ("world/2026/nov/02/harbour-1", "guardian")
    assert first.published
    assert first.published.at == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert first.modified
    assert first.modified.at == datetime(2026, 11, 2, 10, 0, 5, tzinfo=UTC)
    assert first.language
    assert first.language.declared == "en"


def gdelt(minute: int) -> dict[str, Any]:
    return {
        "url": f"http://gazette.example/story-{minute}",
        "url_mobile": "",
        "title": "Harbour to be dredged",
        "seendate": f"20261102T{11 - minute // 60:02}{59 - minute % 60:02}00Z",
        "socialimage": "",
        "domain": "gazette.example",
        "language": "English",
        "sourcecountry": "Qatar",
    }


def test_gdelt_is_read_back_in_time_past_its_cap(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    every = [gdelt(minute) for minute in range(300)]

    def told(query: dict[str, str]) -> Any:
        found = [one for one in every if one["seendate"].replace("T", "").strip("Z") <= query["enddatetime"]]
        return {"articles": found[:250]} if found else {}

    api = Api(server, told, "/api/v2/doc/doc")
    for minute in range(300):
        server.scripts[f"/story-{minute}"] = answer(200, PAGE.encode(), Content_Type="text/html")

    visits = collect(
        source(example("gdelt-doc", "http://api.example/api/v2/doc/doc"), fetcher, memory), memory
    )

    assert len({a.fetched_url for a in articles(visits)}) == len(visits) == 300
    assert [query["enddatetime"] for query in api.queries] == ["20261102120000", "20261102075000"]
    assert api.queries[0]["startdatetime"] == "20261102060000"
    assert articles(visits)[0].publisher.id == "gazette.example"


def test_words_where_gdelt_should_give_json_are_told(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    Api(server, lambda _: answer(200, b"Please limit requests to one every 5 seconds.\n"), "/api/v2/doc/doc")

    (visit,) = collect(
        source(example("gdelt-doc", "http://api.example/api/v2/doc/doc"), fetcher, memory), memory
    )

    assert isinstance(visit.result, Rejected)
    assert "it begins with 'Please limit requests to one every 5 seconds.'" in visit.result.message
    assert visit.result.payload == b"Please limit requests to one every 5 seconds.\n"


NINJS: dict[str, dict[str, Any]] = {
    "1": {
        "uri": "urn:newsml:agency.example:2026-11-02:1",
        "type": "text",
        "version": "3",
        "language": "en",
        "firstcreated": "2026-11-02T09:30:00+00:00",
        "versioncreated": "2026-11-02T10:00:05+00:00",
        "pubstatus": "usable",
        "headline": "Harbour to be dredged",
        "byline": "Mara Quill",
        "description_text": "The council voted for it.",
        "body_xhtml": f"<p>{TEXT[0]}</p><p>{TEXT[1]}</p>",
        "located": "Port Elsin",
    },
    "2": {
        "uri": "urn:newsml:agency.example:2026-11-02:2",
        "standard": {"name": "ninjs", "version": "2.1"},
        "type": "text",
        "firstcreated": "2026-11-02T09:30:00+00:00",
        "versioncreated": "2026-11-02T10:00:05+00:00",
        "language": "en",
        "headlines": [{"role": "main", "value": "Harbour to be dredged"}],
        "by": "Mara Quill",
        "bodies": [{"contenttype": "text/html", "value": f"<p>{TEXT[0]}</p><p>{TEXT[1]}</p>"}],
    },
    "3": {
        "uri": "urn:newsml:agency.example:2026-11-02:3",
        "standard": {"name": "ninjs", "version": "3.0"},
        "type": "text",
        "firstCreated": "2026-11-02T09:30:00+00:00",
        "versionCreated": "2026-11-02T10:00:05+00:00",
        "language": "en",
        "headlines": [{"role": "main", "value": "Harbour to be dredged"}],
        "by": "Mara Quill",
        "bodies": [{"role": "main", "contentType": "text/plain", "value": "\n\n".join(TEXT)}],
    },
}


@pytest.mark.parametrize("version", NINJS)
def test_ninjs_of_every_version_comes_out_as_an_article(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, version: str
) -> None:
    item = {**NINJS[version], "url": f"https://agency.example/{version}"}
    picture = {"uri": "urn:newsml:agency.example:picture", "type": "picture", "headline": "A harbour"}

    def told(query: dict[str, str]) -> Any:
        if "after" in query:
            return {"_items": [item], "_links": {}, "_meta": {"total": 2}}
        links = {"next": {"href": "/items?after=1"}}
        return {"_items": [picture], "_links": links, "_meta": {"total": 2}}

    api = Api(server, told)

    entry = example("ninjs-agency-items", "http://api.example/items")
    assert entry.api
    if version == "3":
        fields = replace(entry.api.fields, published="firstCreated", modified="versionCreated")
        entry = replace(entry, api=replace(entry.api, fields=fields))

    visits = collect(source(entry, fetcher, memory), memory)

    (found,) = articles(visits)
    assert len(visits) == len(api.requests) == 2
    assert all("authorization: bearer key-of-ninjs_agency_token" in one.lower() for one in api.requests)
    assert found.headline == "Harbour to be dredged"
    assert [paragraph.text for paragraph in found.paragraphs] == list(TEXT)
    assert found.authors == ("Mara Quill",)
    assert found.canonical_url == f"https://agency.example/{version}"
    assert found.source.item_id == f"urn:newsml:agency.example:2026-11-02:{version}"
    assert found.published
    assert found.published.at == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert found.modified
    assert found.modified.at == datetime(2026, 11, 2, 10, 0, 5, tzinfo=UTC)


def test_the_examples_begin_where_the_last_reading_ended(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    now = Clock()
    api = Api(
        server, lambda _: {"response": {"status": "ok", "pages": 1, "results": [guardian(1)]}}, "/search"
    )
    entry = example("guardian-api", "http://api.example/search")
    collect(source(entry, fetcher, memory, now), memory)
    now.later(hours=2)

    (again,) = collect(source(entry, fetcher, memory, now), memory)

    assert api.queries[1]["from-date"] == "2026-11-02T08:30:00Z"
    assert api.queries[1]["to-date"] == "2026-11-02T14:00:00Z"
    assert getattr(again.result, "label", None) == "unchanged"
