"""Which sitemaps of an index are fetched, and which are known well enough."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ingestion.article import Document, Drop, Outcome, Rejected
from ingestion.fetch.client import PoliteFetcher
from ingestion.source_ports import Source
from ingestion.sources import open_source
from ingestion.sources.catalogue import LinkRules
from ingestion.sources.limits import Limits
from ingestion.sources.sitemap import read_sitemap
from ingestion.sources.sitemap_index import CHILDREN, Child
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.conftest import InMemory, collect, entry

ROOT = "http://paper.example/sitemap.xml"
HTML = b"<!doctype html><p>News</p>"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def index(**children: str | None) -> bytes:
    parts = (
        f"<sitemap><loc>http://paper.example/{name}.xml</loc>"
        f"{f'<lastmod>{at}</lastmod>' * bool(at)}</sitemap>"
        for name, at in children.items()
    )
    return f"<sitemapindex>{''.join(parts)}</sitemapindex>".encode()


def urlset(*paths: str) -> bytes:
    return f"<urlset>{''.join(f'<url><loc>{path}</loc></url>' for path in paths)}</urlset>".encode()


def children(memory: InMemory) -> dict[str, Child]:
    mark = memory.bookmarks["paper-sitemap", CHILDREN]
    return msgspec.json.decode(mark.position, type=dict[str, Child])


@pytest.fixture
def source(server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory) -> Source:
    server.scripts |= {
        "/a.xml": answer(200, urlset("http://paper.example/1"), ETag='"a"'),
        "/b.xml": answer(200, urlset("http://paper.example/2"), ETag='"b"'),
        "/1": answer(200, HTML),
        "/2": answer(200, HTML),
        "/3": answer(200, HTML),
    }
    return open_source(entry("sitemap", ROOT), fetcher=fetcher, memory=memory)


def test_a_child_whose_lastmod_stands_still_is_not_fetched_again(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index(a="2026-11-20T10:00:00Z", b="2026-11-20T10:00:00Z"))
    for _ in range(2):
        collect(source, memory)
    server.scripts["/sitemap.xml"] = answer(200, index(a="2026-11-20T10:00:00Z", b="2026-11-23T10:00:00Z"))
    server.scripts["/b.xml"] = answer(200, urlset("http://paper.example/2", "http://paper.example/3"))

    visits = collect(source, memory)

    assert [v.result.locator for v in visits if isinstance(v.result, Document)] == ["http://paper.example/3"]
    assert (len(server.asked("/a.xml")), len(server.asked("/b.xml"))) == (2, 3)
    assert {child.finished for child in children(memory).values()} == {True, False}


def test_an_index_in_which_nothing_changed_is_well(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index(a="2026-11-20T10:00:00Z"))

    for _ in range(4):
        collect(source, memory)

    assert [failure for _, failure in memory.health] == [None] * 4


def test_a_finished_child_without_lastmod_is_asked_for_with_its_validators(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index(a=None))
    for _ in range(2):
        collect(source, memory)
    server.scripts["/a.xml"] = answer(304)

    visits = collect(source, memory)

    conditional = ['If-None-Match: "a"' in request for request in server.asked("/a.xml")]
    assert visits == []
    assert conditional == [False, False, True]


def test_links_that_a_run_did_not_come_to_are_offered_again(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts |= {f"/{n}": answer(200, HTML) for n in range(5)}
    server.scripts["/a.xml"] = answer(
        200, urlset(*(f"http://paper.example/{n}" for n in range(5))), ETag='"a"'
    )
    server.scripts["/sitemap.xml"] = answer(200, index(a="2026-11-20T10:00:00Z"))
    source = open_source(entry("sitemap", ROOT), fetcher=fetcher, memory=memory, limits=Limits(max_visits=2))

    counts = [len(collect(source, memory)) for _ in range(4)]

    assert counts == [2, 2, 1, 0]
    assert len(memory.visits) == 5


def test_children_that_are_named_no_more_are_forgotten(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    for name in ("a", "b"):
        server.scripts["/sitemap.xml"] = answer(200, index(**{name: None}))
        collect(source, memory)

    assert list(children(memory)) == ["http://paper.example/b.xml"]


def test_a_child_that_is_gone_is_told_once_and_asked_for_again_when_it_changes(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index(gone="2026-11-20"))
    first, second = collect(source, memory), collect(source, memory)
    server.scripts["/sitemap.xml"] = answer(200, index(gone="2026-11-21"))

    (third,) = collect(source, memory)

    assert [type(visit.result) for visit in first] == [Rejected]
    assert second == []
    assert third.result == Drop(Outcome.UNCHANGED, "")
    assert len(server.asked("/gone.xml")) == 2


def test_a_child_that_does_not_answer_now_is_asked_for_in_the_next_run(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index(a="2026-11-20T10:00:00Z"))
    server.scripts["/a.xml"] = answer(503)
    (told,) = collect(source, memory)
    server.scripts["/a.xml"] = answer(200, urlset("http://paper.example/1"))

    (visit,) = collect(source, memory)

    assert isinstance(told.result, Rejected)
    assert told.result.transient
    assert isinstance(visit.result, Document)


def test_nothing_is_remembered_of_children_before_everything_is_acknowledged(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index(a=None))

    list(source.visits("run"))

    assert memory.bookmarks == {}


@pytest.mark.parametrize(
    "robots", ["Sitemap: http://paper.example/a.xml", "user-agent: *\n  SITEMAP :/a.xml # x"]
)
def test_robots_txt_is_the_address_of_a_sitemap_source(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, robots: str
) -> None:
    server.scripts |= {
        "/robots.txt": answer(200, robots.encode()),
        "/a.xml": answer(200, urlset("http://paper.example/1")),
        "/1": answer(200, HTML),
    }
    at = entry("sitemap", "http://paper.example/robots.txt")

    (visit,) = collect(open_source(at, fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Document)


def test_the_rules_of_the_catalogue_hold_for_the_pages_of_children(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    paths = ("http://paper.example/news/1", "http://paper.example/shop/2", "http://paper.example/news/old/3")
    server.scripts |= {
        "/sitemap.xml": answer(200, index(a="2026-11-20T10:00:00Z")),
        "/a.xml": answer(200, urlset(*paths)),
        "/news/1": answer(200, HTML),
    }
    ruled = msgspec.structs.replace(
        entry("sitemap", ROOT), links=LinkRules(include=("/news/",), exclude=("/old/",))
    )
    source = open_source(ruled, fetcher=fetcher, memory=memory)

    visits = [visit for _ in range(3) for visit in collect(source, memory)]

    assert [v.result.locator for v in visits if isinstance(v.result, Document)] == [
        "http://paper.example/news/1"
    ]
    assert len(server.asked("/a.xml")) == 2


def test_the_news_come_before_archives_and_the_newest_archive_before_the_others() -> None:
    names = ("posts-2024-01", "posts-2026-11", "posts-2026-03", "pages", "google-news")
    found = read_sitemap(index(**dict.fromkeys(names)), Limits()).children

    assert [link.url.rpartition("/")[2].removesuffix(".xml") for link in found] == [
        "google-news",
        "posts-2026-11",
        "posts-2026-03",
        "posts-2024-01",
        "pages",
    ]


@pytest.mark.parametrize(
    ("lastmod", "read_at", "still"),
    [
        ("2026-11-20T10:00:00Z", NOW, True),
        ("2026-11-23", NOW, False),
        ("2026-11-22", NOW, True),
        ("2026-11", NOW, False),
        ("soon, maybe", NOW, True),
        ("last week!", NOW, False),
        (None, NOW, False),
        ("2026-11-20T10:00:00Z", NOW - timedelta(days=1), False),
    ],
)
def test_a_lastmod_is_believed_for_a_day_once_its_time_is_over(
    lastmod: str | None, read_at: datetime, *, still: bool
) -> None:
    child = Child(read_at=read_at, lastmod=lastmod, finished=True)

    assert child.stands_still(lastmod, NOW) is still


def test_a_sitemap_of_many_pages_keeps_the_newest() -> None:
    pages = "".join(
        f"<url><loc>http://x.example/{n}</loc><lastmod>2026-01-{n % 28 + 1:02}</lastmod></url>"
        for n in range(500)
    )

    links = read_sitemap(f"<urlset>{pages}</urlset>".encode(), Limits(max_links=20)).links

    assert len(links) == 20
    assert links[0].hints["sitemap.lastmod"] == "2026-01-28"


def test_a_position_that_nobody_can_read_is_as_good_as_none(
    server: ScriptedServer, memory: InMemory, source: Source
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index(a=None))
    collect(source, memory)
    key = ("paper-sitemap", CHILDREN)
    memory.bookmarks[key] = msgspec.structs.replace(memory.bookmarks[key], position="{")

    collect(source, memory)

    assert list(children(memory)) == ["http://paper.example/a.xml"]
