"""What there is to collect at an address, judged by what is in it."""

import gzip

import pytest

from ingestion.errors import HttpFailure, Refused, Unreadable
from ingestion.fetch.client import PoliteFetcher
from ingestion.sources.candidates import Role, looks_like_feed, role_by_address
from ingestion.sources.discover import MOST_CANDIDATES, Found, discover
from ingestion.sources.limits import Limits
from tests.unit.fetch.conftest import ScriptedServer, answer

SITE = "http://www.paper.example/"


def rss(title: str, *links: str) -> bytes:
    items = "".join(
        f"<item><title>T</title><link>{link}</link><pubDate>Sun, 22 Nov 2026 10:00:00 GMT</pubDate></item>"
        for link in links
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>".encode()


def atom(title: str, *links: str) -> bytes:
    entries = "".join(
        f"<entry><id>{link}</id><title>T</title><link href='{link}'/></entry>" for link in links
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{title}</title>{entries}</feed>".encode()


def page(head: str = "", body: str = "", lang: str = "en") -> bytes:
    return f"<!doctype html><html lang='{lang}'><head>{head}</head><body>{body}</body></html>".encode()


def named(found: Found) -> list[tuple[str, Role]]:
    return [(candidate.url.removeprefix(SITE.rstrip("/")), candidate.role) for candidate in found.candidates]


def look(fetcher: PoliteFetcher, url: str = SITE) -> Found:
    return discover(url, fetcher, Limits())


NEWS_SITEMAP = b"""<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url>
<loc>http://www.paper.example/1</loc><n:news><n:title>T</n:title>
<n:publication_date>2026-11-22T08:00:00+01:00</n:publication_date></n:news></url></urlset>"""
HEAD = """<link rel="alternate" type="application/rss+xml" href="/comments/feed/">
<link rel="alternate" type="application/rss+xml" href="/tag/sea/feed/">
<link rel="alternate" type="application/rss+xml" href="/feed/">
<link rel="alternate" hreflang="de" href="/de/">
<link rel="alternate" type="application/atom+xml" href="/feed/atom/">
<link rel="alternate" type="application/json+oembed" href="/oembed?x=1">
<link rel="stylesheet" href="/x.css">
<link rel="alternate" type="application/feed+json" href="/feed.json">
<meta property="og:site_name" content="The  Paper">
<script type="application/ld+json">{"@type": "NewsMediaOrganization", "name": "Paper Ltd",
"address": {"addressCountry": "NZ"}}</script>"""


def test_what_a_page_announces_is_fetched_judged_and_ranked(
    server: ScriptedServer, fetcher: PoliteFetcher
) -> None:
    one, two = "http://www.paper.example/1", "http://www.paper.example/2"
    json_feed = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "9", "url": "/9"}]}'
    )
    server.scripts |= {
        "/": answer(200, page(HEAD)),
        "/comments/feed/": answer(200, rss("Comments for The Paper", f"{one}#comment-1")),
        "/tag/sea/feed/": answer(200, rss("Sea", two)),
        "/feed/": answer(200, rss("The Paper", one, two)),
        "/feed/atom/": answer(200, atom("The Paper", one, two)),
        "/feed.json": answer(200, json_feed.encode()),
        "/robots.txt": answer(200, b"Sitemap: /all.xml\nSitemap: http://www.paper.example/news.xml"),
        "/news.xml": answer(200, NEWS_SITEMAP),
        "/all.xml": answer(200, gzip.compress(b"<urlset><url><loc>/1</loc></url></urlset>")),
    }

    found = look(fetcher)

    assert named(found) == [
        ("/feed/", Role.FEED),
        ("/feed.json", Role.FEED),
        ("/news.xml", Role.NEWS_SITEMAP),
        ("/all.xml", Role.SITEMAP),
        ("/tag/sea/feed/", Role.TAG_FEED),
        ("/comments/feed/", Role.COMMENT_FEED),
    ]
    assert found.candidates[0].title == "The Paper"
    assert (found.candidates[0].items, str(found.candidates[0].newest)) == (2, "2026-11-22 10:00:00+00:00")
    assert str(found.candidates[2].newest) == "2026-11-22 07:00:00+00:00"
    assert server.asked("/oembed") == server.asked("/rss.xml") == server.asked("/sitemap.xml") == []


def test_what_the_page_says_of_its_publisher_is_taken_and_nothing_else(
    server: ScriptedServer, fetcher: PoliteFetcher
) -> None:
    server.scripts["/"] = answer(200, page(HEAD, lang="mi-NZ"))
    said = look(fetcher).site
    server.scripts["/"] = answer(200, page(lang="not a language"))
    silent = look(fetcher).site

    assert (said.name, said.domain, said.language, said.country) == (
        "The Paper",
        "paper.example",
        "mi-NZ",
        "NZ",
    )
    assert (silent.name, silent.domain, silent.language, silent.country) == (
        None,
        "paper.example",
        None,
        None,
    )


def test_links_of_the_page_that_look_like_feeds_are_tried(
    server: ScriptedServer, fetcher: PoliteFetcher
) -> None:
    body = """<a href="/rss/all.xml">RSS</a><a href="/about-rss-and-atoms">About</a><a href="/world">World</a>
    <a href="http://other.example/feed/">Another</a>"""
    server.scripts |= {
        "/": answer(200, page(body=body)),
        "/rss/all.xml": answer(200, rss("All", "/1")),
        "/feed/": answer(200, rss("Of another publisher", "/2")),
    }

    assert named(look(fetcher)) == [("/rss/all.xml", Role.FEED)]


