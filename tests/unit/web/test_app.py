import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from msgspec.structs import replace

from ingestion.article import (
    Access,
    Article,
    Change,
    ChangeKind,
    Extraction,
    Image,
    Paragraph,
    ParagraphRole,
    Publisher,
    PubStatus,
    Removed,
    Rights,
    Syndication,
    SyndicationRole,
)
from ingestion.search.embedded import TantivyIndex
from ingestion.web.app import UNAVAILABLE, create_app
from ingestion.web.status import Lag, RunLedger, SourceLedger, Status, Tallied
from tests.builders import NOON
from tests.contract.newsstand import ARABIC, FERRY, HARBOUR, NEWSSTAND, many, piece, published, rows

HOSTILE = '<script>alert("1")</script>'
ODD = piece(
    "odd",
    f"{HOSTILE} oddity",
    f"{HOSTILE} & more",
    publisher=HARBOUR,
    section=HOSTILE,
    authors=(HOSTILE,),
    keywords=(HOSTILE,),
    canonical_url="javascript:alert(1)",
    fetched_url="https://user@harbour.example/a?b=<c>",
    paragraphs=(
        Paragraph(role=ParagraphRole.SUBHEADING, text="What to know"),
        Paragraph(role=ParagraphRole.LIST_ITEM, text="First"),
        Paragraph(role=ParagraphRole.LIST_ITEM, text="Second"),
        Paragraph(role=ParagraphRole.QUOTE, text=HOSTILE),
    ),
    images=(Image(url="data:text/html,x", caption=HOSTILE, credit="Mia Lund"),),
    rights=Rights(access=Access.PAYWALLED, license="https://licence.example/by"),
    extraction=Extraction(
        method="html",
        warnings=("no_date",),
        removed=(Removed(text="Share this", rule="share_label", line=3),),
    ),
    provenance={"headline": "json-ld:headline"},
    published=published(NOON),
)
STATUS = Status(
    taken_at=NOON,
    runs=(
        RunLedger(
            run_id="run-1",
            started_at=NOON - timedelta(minutes=5),
            sources=(
                SourceLedger(source_id="a", entered=10, outcomes={"new": 9, "dropped/no_text": 1}),
                SourceLedger(source_id=HOSTILE, entered=3, outcomes={"new": 2}),
            ),
        ),
    ),
    lags=(Lag(group="index", topic="news.articles", records=1234),),
    counts=(Tallied("rows in the lake", 56789),),
)


