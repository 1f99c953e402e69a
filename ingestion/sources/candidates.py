"""Addresses that may be feeds or sitemaps: where a page, its links and its host name them."""

import re
from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import unquote, urljoin, urlsplit

from lxml.html import HtmlElement
from msgspec import Struct

from ingestion.parse.urls import registered_host
from ingestion.sources.article_links import OTHER_FOLDERS

FEED_TYPES = re.compile(
    r"(?:application|text)/(?:(?:rss|atom|rdf|feed)\+(?:xml|json)|json|xml)", re.IGNORECASE
)
FEED_PATH = re.compile(
    r"(?:^|/)(?:rss|feeds?|atom|rdf|xmlfeeds?)(?:[/.?]|$)|\.(?:rss|rdf|atom)$|(?:rss|feed|atom)[\w-]*\.(?:xml|json)$",
    re.IGNORECASE,
)
FEED_HOST = re.compile(r"^(?:feeds?|rss|newsfeed)\d*\.", re.IGNORECASE)
COMMENTS = re.compile(
    r"(?:^|[/_.-])(?:comments?|kommentare?|comentarios|commentaires)(?:[/_.-]|$)", re.IGNORECASE
)
COMMENTS_TITLE = re.compile(
    r"^(?:comments? (?:on|for)|kommentare? zu|commentaires (?:sur|pour)|comentarios en)\b"
    r"|^comentários (?:sobre|em)\b|:\s*comments?$",
    re.IGNORECASE,
)
FEED_PLACES = (
    "/feed/",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/index.rdf",
    "/feed.json",
)
SITEMAP_PLACES = ("/sitemap-news.xml", "/news-sitemap.xml", "/sitemap.xml", "/sitemap_index.xml")
MOST_ANCHORS = 15


class Role(StrEnum):
    """What a feed or sitemap is for; those that are best to collect from first."""

    FEED = "feed"
    NEWS_SITEMAP = "news sitemap"
    SITEMAP = "sitemap"
    PODCAST = "podcast"
    TAG_FEED = "tag feed"
    COMMENT_FEED = "comment feed"


class Named(Struct, frozen=True):
    """An address, and in words where it was found."""

    url: str
    place: str


def named_by_page(tree: HtmlElement, url: str) -> Iterator[Named]:
    """What a page announces in its head, then links of its body that look like feeds."""
    for link in tree.iter("link"):
        relations = (link.get("rel") or "").lower().split()
        typed = bool(FEED_TYPES.fullmatch((link.get("type") or "").strip()))
        # oEmbed and translations are alternates too: JSON without the word feed is none of ours.
        is_json = (link.get("type") or "").strip().lower() == "application/json"
        wanted = "feed" in relations or ("alternate" in relations and typed and not link.get("hreflang"))
        target = _joined(url, link.get("href"))
        if wanted and target and not (is_json and not FEED_PATH.search(urlsplit(target).path)):
            yield Named(target, "the page's head")
    anchors = dict.fromkeys(filter(None, (_joined(url, a.get("href")) for a in tree.iter("a"))))
    for target in list(filter(looks_like_feed, anchors))[:MOST_ANCHORS]:
        if registered_host(target) == registered_host(url) or FEED_HOST.search(
            urlsplit(target).hostname or ""
        ):
            yield Named(target, "a link on the page")


def looks_like_feed(url: str) -> bool:
    """Whether an address is of the kind that feeds have."""
    parts = urlsplit(url)
    return bool(
        FEED_PATH.search(parts.path) or (FEED_HOST.search(parts.hostname or "") and parts.path != "/")
    )


def role_by_address(url: str, title: str | None) -> Role:
    """Tell the feed of a whole site from those of comments, tags and authors."""
    path = unquote(urlsplit(url).path)
    if COMMENTS.search(path) or COMMENTS_TITLE.search(title or ""):
        return Role.COMMENT_FEED
    folders = {segment.lower() for segment in path.split("/")} - {"rss", "feed", "feeds", "news", "page"}
    return Role.TAG_FEED if folders & OTHER_FOLDERS else Role.FEED


def _joined(base: str, href: str | None) -> str | None:
    try:
        target = urljoin(base, (href or "").strip())
        parts = urlsplit(target)
    except ValueError:
        return None
    return target if href and parts.scheme in ("http", "https") and parts.hostname else None
