"""The feeds and sitemaps of a publisher, from one address: each is fetched, and judged by what is in it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal
from urllib.parse import urljoin

from lxml.html import HtmlElement
from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import UNKNOWN, SourceRef
from ingestion.errors import Cause, NewsError, Permanent, Refused, Transient, Unreadable
from ingestion.parse.urls import registered_host
from ingestion.source_ports import Disallowed, Fetched, Fetcher, NotModified
from ingestion.sources.ages import newest
from ingestion.sources.candidates import (
    FEED_PLACES,
    SITEMAP_PLACES,
    Named,
    Role,
    named_by_page,
    role_by_address,
)
from ingestion.sources.documents import Origin
from ingestion.sources.entries import Feed, read_feed
from ingestion.sources.front_page import article_links, page_tree
from ingestion.sources.limits import Limits
from ingestion.sources.links import without_fragment
from ingestion.sources.site_facts import SiteFacts, clean_language, clean_name, site_facts
from ingestion.sources.sitemap import Sitemap, read_sitemap, robots_sitemaps
from ingestion.sources.sniff import FEEDS, Form, sniff

MOST_CANDIDATES = 25
"""Requests that one discovery makes beside the page and robots.txt."""

ORIGIN = Origin(source=SourceRef(id="discover", kind="page"), publisher=UNKNOWN, run_id="discover")


class Candidate(Struct, frozen=True, kw_only=True):
    """A feed or sitemap that was fetched. `items` are its entries, pages or further sitemaps."""

    url: str
    kind: Literal["feed", "sitemap"]
    role: Role
    place: str
    title: str | None = None
    items: int = 0
    newest: datetime | None = None


class Miss(Struct, frozen=True):
    """An address that was tried, and what it was instead."""

    url: str
    problem: str


class Found(Struct, frozen=True, kw_only=True):
    """What there is to collect, the best first. `front_page_links` look like articles on the page itself."""

    url: str
    site: SiteFacts
    candidates: tuple[Candidate, ...] = ()
    misses: tuple[Miss, ...] = ()
    front_page_links: int = 0


def discover(url: str, fetcher: Fetcher, limits: Limits) -> Found:
    """Look at a page, a feed or a sitemap, and at what its host offers beside it.

    Raises what the fetcher raises for the address itself, `Refused` where its robots.txt disallows it, and
    `Unreadable` for what is neither page nor feed nor sitemap.
    """
    answer = _first(fetcher.fetch(without_fragment(url)))
    search = _Search(fetcher, limits)
    form = sniff(answer.body)
    if form is Form.HTML:
        return _from_page(search, page_tree(ORIGIN, answer), answer.url)
    search.judge(answer, "the given address")
    if not search.found:
        raise Unreadable(search.misses[-1].problem if search.misses else f"{form} was found at {answer.url}")
    return Found(url=answer.url, site=search.introduced(answer.url), candidates=search.ranked())


def _from_page(search: "_Search", tree: HtmlElement, url: str) -> Found:
    search.look(named_by_page(tree, url))
    search.look(_named_by_robots(search.fetcher, url))
    if not any(candidate.role is Role.FEED for candidate in search.found):
        search.look((Named(urljoin(url, place), "a usual place") for place in FEED_PLACES), enough=1)
    if not any(candidate.kind == "sitemap" for candidate in search.found):
        search.look((Named(urljoin(url, place), "a usual place") for place in SITEMAP_PLACES), enough=1)
    site, ranked = site_facts(tree, url), search.ranked()
    titles = (candidate.title for candidate in ranked if candidate.role is Role.FEED)
    return Found(
        url=url,
        site=site if site.name else replace(site, name=next(titles, None)),
        candidates=ranked,
        misses=tuple(search.misses),
        front_page_links=sum(1 for _ in article_links(tree, url)),
    )


def _first(answer: Fetched | NotModified | Disallowed) -> Fetched:
    if isinstance(answer, Disallowed):
        raise Refused(f"robots.txt keeps us out: {answer.rule}", cause=Cause.ROBOTS)
    if isinstance(answer, NotModified):
        raise Unreadable("unchanged, said a server that was not asked")
    return answer


def _named_by_robots(fetcher: Fetcher, url: str) -> Iterator[Named]:
    try:
        answer = fetcher.fetch(urljoin(url, "/robots.txt"))
    except (Permanent, Transient):
        return
    if isinstance(answer, Fetched):
        for link in robots_sitemaps(answer.body.decode("utf-8-sig", "replace")):
            yield Named(urljoin(answer.url, link.url), "robots.txt")


class _Search:
    """Candidates that were tried, each address and each content once."""

    def __init__(self, fetcher: Fetcher, limits: Limits) -> None:
        self.fetcher = fetcher
        self.found: list[Candidate] = []
        self.misses: list[Miss] = []
        self._limits = limits
        self._seen: set[str] = set()
        self._contents: set[tuple[str, frozenset[str]]] = set()
        self._feed: Feed | None = None

    def look(self, named: Iterable[Named], *, enough: int = MOST_CANDIDATES) -> None:
        """Fetch what was named, until there is enough of it."""
        before = len(self.found)
        for one in named:
            if len(self._seen) >= MOST_CANDIDATES or len(self.found) - before >= enough:
                return
            if one.url not in self._seen:
                self._seen.add(one.url)
                self._fetch(one)

    def ranked(self) -> tuple[Candidate, ...]:
        """What was found, the best first; of equals, what was named first."""
        return tuple(sorted(self.found, key=lambda candidate: list(Role).index(candidate.role)))

    def introduced(self, url: str) -> SiteFacts:
        """What a feed that was given itself says of its publisher."""
        feed = self._feed
        if feed is None:
            return SiteFacts(domain=registered_host(url))
        return SiteFacts(
            name=clean_name(feed.title),
            language=clean_language(feed.language),
            domain=registered_host(urljoin(url, feed.site or "")),
        )

    def _fetch(self, one: Named) -> None:
        try:
            answer = self.fetcher.fetch(one.url)
        except (Permanent, Transient) as fault:
            self.misses.append(Miss(one.url, str(fault)))
            return
        if isinstance(answer, Disallowed):
            self.misses.append(Miss(one.url, f"robots.txt keeps us out: {answer.rule}"))
        elif isinstance(answer, Fetched) and (answer.url == one.url or answer.url not in self._seen):
            self._seen.add(answer.url)
            self.judge(answer, one.place)

    def judge(self, answer: Fetched, place: str) -> None:
        """Take it by what is in it."""
        form = sniff(answer.body)
        try:
            if form in (*FEEDS, Form.XML):
                self._take_feed(answer, place, read_feed(answer.body))
            else:
                self._take_sitemap(answer, place, read_sitemap(answer.body, self._limits))
        except NewsError as fault:
            self.misses.append(Miss(answer.url, str(fault)))

    def _take_feed(self, answer: Fetched, place: str, feed: Feed) -> None:
        self._feed = self._feed or feed
        if self._is_new("feed", (entry.link or entry.item_id or str(entry.hints) for entry in feed.entries)):
            self.found.append(
                Candidate(
                    url=answer.url,
                    kind="feed",
                    role=_feed_role(answer.url, feed),
                    place=place,
                    title=clean_name(feed.title),
                    items=len(feed.entries),
                    newest=newest((entry.hints for entry in feed.entries), answer.fetched_at),
                )
            )

    def _take_sitemap(self, answer: Fetched, place: str, sitemap: Sitemap) -> None:
        offered = (*sitemap.links, *sitemap.children)
        if self._is_new("sitemap", (link.url for link in offered)):
            self.found.append(
                Candidate(
                    url=answer.url,
                    kind="sitemap",
                    role=Role.NEWS_SITEMAP if sitemap.is_news else Role.SITEMAP,
                    place=place,
                    items=len(offered),
                    newest=newest((link.hints for link in offered), answer.fetched_at),
                )
            )

    def _is_new(self, kind: str, items: Iterable[str]) -> bool:
        """Whether this is not the content of another address once more (RSS and Atom of the same entries)."""
        content = (kind, frozenset(items))
        is_known = bool(content[1]) and content in self._contents
        self._contents.add(content)
        return not is_known


def _feed_role(url: str, feed: Feed) -> Role:
    role = role_by_address(url, feed.title)
    links = [entry.link for entry in feed.entries if entry.link]
    if links and sum("#comment" in link for link in links) * 2 > len(links):
        return Role.COMMENT_FEED
    recordings = sum(bool(entry.media) for entry in feed.entries)
    return Role.PODCAST if role is Role.FEED and recordings * 2 > len(feed.entries) else role