class Seen(HTMLParser):
    """What a page links to, and which elements and attributes it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in {"href", "src", "action"}:
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")


@contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve on a free port of loopback for the length of the block."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", trust_env=False
            ) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> TantivyIndex:
    index = TantivyIndex(tmp_path_factory.mktemp("index"))
    assert not [one for one in index.bulk(rows(*NEWSSTAND, ODD, *many(60))) if one.error]
    return index


@pytest.fixture(scope="module")
def client(index: TantivyIndex) -> Iterator[httpx.Client]:
    with serving(create_app(index, lambda: STATUS)) as client:
        yield client


def page(client: httpx.Client, path: str, code: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return str(answer.text)


def visible(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def follow(text: str, label: str) -> str:
    """The query of the link whose words contain the label."""
    href: str
    for href, words in re.findall(r'<a [^>]*?href="(\?[^"]*)"[^>]*>(.*?)</a>', text, re.DOTALL):
        if label in visible(words):
            return "/" + href.replace("&amp;", "&")
    raise AssertionError(f"no link {label}")


PATHS = ["/", "/?q=ferry", "/?q=oddity", "/?q=nothing-there", "/articles/odd", "/articles/arabic", "/status"]
ERRORS = ["/nowhere", "/articles/nowhere", "/?q=author:", "/?cursor=x"]


@pytest.mark.parametrize("path", [*PATHS, *ERRORS, "/api/search", "/static/style.css", "/healthz"])
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'self'; img-src 'self'"
    )
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", [*PATHS, *ERRORS])
def test_no_page_has_a_script_a_style_or_a_link_that_is_not_safe(client: httpx.Client, path: str) -> None:
    seen = Seen(client.get(path).text)

    assert not {"script", "style", "img", "iframe", "object"} & set(seen.tags)
    assert not {name for name in seen.attributes if name.startswith("on") or name == "style"}
    assert all(
        link.startswith(("/", "?", "#", "http://", "https://")) or link == "" for link in seen.links
    ), seen.links
    assert not [link for link in seen.links if link.startswith("//")]
    assert len(seen.ids) == len(set(seen.ids))


def test_what_is_typed_comes_back_escaped(client: httpx.Client) -> None:
    text = page(client, f"/?q={HOSTILE}&section={HOSTILE}")

    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_a_search_shows_hits_marks_facets_and_their_count(client: httpx.Client) -> None:
    text = page(client, "/?q=ferry")

    assert "2 articles" in visible(text)
    assert "<mark>Ferries</mark> run again" in text
    assert "Harbour Times" in text
    assert "18 Nov 2026, 23:59 UTC" in text
    assert re.search(r"Ole Brandt\s*, 2 articles", visible(text))
    assert "<title>18 Nov 2026: 1</title>" in text


def test_a_facet_is_a_link_and_its_filter_a_chip_that_takes_it_back(client: httpx.Client) -> None:
    narrowed = page(client, follow(page(client, "/?q=ferry"), "Politics"))
    assert "1 article" in visible(narrowed)
    assert "Remove filter Section: Politics" in visible(narrowed)

    back = page(client, follow(narrowed, "Remove filter Section: Politics"))
    assert "2 articles" in visible(back)


def test_typed_filters_become_chips_and_leave_the_box(client: httpx.Client) -> None:
    text = page(client, "/?q=ferry+section:Politics+after:2026-11-01+before:2026-12")

    assert 'type="search" dir="auto" value="ferry"' in text
    assert "Section: Politics" in text
    assert "From 2026-11-01" in text
    assert "Until 2026-11-30" in text
    assert 'name="to" type="date" value="2026-11-30"' in text
    assert '<input type="hidden" name="section" value="Politics">' in text


def test_pages_lead_to_every_hit_once(client: httpx.Client) -> None:
    seen: list[str] = []
    text = page(client, "/?q=same+words&sort=oldest")
    while True:
        seen += re.findall(r'href="/articles/([^"]+)"', text)
        if "Next page" not in text:
            break
        text = page(client, follow(text, "Next page"))

    assert sorted(seen) == [one.article_id for one in many(60)]
    assert "showing 41–60" in visible(text)
    assert "First page" in text


def test_the_order_can_be_chosen_and_is_kept_by_the_form(client: httpx.Client) -> None:
    text = page(client, follow(page(client, "/?q=ferry"), "Oldest"))

    assert text.index("Ferries") < text.index("Council passes")
    assert '<input type="hidden" name="sort" value="oldest">' in text


def test_nothing_found_and_nothing_indexed_are_told_apart(client: httpx.Client, tmp_path: Path) -> None:
    assert "No article matches" in page(client, "/?q=zeppelin")
    with serving(create_app(TantivyIndex(tmp_path))) as empty:
        assert "The index is empty" in page(empty, "/")
        assert "/status" not in Seen(page(empty, "/")).links
        assert empty.get("/status").status_code == 404


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("q=author:", "author: needs a value"),
        ("from=tomorrow", "“tomorrow” is not a date"),
        ("from=2026-11-20T10:00", "no time zone"),
        ("sort=best", "“best” is no order"),
        ("size=0", "1 to 200"),
        ("size=%D9%A3", "1 to 200"),
        ("cursor=abc", "page marker"),
        ("cursor=WyJvbGRlc3QiLDEsMiwyMF0&q=a", "another order"),
        ("&".join(["author=a"] * 51), "up to 50 values"),
        ("q=" + "a" * 1001, "1,001 characters"),
    ],
)
def test_a_mistake_is_told_in_words_by_the_page_and_by_the_api(
    client: httpx.Client, query: str, says: str
) -> None:
    assert says in page(client, f"/?{query}", 400)
    answer = client.get(f"/api/search?{query}")

    assert answer.status_code == 400
    assert says in answer.json()["error"]


def test_an_article_is_shown_whole(client: httpx.Client) -> None:
    text = page(client, "/articles/odd")

    assert '<h2 dir="auto">What to know</h2>' in text
    assert text.count('<li dir="auto">') == 2
    assert "<blockquote>" in text
    assert "Paywalled" in text
    assert "no date" in visible(text)
    assert "Mia Lund" in text
    assert "share_label" in text
    assert "Share this" in text
    assert "json-ld:headline" in text
    assert 'href="https://licence.example/by"' in text
    assert 'href="https://user@harbour.example/a?b=&lt;c&gt;"' in text
    assert HOSTILE not in text


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """One article that stands as it was, one that was corrected, one that was withdrawn."""
    index = TantivyIndex(tmp_path_factory.mktemp("changed"))
    notice = f"Correction: it is Saturday. {HOSTILE}"
    correction = Change(kind=ChangeKind.CORRECTION, previous_version=1, fields=("body",), notices=(notice,))
    withdrawal = Change(kind=ChangeKind.WITHDRAWAL, previous_version=2, fields=("pub_status",))
    plain = piece("plain", "Night boat sails", "The night boat sails.", publisher=HARBOUR)
    corrected = replace(plain, article_id="corrected", version=2, change=correction, first_seen=NOON)
    gone = replace(
        plain, article_id="gone", version=3, change=withdrawal, pub_status=PubStatus.CANCELED, first_seen=NOON
    )
    index.bulk(rows(plain, corrected, gone))
    with serving(create_app(index)) as client:
        yield client


def test_a_list_of_hits_says_what_was_corrected_or_withdrawn(changed: httpx.Client) -> None:
    text = page(changed, "/?q=boat")

    assert (text.count(">Corrected<"), text.count(">Withdrawn<")) == (1, 1)


def test_an_article_says_what_its_version_changed(changed: httpx.Client) -> None:
    texts = {name: visible(page(changed, f"/articles/{name}")) for name in ("plain", "corrected", "gone")}

    assert "correction: body" in texts["corrected"]
    assert "Correction: it is Saturday." in texts["corrected"]
    assert "news diff corrected" in texts["corrected"]
    assert "withdrawal: pub_status" in texts["gone"]
    assert ["Withdrawn" in text for text in texts.values()] == [False, False, True]
    assert "news diff" not in texts["plain"]
    assert HOSTILE not in page(changed, "/articles/corrected")


def among(group: str, role: SyndicationRole, name: str, publisher: Publisher) -> Article:
    place = Syndication(group_id=group, role=role, similarity=0.91, matched_id=group)
    made = piece(name, f"Night boat, by {name}", "The night boat sails again.", publisher=publisher)
    return replace(made, syndication=place)


@pytest.fixture(scope="module")
def syndicated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    index = TantivyIndex(tmp_path_factory.mktemp("syndicated"))
    wire = among("wire", SyndicationRole.ORIGINAL, "wire", HARBOUR)
    copies = [
        among("wire", SyndicationRole.COPY, f"copy-{n}", Publisher(id=f"paper-{n}", name=f"Paper {n}"))
        for n in range(10)
    ]
    alone = among("alone", SyndicationRole.ORIGINAL, "alone", HARBOUR)
    two = [
        among("two", role, f"two-{role}", HARBOUR)
        for role in (SyndicationRole.ORIGINAL, SyndicationRole.REWRITE)
    ]
    index.bulk(rows(wire, *copies, alone, *two))
    with serving(create_app(index)) as client:
        yield client


def test_an_article_leads_to_the_others_that_share_its_text(syndicated: httpx.Client) -> None:
    text = page(syndicated, "/articles/two-rewrite")

    assert "The same text elsewhere" in text
    assert "Night boat, by two-original" in visible(text)
    assert "Night boat, by wire" not in text
    assert "/articles/two-original" in Seen(text).links
    assert "of its group" not in visible(text).partition("About this record")[0]


def test_of_many_copies_some_are_shown_and_all_can_be_listed(syndicated: httpx.Client) -> None:
    text = page(syndicated, "/articles/copy-3")

    assert text.count("Paper ") - text.count("Paper 3") == 7
    assert "All 11 of its group" in visible(text)
    assert "/?group=wire" in Seen(text).links
    assert "11 articles" in visible(page(syndicated, "/?group=wire"))


def test_an_article_of_its_own_says_nothing_of_others(syndicated: httpx.Client) -> None:
    assert "The same text elsewhere" not in page(syndicated, "/articles/alone")


def test_a_hit_that_is_a_copy_says_so_and_leads_to_its_group(syndicated: httpx.Client) -> None:
    text = page(syndicated, "/?publisher=paper-3")

    assert re.findall(r'class="badge" href="([^"]*)".*>(.*)</a>', text) == [("/?group=wire", "Copy")]
    assert 'class="badge"' not in page(syndicated, "/?q=group:alone")
    assert syndicated.get("/api/search?publisher=paper-3").json()["hits"][0]["role"] == "copy"


def test_arabic_is_marked_with_its_language_and_an_unknown_date_is_said(client: httpx.Client) -> None:
    text = page(client, "/articles/arabic")

    assert f'<h1 dir="auto">{ARABIC.headline}</h1>' in text
    assert 'lang="ar"' in text
    assert "Publication date unknown" in text


def test_the_status_page_shows_what_does_not_balance(client: httpx.Client) -> None:
    text = visible(page(client, "/status"))

    assert "56,789 rows in the lake" in text
    assert "1,234" in text
    assert "9 new" in text
    assert "balanced" in text
    assert "+1 without outcome" in text


def test_the_api_gives_hits_facets_and_pages(client: httpx.Client) -> None:
    first = client.get("/api/search?q=same+words&size=50&facet=publisher&facet=day").json()
    rest = client.get(
        "/api/search", params={"q": "same words", "size": 50, "cursor": first["next_cursor"]}
    ).json()

    assert (first["total"], len(first["hits"]), len(rest["hits"]), rest["next_cursor"]) == (60, 50, 10, None)
    assert first["facets"]["publisher"] == [{"value": "publisher", "count": 60}]
    assert len(first["facets"]["day"]) == 7
    assert first["hits"][0]["highlights"]["body"]
    assert client.get("/api/search?facet=mood").status_code == 400


def test_the_api_gives_a_whole_article_or_a_reason(client: httpx.Client) -> None:
    assert client.get("/api/articles/ferry").json()["body"] == FERRY.body
    missing = client.get("/api/articles/nowhere")

    assert missing.status_code == 404
    assert "no article" in missing.json()["error"]


def test_health_counts_the_articles(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "articles": len(NEWSSTAND) + 61}


def test_an_index_that_does_not_answer_is_told_in_words(tmp_path: Path) -> None:
    with serving(create_app(TantivyIndex(tmp_path / "index"))) as client:
        (tmp_path / "index").rename(tmp_path / "moved")

        assert "Not now" in page(client, "/?q=a", 503)
        assert client.get("/api/search").json() == {"error": UNAVAILABLE}
        assert str(tmp_path) not in client.get("/").text
        assert client.get("/healthz").status_code == 503


def test_below_a_prefix_every_link_stays_below_it(index: TantivyIndex) -> None:
    outer = FastAPI()
    outer.mount("/plugins/news", create_app(index, lambda: STATUS))
    with serving(outer) as client:
        for path in [*PATHS, "/nowhere"]:
            for link in Seen(client.get(f"/plugins/news{path}").text).links:
                assert link.startswith(("/plugins/news/", "?", "#", "http://", "https://")) or link == ""
                if link.startswith("/plugins"):
                    assert client.get(link).status_code == 200
        assert client.get("/plugins/news/api/nowhere").json() == {"error": "Not Found"}


def test_no_documentation_page_that_loads_from_elsewhere_is_served(client: httpx.Client) -> None:
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
    assert "/api/search" in client.get("/api/openapi.json").json()["paths"]
