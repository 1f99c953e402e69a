import gzip

import pytest

from ingestion.article import Document, Drop, Outcome, Rejected
from ingestion.errors import TooLarge, Unreadable
from ingestion.fetch.client import PoliteFetcher
from ingestion.source_ports import Validators
from ingestion.sources import open_source
from ingestion.sources.limits import Limits
from ingestion.sources.sitemap import read_sitemap
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.conftest import InMemory, Samples, collect, entry

ROOT = "http://paper.example/sitemap.xml"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = f"""<urlset {SPACE} xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc> http://paper.example/1 </loc>
<image:image><image:loc>http://paper.example/1.jpg</image:loc><image:title>Picture</image:title></image:image>
<n:news><n:publication><n:name>The Paper</n:name><n:language>en</n:language></n:publication>
<n:publication_date>2026-11-02</n:publication_date><n:title>A title</n:title><n:keywords>a, b</n:keywords>
</n:news><lastmod>2026-11-03</lastmod></url></urlset>"""
HTML = b"<!doctype html><p>News</p>"


def urlset(*urls: str) -> bytes:
    return f"<urlset {SPACE}>{''.join(f'<url><loc>{url}</loc></url>' for url in urls)}</urlset>".encode()


def index(*urls: str) -> bytes:
    parts = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f"<sitemapindex {SPACE}>{parts}</sitemapindex>".encode()


def test_a_news_sitemap_gives_its_hints() -> None:
    (link,) = read_sitemap(NEWS.encode(), Limits()).links

    assert link.url == "http://paper.example/1"
    assert link.hints == {
        "sitemap.title": "A title",
        "sitemap.published": "2026-11-02",
        "sitemap.lastmod": "2026-11-03",
        "sitemap.language": "en",
        "sitemap.keywords": "a, b",
        "sitemap.publication": "The Paper",
    }


def test_the_newest_come_first_because_a_run_may_not_come_to_the_end() -> None:
    body = f"""<urlset {SPACE}><url><loc>http://x.example/old</loc><lastmod>2020-01-01</lastmod></url>
    <url><loc>http://x.example/none</loc></url>
    <url><loc>http://x.example/new</loc><lastmod>2026-01-01</lastmod></url></urlset>"""

    urls = [link.url.rpartition("/")[2] for link in read_sitemap(body.encode(), Limits()).links]

    assert urls == ["new", "old", "none"]


def test_a_packed_sitemap_and_a_plain_list_are_read() -> None:
    packed = gzip.compress(urlset("http://x.example/1"))
    plain = b"\xef\xbb\xbfhttp://x.example/1\r\nhttp://x.example/2\n"

    assert len(read_sitemap(packed, Limits()).links) == 1
    assert len(read_sitemap(plain, Limits()).links) == 2


def test_a_packed_bomb_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read_sitemap(gzip.compress(b"<urlset>" + b" " * 30_000_000), Limits(max_bytes=1_000_000))


@pytest.mark.parametrize("body", [b"words", b"", b"\x1f\x8bno", b"<rss/>", b"{}"])
def test_what_is_no_sitemap_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_sitemap(body, Limits())


def test_a_sitemap_that_breaks_off_gives_what_is_there() -> None:
    body = urlset("http://x.example/1", "http://x.example/2")[:-30]

    assert [link.url for link in read_sitemap(body, Limits()).links][:1] == ["http://x.example/1"]


def test_external_entities_are_not_read(samples: Samples) -> None:
    secret = (samples("feeds") / "../README.md").resolve()
    body = f"""<!DOCTYPE u [<!ENTITY x SYSTEM "file://{secret}">]><urlset><url><loc>http://x.example/&x;</loc></url></urlset>"""

    assert "Samples" not in str(read_sitemap(body.encode(), Limits()))


def test_all_sample_sitemaps_offer_links(samples: Samples) -> None:
    counts = {
        path.name: len(read_sitemap(path.read_bytes(), Limits()).links)
        for path in samples("sitemaps").iterdir()
    }

    assert len(counts) == 3
    assert all(counts.values()), counts


def test_an_index_is_followed_to_its_pages_and_a_bad_part_is_told(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    parts = [f"http://paper.example/{name}.xml" for name in ("a", "gone", "html", "b", "a", "sitemap")]
    server.scripts |= {
        "/sitemap.xml": answer(200, index(*parts), ETag='"index"'),
        "/a.xml": answer(200, urlset("http://paper.example/1", "/2")),
        "/b.xml": answer(200, gzip.compress(urlset("http://paper.example/2"))),
        "/html.xml": answer(200, HTML),
        "/1": answer(200, HTML),
        "/2": answer(200, HTML),
    }

    visits = collect(open_source(entry("sitemap", ROOT), fetcher=fetcher, memory=memory), memory)

    results = [visit.result for visit in visits]
    assert sorted(r.locator for r in results if isinstance(r, Document)) == [
        "http://paper.example/1",
        "http://paper.example/2",
    ]
    assert [r.error for r in results if isinstance(r, Rejected)] == ["HttpFailure", "Unreadable"]
    assert len(server.asked("/sitemap.xml")) == len(server.asked("/a.xml")) == 1


def test_an_index_is_read_anew_because_its_parts_change_without_it(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index("http://paper.example/a.xml"), ETag='"index"')
    server.scripts["/a.xml"] = answer(200, urlset())

    collect(open_source(entry("sitemap", ROOT), fetcher=fetcher, memory=memory), memory)

    assert memory.listings["paper-sitemap"].validators == Validators()


def test_an_index_of_indexes_without_end_is_left_at_its_limits(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    parts = [f"http://paper.example/{n}.xml" for n in range(100)]
    server.scripts |= {f"/{n}.xml": answer(200, index(*parts)) for n in range(100)}
    server.scripts["/sitemap.xml"] = answer(200, index(*parts))
    limits = Limits(max_sitemaps=7, max_sitemap_depth=3)

    visits = collect(
        open_source(entry("sitemap", ROOT), fetcher=fetcher, memory=memory, limits=limits), memory
    )

    assert visits == []
    assert sum(len(server.asked(f"/{n}.xml")) for n in range(100)) == 7


def test_a_part_that_robots_disallow_is_dropped(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts["/sitemap.xml"] = answer(200, index("http://paper.example/x/a.xml"))
    server.scripts["/robots.txt"] = answer(200, b"User-agent: *\nDisallow: /x/")

    (visit,) = collect(open_source(entry("sitemap", ROOT), fetcher=fetcher, memory=memory), memory)

    assert visit.result == Drop(Outcome.DROPPED, "robots_disallowed")
