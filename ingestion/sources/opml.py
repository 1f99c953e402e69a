"""OPML (opml.org/spec2.opml): lists of feeds as feed readers exchange them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from lxml import etree
from msgspec import Struct

from ingestion.errors import TooLarge, Unreadable
from ingestion.sources.documents import wellformed
from ingestion.sources.sniff import Form, sniff
from ingestion.sources.xml import local_name, parse_xml

MOST_OUTLINES = 20_000
MAX_TITLE_CHARS = 300
MAX_ADDRESS_CHARS = 2000
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry."""


class Outline(Struct, frozen=True, kw_only=True):
    """A feed in the list. `categories` are paths such as `World/Asia`, the folder it stands in first."""

    url: str
    title: str | None = None
    site: str | None = None
    categories: tuple[str, ...] = ()


def read_opml(body: bytes) -> list[Outline]:
    """Read the feeds of a list, in order. Raises `Unreadable`, `TooLarge`."""
    if sniff(body) not in (Form.XML, Form.FEED):
        raise Unreadable(f"not OPML: {sniff(body)} was found instead")
    try:
        root = parse_xml(body)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"OPML that cannot be read: {error}") from error
    if root is None or not (local_name(root) == "opml" or root.find(".//outline") is not None):
        raise Unreadable("not OPML: there is no outline in it")
    return list(_outlines(root))


def write_opml(outlines: Iterable[Outline], title: str) -> bytes:
    """Write a list; each feed stands in the folder of its first category, the others are an attribute."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _sound(title)
    body = etree.SubElement(root, "body")
    folders: dict[tuple[str, ...], etree._Element] = {(): body}
    for outline in outlines:
        first, others = outline.categories[:1], outline.categories[1:]
        path = tuple(part for category in first for part in _parts(category))
        holder = _folder(folders, path)
        etree.SubElement(holder, "outline", dict(_attributes(outline, others)))
    etree.indent(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def web_address(url: str) -> str | None:
    """The address a feed is fetched from; None where it is none. Readers also write `feed:https://…`."""
    plain = re.sub(r"^feed:(?://)?(?=https?://)", "", url.strip(), flags=re.IGNORECASE)
    plain = re.sub(r"^feed://", "http://", plain, flags=re.IGNORECASE)
    try:
        parts = urlsplit(plain)
    except ValueError:
        return None
    sound = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", plain)
    return parts.geturl() if sound and len(plain) <= MAX_ADDRESS_CHARS else None


def _outlines(root: "etree._Element") -> Iterator[Outline]:
    """The feeds, with the folders around them; without recursion, however deep they stand."""
    count = 0
    for element in root.iter(etree.Element):
        if local_name(element) != "outline":
            continue
        count += 1
        if count > MOST_OUTLINES:
            raise TooLarge(f"more than {MOST_OUTLINES} outlines")
        told = _told(element)
        url = told.get("xmlurl")
        title = (told.get("title") or told.get("text") or "")[:MAX_TITLE_CHARS]
        if url:
            yield Outline(
                url=url,
                title=title if title and title != url else None,
                site=told.get("htmlurl"),
                categories=_categories(element, told.get("category")),
            )


def _told(element: "etree._Element") -> dict[str, str]:
    """The attributes by lower-case name; readers write xmlUrl, xmlurl and xmlURL."""
    told = ((str(name).lower(), " ".join(str(value).split())) for name, value in element.attrib.items())
    return {name: wellformed(value) for name, value in told if value}


def _categories(element: "etree._Element", attribute: str | None) -> tuple[str, ...]:
    folders = [_told(parent) for parent in element.iterancestors() if local_name(parent) == "outline"]
    names = [folder.get("text") or folder.get("title") or "" for folder in reversed(folders)]
    shelf = "/".join(part for name in names for part in _parts(name))
    told = ("/".join(_parts(category)) for category in (attribute or "").split(","))
    return tuple(dict.fromkeys(category for category in (shelf, *told) if category))


def _parts(category: str) -> list[str]:
    parts = (" ".join(part.split()) for part in category.split("/"))
    return [part for part in parts if part]


def _folder(folders: "dict[tuple[str, ...], etree._Element]", path: Sequence[str]) -> "etree._Element":
    for depth in range(1, len(path) + 1):
        step = tuple(path[:depth])
        if step not in folders:
            folders[step] = etree.SubElement(folders[step[:-1]], "outline", text=_sound(step[-1]))
    return folders[tuple(path)]


def _attributes(outline: Outline, categories: Sequence[str]) -> Iterator[tuple[str, str]]:
    title = _sound(outline.title or outline.url)
    yield "type", "rss"
    yield "text", title
    if outline.title:
        yield "title", title
    yield "xmlUrl", _sound(outline.url)
    if outline.site:
        yield "htmlUrl", _sound(outline.site)
    if categories:
        yield "category", _sound(",".join(f"/{category}" for category in categories))


def _sound(text: str) -> str:
    return NO_XML.sub("\ufffd", text)
