"""The commands of the catalogue, over real servers and real files."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingestion.cli import app
from ingestion.errors import ConfigurationError
from ingestion.settings import BUNDLED_CATALOGUE
from ingestion.sources.catalogue import load_catalogue
from ingestion.sources.opml import read_opml
from tests.unit.fetch.conftest import ScriptedServer, answer

SITE = "http://www.paper.example/"
FEED = b"""<rss version="2.0"><channel><title>The Paper</title><item><title>T</title>
<link>http://www.paper.example/1</link>
<pubDate>Sun, 22 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"""
NEWS = b"""<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url>
<loc>http://www.paper.example/1</loc><n:news><n:title>T</n:title></n:news></url></urlset>"""
HEAD = (
    '<link rel="alternate" type="application/rss+xml" href="/feed/"><link rel="feed" href="/tag/sea/feed/">'
)
ARTICLES = "".join(f'<h2><a href="/2026/11/22/a-story-of-the-day-{n}">A story</a></h2>' for n in range(6))
LIST = """<opml version="2.0"><body><outline text="World/Asia"><outline text="One" xmlUrl="http://a.example/1"
htmlUrl="http://a.example/"/><outline text="記事" xmlUrl="http://a.example/2"/></outline>
<outline text="B" xmlUrl="http://b.example/rss"/><outline text="Bad" xmlUrl="ftp://c.example/"/></body></opml>"""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def folder(tmp_path: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    catalogue = tmp_path / "mine"
    settings = {
        "NEWS_CATALOGUE": str(catalogue),
        "NEWS_DATA_DIR": str(tmp_path / "data"),
        "NEWS_FETCH__CONNECT_TO": json.dumps({"*.example": server.endpoint}),
        "NEWS_FETCH__MIN_INTERVAL_SECONDS": "0",
        "NEWS_FETCH__ATTEMPTS": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return catalogue


def tables_with_rows(state: Path) -> set[str]:
    with closing(sqlite3.connect(state)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name for name in names if database.execute(f'SELECT 1 FROM "{name}"').fetchone()}  # noqa: S608 - names of its own tables


def news(*arguments: str, told: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["sources", *arguments], input=told)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def a_site(server: ScriptedServer, head: str = HEAD, body: str = "") -> None:
    page = f"<!doctype html><html lang='en-NZ'><head>{head}</head><body>{body}</body></html>"
    server.scripts |= {
        "/": answer(200, page.encode()),
        "/feed/": answer(200, FEED),
        "/tag/sea/feed/": answer(200, FEED.replace(b"/1<", b"/7<")),
        "/robots.txt": answer(200, b"Sitemap: http://www.paper.example/news.xml"),
        "/news.xml": answer(200, NEWS),
    }


def test_add_writes_the_feed_and_the_news_sitemap_of_a_site(folder: Path, server: ScriptedServer) -> None:
    a_site(server)

    code, shown = news("add", SITE, "--yes", "--country", "NZ")

    feed, sitemap = load_catalogue(folder)
    assert code == 0
    assert (feed.id, feed.kind, feed.urls, feed.enabled) == ("paper-feed", "feed", (f"{SITE}feed/",), True)
    assert (sitemap.id, sitemap.kind, sitemap.urls) == ("paper-sitemap", "sitemap", (f"{SITE}news.xml",))
    assert (feed.publisher.name, feed.publisher.country, feed.publisher.language) == (
        "The Paper",
        "NZ",
        "en-NZ",
    )
    assert feed.publisher.timezone is None
    assert "timezone" in shown


def test_add_asks_before_it_writes(folder: Path, server: ScriptedServer) -> None:
    a_site(server)

    code, shown = news("add", SITE, told="n\n")

    assert (code, list(folder.iterdir())) == (0, [])
    assert 'id = "paper-feed"' in shown


def test_add_with_json_writes_nothing_without_yes(folder: Path, server: ScriptedServer) -> None:
    a_site(server)

    _, dry = news("add", SITE, "--json")
    nothing = list(folder.iterdir())
    _, wet = news("add", SITE, "--json", "--yes")

    assert (json.loads(dry)["written"], json.loads(wet)["written"]) == (False, True)
    assert nothing == []
    assert json.loads(dry)["proposal"]["sources"][0]["id"] == "paper-feed"
    assert [file.name for file in folder.iterdir()] == ["paper.toml"]


def test_a_second_add_brings_only_what_is_new_and_keeps_the_file(
    folder: Path, server: ScriptedServer
) -> None:
    a_site(server)
    news("add", SITE, "--yes")
    file = folder / "paper.toml"
    file.write_text("# Mine.\n" + file.read_text(encoding="utf-8"), encoding="utf-8")

    known = news("add", SITE, "--yes")[1]
    news("add", SITE, "--yes", "--all")

    entries = load_catalogue(folder)
    assert "known already: paper-feed" in known
    assert [(entry.id, entry.enabled) for entry in entries] == [
        ("paper-feed", True),
        ("paper-sitemap", True),
        ("paper-feed-2", False),
    ]
    assert file.read_text(encoding="utf-8").startswith("# Mine.\n")


def test_a_site_without_feeds_is_read_by_its_front_page(folder: Path, server: ScriptedServer) -> None:
    server.scripts["/"] = answer(200, f"<!doctype html><main>{ARTICLES}</main>".encode())

    news("add", "http://www.paper.example", "--yes")

    assert [(entry.id, entry.kind) for entry in load_catalogue(folder)] == [
        ("paper-front-page", "front_page")
    ]


def test_a_site_with_nothing_to_collect_is_told(folder: Path, server: ScriptedServer) -> None:
    server.scripts["/"] = answer(200, b"<!doctype html><p>Words.</p>")

    code, shown = news("add", SITE, "--yes")

    assert code == 1
    assert "nothing to collect" in shown
    assert list(folder.iterdir()) == []


def test_the_sample_newsroom_is_not_written_to(
    folder: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(BUNDLED_CATALOGUE.iterdir())
    monkeypatch.setenv("NEWS_CATALOGUE", str(BUNDLED_CATALOGUE))

    for command in (["add", SITE, "--yes"], ["disable", "harbour-times-rss"]):
        with pytest.raises(ConfigurationError, match="set NEWS_CATALOGUE to a folder of your own"):
            news(*command)
    assert sorted(BUNDLED_CATALOGUE.iterdir()) == before
    assert server.requests == []
    assert not folder.exists()


def test_sources_are_switched_off_and_on(folder: Path, server: ScriptedServer) -> None:
    a_site(server)
    news("add", SITE, "--yes")

    off = news("disable", "paper-feed", "paper-sitemap")[1]
    states = [entry.enabled for entry in load_catalogue(folder)]
    news("enable", "paper-feed")

    assert off == "paper-feed: disabled in paper.toml\npaper-sitemap: disabled in paper.toml\n"
    assert states == [False, False]
    assert [entry.enabled for entry in load_catalogue(folder)] == [True, False]
    assert "was disabled already" in news("disable", "paper-sitemap")[1]
    with pytest.raises(ConfigurationError, match=r"no source nobody in .*news sources list"):
        news("disable", "nobody")


def test_check_looks_once_and_keeps_nothing(folder: Path, server: ScriptedServer, tmp_path: Path) -> None:
    a_site(server)
    news("add", SITE, "--yes")
    server.requests.clear()

    code, told = news("check", "--json")

    looks = json.loads(told)
    assert (code, len(load_catalogue(folder))) == (0, 2)
    assert [(look["source_id"], look["items"], look["problem"]) for look in looks] == [
        ("paper-feed", 1, None),
        ("paper-sitemap", 1, None),
    ]
    assert looks[0]["newest"] == "2026-11-22T10:00:00Z"
    assert looks[0]["robots"]
    assert len(server.asked("/feed/")) == 1
    assert server.asked("/1") == []
    assert tables_with_rows(tmp_path / "data" / "state.sqlite") <= {"alembic_version", "hosts", "robots"}


def test_check_tells_what_is_wrong_with_each(folder: Path, server: ScriptedServer) -> None:
    folder.mkdir()
    kinds = {"gone": "feed", "closed": "feed", "html": "feed", "map": "sitemap", "front": "front_page"}
    sources = "".join(
        f'[[source]]\nid = "{name}"\nkind = "{kind}"\nurl = "http://p.example/{name}/x"\n'
        for name, kind in kinds.items()
    )
    text = f'[publisher]\nid = "p"\n{sources}[[source]]\nid = "pages"\nkind = "page"\nurls = ["http://p.example/1"]\n'
    (folder / "p.toml").write_text(text, encoding="utf-8")
    server.scripts |= {
        "/robots.txt": answer(200, b"User-agent: *\nDisallow: /closed/"),
        "/html/x": answer(200, b"<!doctype html><p>"),
        "/map/x": answer(200, b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>"),
        "/front/x": answer(200, f"<!doctype html><main>{ARTICLES}</main>".encode()),
        "/1": answer(200, b"<!doctype html><p>News"),
    }

    code, told = news("check", "--json")

    looks = {look["source_id"]: look for look in json.loads(told)}
    assert code == 1
    assert "404" in looks["gone"]["problem"]
    assert looks["closed"]["problem"].startswith("robots.txt keeps us out: ")
    assert looks["html"]["problem"] == "not a feed: an HTML page was found instead"
    assert (looks["map"]["problem"], looks["map"]["note"]) == (None, "an index of 1 sitemaps")
    assert (looks["front"]["items"], looks["pages"]["items"]) == (6, 1)
    assert news("check", "pages")[0] == 0
    assert "not a feed" in news("check", "html")[1]


def test_check_reads_the_files_without_fetching_where_that_is_wanted(
    folder: Path, server: ScriptedServer
) -> None:
    folder.mkdir()
    (folder / "p.toml").write_text(
        '[publisher]\nid = "p"\n[[source]]\nid = "x"\nkind = "fax"\n', encoding="utf-8"
    )

    with pytest.raises(ConfigurationError, match=r"p\.toml: source\[0\]\.kind"):
        news("check", "--no-fetch")
    (folder / "p.toml").write_text('[publisher]\nid = "p"\n', encoding="utf-8")

    assert news("check", "--no-fetch") == (0, "0 sources, well written\n")
    assert server.requests == []


def test_a_list_of_feeds_comes_in_and_goes_out_as_it_was(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.opml").write_text(LIST, encoding="utf-8")

    shown = news("import", "in.opml")[1]
    news("export", "out.opml")

    asked, told = (read_opml((tmp_path / name).read_bytes()) for name in ("in.opml", "out.opml"))
    assert sorted(map(repr, told)) == sorted(repr(one) for one in asked if one.title != "Bad")
    assert [entry.id for entry in load_catalogue(folder)] == ["a-one", "a-feed", "b-b"]
    assert "ftp://c.example/: is no http or https address" in shown
    assert "3 sources added in 2 files, 1 left out" in shown


def test_what_is_in_the_catalogue_is_not_imported_again(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.opml").write_text(LIST, encoding="utf-8")
    news("import", "in.opml", "--disabled")

    again = json.loads(news("import", "in.opml", "--json")[1])

    assert again["added"] == {}
    assert [skipped["reason"] for skipped in again["skipped"]] == [
        "is a-one already",
        "is a-feed already",
        "is b-b already",
        "is no http or https address",
    ]
    assert [entry.enabled for entry in load_catalogue(folder)] == [False] * 3
    assert read_opml(news("export", "--all")[1].encode())


def test_the_list_is_printed_for_people_and_for_programs(folder: Path, server: ScriptedServer) -> None:
    a_site(server)
    news("add", SITE, "--yes")

    assert [file.name for file in folder.iterdir()] == ["paper.toml"]
    assert "paper-feed" in news()[1]
    assert "paper-feed" in news("list")[1]
    assert [row["source_id"] for row in json.loads(news("list", "--json")[1])] == [
        "paper-feed",
        "paper-sitemap",
    ]


def test_health_is_shown(folder: Path, server: ScriptedServer) -> None:
    a_site(server)
    news("add", SITE, "--yes")

    assert "paper-feed" in news("health")[1]
    assert folder.exists()