def test_usual_places_are_tried_only_until_one_is_right(
    server: ScriptedServer, fetcher: PoliteFetcher
) -> None:
    server.scripts |= {
        "/": answer(200, page()),
        "/feed/": answer(200, page(body="no feed here")),
        "/rss": answer(200, rss("The Paper", "/1")),
        "/sitemap.xml": answer(200, b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>"),
    }

    found = look(fetcher)

    assert named(found) == [("/rss", Role.FEED), ("/sitemap.xml", Role.SITEMAP)]
    assert found.misses[0].problem == "not a sitemap: an HTML page was found instead"
    assert server.asked("/rss.xml") == server.asked("/sitemap_index.xml") == server.asked("/a.xml") == []


def test_an_address_that_leads_to_a_known_one_is_counted_once(
    server: ScriptedServer, fetcher: PoliteFetcher
) -> None:
    head = '<link rel="alternate" type="application/rss+xml" href="/feed/"><link rel="feed" href="/old">'
    server.scripts |= {
        "/": answer(200, page(head)),
        "/feed/": answer(200, rss("The Paper", "/1")),
        "/old": answer(301, Location="/feed/"),
    }

    assert named(look(fetcher)) == [("/feed/", Role.FEED)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [(rss("R", "/1"), "feed"), (NEWS_SITEMAP, "sitemap"), (gzip.compress(NEWS_SITEMAP, mtime=0), "sitemap")],
)
def test_a_feed_or_sitemap_may_be_given_itself(
    server: ScriptedServer, fetcher: PoliteFetcher, body: bytes, kind: str
) -> None:
    server.scripts["/x"] = answer(200, body)

    (candidate,) = look(fetcher, f"{SITE}x").candidates

    assert (candidate.kind, candidate.items, candidate.url) == (kind, 1, f"{SITE}x")
    assert len(server.requests) == 2


def test_robots_txt_may_be_given_itself(server: ScriptedServer, fetcher: PoliteFetcher) -> None:
    server.scripts["/robots.txt"] = answer(200, b"User-agent: *\nSitemap: http://www.paper.example/a.xml")

    (candidate,) = look(fetcher, f"{SITE}robots.txt").candidates

    assert (candidate.kind, candidate.items) == ("sitemap", 1)


def test_a_feed_of_recordings_comes_after_those_of_texts(
    server: ScriptedServer, fetcher: PoliteFetcher
) -> None:
    head = '<link rel="feed" href="/pod"><link rel="feed" href="/sea-news">'
    podcast = b"""<rss version="2.0"><channel><title>Pod</title><item><title>E</title>
    <enclosure type="audio/mpeg" url="http://a.example/1.mp3"/></item></channel></rss>"""
    server.scripts |= {
        "/": answer(200, page(head)),
        "/pod": answer(200, podcast),
        "/sea-news": answer(200, rss("S", "/1")),
    }

    assert named(look(fetcher)) == [("/sea-news", Role.FEED), ("/pod", Role.PODCAST)]


@pytest.mark.parametrize("body", [b"plain words", b"{}", b"\x89PNG\r\n\x1a\n", b""])
def test_what_is_neither_page_nor_feed_is_told(
    server: ScriptedServer, fetcher: PoliteFetcher, body: bytes
) -> None:
    server.scripts["/"] = answer(200, body)

    with pytest.raises(Unreadable):
        look(fetcher)


def test_a_site_that_keeps_us_out_or_is_gone_is_told(server: ScriptedServer, fetcher: PoliteFetcher) -> None:
    with pytest.raises(HttpFailure):
        look(fetcher)
    server.scripts["/robots.txt"] = answer(200, b"User-agent: *\nDisallow: /")
    with pytest.raises(Refused, match=r"robots\.txt keeps us out"):
        look(fetcher, "http://closed.example/")


def test_no_page_makes_us_ask_without_end(server: ScriptedServer, fetcher: PoliteFetcher) -> None:
    head = "".join(f'<link rel="feed" href="/feed-{n}">' for n in range(500))
    server.scripts["/"] = answer(200, page(head))

    found = look(fetcher)

    assert found.candidates == ()
    assert len(server.requests) <= MOST_CANDIDATES + 3


def test_articles_on_the_page_are_counted(server: ScriptedServer, fetcher: PoliteFetcher) -> None:
    body = "".join(f'<h2><a href="/2026/11/22/a-story-of-the-day-{n}">A story</a></h2>' for n in range(7))
    server.scripts["/"] = answer(200, page(body=body))

    assert look(fetcher).front_page_links == 7


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("http://a.example/feed/", True),
        ("http://a.example/rss", True),
        ("http://a.example/world/rss.xml", True),
        ("http://a.example/index.rdf", True),
        ("http://feeds.a.example/world", True),
        ("http://a.example/feed-the-birds", False),
        ("http://a.example/news/feeding-time.html", False),
        ("http://feeds.a.example/", False),
    ],
)
def test_an_address_looks_like_a_feed_or_does_not(url: str, *, feed: bool) -> None:
    assert looks_like_feed(url) is feed


@pytest.mark.parametrize(
    ("url", "title", "role"),
    [
        ("http://a.example/feed/", "Paper", Role.FEED),
        ("http://a.example/news/rss.xml", None, Role.FEED),
        ("http://a.example/2026/11/story/feed/", "Comments on: Story", Role.COMMENT_FEED),
        ("http://a.example/comments/feed/", None, Role.COMMENT_FEED),
        ("http://a.example/author/jane/feed/", None, Role.TAG_FEED),
        ("http://a.example/kategorie/meer/feed", None, Role.TAG_FEED),
    ],
)
def test_feeds_of_comments_and_tags_are_known_by_their_address(
    url: str, title: str | None, role: Role
) -> None:
    assert role_by_address(url, title) is role
