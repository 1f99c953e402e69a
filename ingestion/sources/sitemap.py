"""One file of a sitemap (sitemaps.org): pages, news, an index, a list of addresses, or robots.txt."""

import re
from collections.abc import Iterable, Iterator
from heapq import nlargest
from io import BytesIO

from lxml import etree
from msgspec import Struct

from ingestion.errors import Unreadable
from ingestion.source_ports import Link
from ingestion.sources.documents import wellformed
from ingestion.sources.inflate import gunzip
from ingestion.sources.limits import Limits
from ingestion.sources.sniff import Form, sniff
from ingestion.sources.xml import elements_of, local_name, namespace, whole_text

GZIP_MAGIC = b"\x1f\x8b"
ROBOTS_SITEMAP = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
ROBOTS_RULE = re.compile(r"^[ \t]*(?:user-agent|disallow|allow)[ \t]*:", re.IGNORECASE | re.MULTILINE)
DATED_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:[-_/]?(0[1-9]|1[0-2])(?:[-_/]?(0[1-9]|[12]\d|3[01]))?)?(?!\d)"
)
NEWS = {
    "title": "sitemap.title",
    "publication_date": "sitemap.published",
    "keywords": "sitemap.keywords",
    "language": "sitemap.language",
    "name": "sitemap.publication",
}


class Sitemap(Struct, frozen=True, kw_only=True):
    """One file: links to pages, or links to further sitemaps; the newest first."""

    links: tuple[Link, ...] = ()
    children: tuple[Link, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether it is a Google News sitemap, which names titles and times."""
        return any("sitemap.published" in link.hints or "sitemap.title" in link.hints for link in self.links)


def read_sitemap(body: bytes, limits: Limits) -> Sitemap:
    """Read one file. Raises `Unreadable`, `TooLarge`."""
    if body.startswith(GZIP_MAGIC):
        body = gunzip(BytesIO(body), packed_bytes=len(body), limits=limits)
    form = sniff(body)
    if form is Form.TEXT:
        return _plain(body)
    if form is not Form.SITEMAP:
        raise Unreadable(f"not a sitemap: {form} was found instead")
    pages: list[Link] = []
    children: list[Link] = []
    try:
        for element in elements_of(body, {"url", "sitemap"}):
            link = _link(element)
            if link:
                (pages if local_name(element) == "url" else children).append(link)
            _bound(pages, limits.max_links)
            _bound(children, limits.max_links)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"a sitemap that cannot be read: {error}") from error
    return Sitemap(
        links=newest_first(pages)[: limits.max_links],
        children=tuple(sorted(children, key=_child_rank, reverse=True))[: limits.max_links],
    )


def robots_sitemaps(text: str) -> tuple[Link, ...]:
    """The sitemaps that a robots.txt names, in its order."""
    return tuple(Link(url=url) for url in dict.fromkeys(ROBOTS_SITEMAP.findall(text)))


def newest_first(links: Iterable[Link]) -> tuple[Link, ...]:
    """Sort by what is said of their age, because a run may not come to the end of them."""
    return tuple(sorted(links, key=_said_age, reverse=True))


def _child_rank(child: Link) -> tuple[bool, str]:
    """News before archives; then by age, which may stand in nothing but the name, as in posts-2026-11.xml."""
    name = child.url.rpartition("/")[2]
    dated = DATED_NAME.search(child.url)
    printed = "-".join(part for part in dated.groups() if part) if dated else ""
    return "news" in name.lower(), _said_age(child) or printed


def _bound(links: list[Link], most: int) -> None:
    """Keep the newest of very many, so that memory does not grow with the file."""
    if len(links) >= 2 * most:
        links[:] = nlargest(most, links, key=_said_age)


def _link(element: "etree._Element") -> Link | None:
    url = _text_of(element, "loc")
    return Link(url=url, hints=dict(_hints(element))) if url else None


def _hints(element: "etree._Element") -> Iterator[tuple[str, str]]:
    lastmod = _text_of(element, "lastmod")
    if lastmod:
        yield "sitemap.lastmod", lastmod
    for child in element.iterchildren(etree.Element):
        if local_name(child) == "news":
            for fact in child.iter(etree.Element):
                place, text = NEWS.get(local_name(fact)), _text(fact)
                if place and text:
                    yield place, text


def _text_of(element: "etree._Element", name: str) -> str | None:
    """The text of the child of this name in the element's own namespace."""
    for child in element.iterchildren(etree.Element):
        if local_name(child) == name and namespace(child) == namespace(element):
            return _text(child)
    return None


def _text(element: "etree._Element") -> str | None:
    text = whole_text(element)
    return wellformed(text) if text else None


def _plain(body: bytes) -> Sitemap:
    """A sitemap may be a text file of one address per line; robots.txt names sitemaps (sitemaps.org)."""
    text = body.decode("utf-8-sig", "replace")
    named = robots_sitemaps(text)
    if named or ROBOTS_RULE.search(text):
        return Sitemap(children=named)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not all(line.startswith(("http://", "https://")) for line in lines):
        raise Unreadable(f"not a sitemap: {Form.TEXT} was found instead")
    return Sitemap(links=tuple(Link(url=line) for line in lines))


def _said_age(link: Link) -> str:
    return link.hints.get("sitemap.published") or link.hints.get("sitemap.lastmod") or ""
