"""Sitemaps (sitemaps.org), news sitemaps, sitemap indexes, plain or packed."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from lxml import etree
from msgspec import Struct

from ingestion.errors import Permanent, Transient, Unreadable
from ingestion.source_ports import Disallowed, Fetched, Fetcher, Link, Visit
from ingestion.sources.documents import Origin, dead, wellformed
from ingestion.sources.inflate import gunzip
from ingestion.sources.limits import Limits
from ingestion.sources.links import ROBOTS_DISALLOWED, failed_link, unique
from ingestion.sources.listing import Reading
from ingestion.sources.sniff import Form, sniff
from ingestion.sources.xml import local_name, parse_xml, whole_text

GZIP_MAGIC = b"\x1f\x8b"
NEWS = {
    "title": "sitemap.title",
    "publication_date": "sitemap.published",
    "keywords": "sitemap.keywords",
    "language": "sitemap.language",
    "name": "sitemap.publication",
}


class Sitemap(Struct, frozen=True, kw_only=True):
    """One file: links to pages, or links to further sitemaps."""

    links: tuple[Link, ...] = ()
    children: tuple[Link, ...] = ()


def read_sitemap(body: bytes, limits: Limits) -> Sitemap:
    """Read one file. Raises `Unreadable`, `TooLarge`."""
    if body.startswith(GZIP_MAGIC):
        body = gunzip(BytesIO(body), packed_bytes=len(body), limits=limits)
    form = sniff(body)
    if form is Form.TEXT:
        return Sitemap(links=_plain_list(body))
    if form is not Form.SITEMAP:
        raise Unreadable(f"not a sitemap: {form} was found instead")
    try:
        root = parse_xml(body)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"a sitemap that cannot be read: {error}") from error
    if root is None:
        raise Unreadable("a sitemap without any element")
    return Sitemap(links=_newest_first(_pages(root)), children=_newest_first(_children(root)))


class SitemapReader:
    """Reads a sitemap, and those that it points to, newest first and within limits."""

    def __init__(self, fetcher: Fetcher, limits: Limits) -> None:
        self._fetcher = fetcher
        self._limits = limits

    def read(self, origin: Origin, answer: Fetched) -> Reading:
        """Find the links. Raises `Unreadable`, `TooLarge`, for the first file only."""
        sitemap = read_sitemap(answer.body, self._limits)
        if not sitemap.children:
            return Reading(links=sitemap.links)
        links, asides = list(sitemap.links), []
        for found in self._descend(origin, answer.url, sitemap):
            if isinstance(found, Visit):
                asides.append(found)
            elif len(links) < self._limits.max_links:
                links.append(found)
        return Reading(links=_newest_first(links), asides=tuple(asides), whole=False)

    def _descend(self, origin: Origin, url: str, index: Sitemap) -> Iterator[Link | Visit]:
        """Go down level by level, so that the nearest come first where there are too many."""
        seen, level = {url}, unique(index.children, url, self._limits.max_sitemaps)
        for _ in range(self._limits.max_sitemap_depth):
            deeper: list[Link] = []
            for child in level:
                if child.url in seen or len(seen) > self._limits.max_sitemaps:
                    continue
                seen.add(child.url)
                answer = self._fetch(origin, child.url)
                if isinstance(answer, Visit):
                    yield answer
                    continue
                sitemap = self._read_child(origin, answer)
                if isinstance(sitemap, Visit):
                    yield sitemap
                    continue
                yield from unique(sitemap.links, answer.url, self._limits.max_links)
                deeper += unique(sitemap.children, answer.url, self._limits.max_sitemaps)
            level = tuple(deeper)

    def _fetch(self, origin: Origin, url: str) -> Fetched | Visit:
        try:
            answer = self._fetcher.fetch(url)
        except (Permanent, Transient) as fault:
            return Visit(result=failed_link(origin, url, fault))
        if isinstance(answer, Disallowed):
            return Visit(result=ROBOTS_DISALLOWED)
        if isinstance(answer, Fetched):
            return answer
        return Visit(
            result=failed_link(origin, url, Unreadable("unchanged, said a server that was not asked"))
        )

    def _read_child(self, origin: Origin, answer: Fetched) -> Sitemap | Visit:
        try:
            return read_sitemap(answer.body, self._limits)
        except Permanent as fault:
            return Visit(result=dead(origin, fault, locator=answer.url, payload=answer.body))


def _pages(root: "etree._Element") -> Iterator[Link]:
    for element in root.iter(etree.Element):
        if local_name(element) == "url":
            url, hints = _text_of(element, "loc"), dict(_hints(element))
            if url:
                yield Link(url=url, hints=hints)


def _children(root: "etree._Element") -> Iterator[Link]:
    for element in root.iterchildren(etree.Element):
        url = _text_of(element, "loc") if local_name(element) == "sitemap" else None
        if url:
            yield Link(url=url, hints=dict(_hints(element)))


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
    space = str(element.tag).rpartition("}")[0]
    for child in element.iterchildren(etree.Element):
        if local_name(child) == name and str(child.tag).rpartition("}")[0] == space:
            return _text(child)
    return None


def _text(element: "etree._Element") -> str | None:
    text = whole_text(element)
    return wellformed(text) if text else None


def _plain_list(body: bytes) -> tuple[Link, ...]:
    """A sitemap may be a text file of one address per line (sitemaps.org)."""
    lines = [line.strip() for line in body.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    if not all(line.startswith(("http://", "https://")) for line in lines):
        raise Unreadable(f"not a sitemap: {Form.TEXT} was found instead")
    return tuple(Link(url=line) for line in lines)


def _newest_first(links: Iterator[Link] | Sequence[Link]) -> tuple[Link, ...]:
    """Sort by what is said of their age, because a run may not come to the end of them."""
    return tuple(sorted(links, key=_said_age, reverse=True))


def _said_age(link: Link) -> str:
    return link.hints.get("sitemap.published") or link.hints.get("sitemap.lastmod") or ""
