"""The entries of a feed: RSS 0.9x, 1.0 (RDF) and 2.0, Atom, JSON Feed.

fastfeedparser reads first; feedparser, many times slower but more forgiving, where the first fails
or finds fewer entries than the document has tags of them.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from msgspec import Struct

from ingestion.errors import Unreadable
from ingestion.sources.asked import Asked
from ingestion.sources.documents import wellformed
from ingestion.sources.printed import PrintedEntry, read_printed
from ingestion.sources.sniff import FEEDS, Form, sniff
from ingestion.sources.sponsored import sponsored_by

ENTRY_TAG = re.compile(rb"<(?:[A-Za-z][\w.-]*:)?(?:item|entry)[\s>/]", re.IGNORECASE)
ENCODING = re.compile(rb"<\?xml[^>]*\sencoding\s*=", re.IGNORECASE)
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
WEB_ADDRESS = re.compile(r"https?://\S+$", re.IGNORECASE)
RECORDING = re.compile(r"\.(?:mp3|m4a|m4v|mp4|ogg|oga|opus|aac|wav|webm|mov)(?:[?#]|$)", re.IGNORECASE)
MAX_HINT_CHARS = 20_000
"""Longer summaries are whole texts in the wrong place; the page has them too."""

Parsed = tuple[Mapping[str, Any], Sequence[Any]]
"""The facts of the feed, and its entries, as both parsers give them."""


class Entry(Struct, frozen=True, kw_only=True):
    """One entry; `content` is HTML, `hints` are what the feed said, by place.

    `link` is a page, never a recording: those are in `media`.
    """

    link: str | None
    item_id: str | None
    hints: dict[str, str]
    content: str | None
    media: tuple[str, ...] = ()


class Feed(Struct, frozen=True, kw_only=True):
    """A feed: its entries in order, and what it says of itself."""

    entries: list[Entry]
    title: str | None = None
    site: str | None = None
    language: str | None = None
    asked: Asked = Asked()


def read_entries(body: bytes) -> list[Entry]:
    """Read all entries, in order. Raises `Unreadable`."""
    return read_feed(body).entries


def read_feed(body: bytes) -> Feed:
    """Read a feed. Raises `Unreadable`."""
    body = _declared(body)
    form = sniff(body)
    if form not in (*FEEDS, Form.XML, Form.JSON):
        raise Unreadable(f"not a feed: {form} was found instead")
    feed, entries = _parse(body, form)
    if not entries and form not in FEEDS:
        raise Unreadable(f"not a feed: {form} was found instead")
    printed = read_printed(body)
    language = _text(feed.get("language")) or _text(printed.language)
    common = {**printed.rights.hints, **({"feed.language": language} if language else {})}
    found = [entry for entry in entries if isinstance(entry, Mapping)]
    told = printed.agreeing([_text(entry.get("id")) for entry in found])
    return Feed(
        entries=[_entry(entry, one, common) for entry, one in zip(found, told, strict=True)],
        title=_text(feed.get("title")),
        site=_text(feed.get("link")),
        language=language,
        asked=printed.asked,
    )


def _declared(body: bytes) -> bytes:
    """Turn a feed that names no character set and is no UTF-8 into UTF-8; both parsers would lose letters.

    Windows-1252 is what such a feed is nearly always in, as the WHATWG Encoding Standard assumes too.
    """
    if ENCODING.search(body[:200]) or body.startswith(UTF16_MARKS):
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace").encode()
    return body


def _parse(body: bytes, form: Form) -> Parsed:
    fault: Exception | None = None
    parsed: Parsed = ({}, ())
    try:
        parsed = _parse_fast(body)
    except Exception as error:  # noqa: BLE001 - over hostile bytes a parser may raise anything
        fault = error
    tags = len(ENTRY_TAG.findall(body))
    if form is Form.JSON_FEED or (fault is None and len(parsed[1]) >= tags):
        return _or_raise(parsed, fault)
    try:
        second = _parse_forgiving(body)
    except Exception as error:  # noqa: BLE001 - same
        return _or_raise(parsed, fault or (error if not parsed[1] else None))
    if len(second[1]) > len(parsed[1]):
        return second
    return _or_raise(parsed, fault if tags else None)


def _or_raise(parsed: Parsed, fault: Exception | None) -> Parsed:
    if fault is not None:
        raise Unreadable(f"a feed that cannot be read: {fault}") from fault
    return parsed


def _parse_fast(body: bytes) -> Parsed:
    import fastfeedparser

    parsed = fastfeedparser.parse(body, include_media=False)
    return parsed["feed"], parsed["entries"]


def _parse_forgiving(body: bytes) -> Parsed:
    import feedparser

    # A stream, because text that looks like an address would be fetched.
    parsed = feedparser.parse(BytesIO(body))
    return parsed["feed"], parsed["entries"]


def _entry(entry: Mapping[str, Any], printed: PrintedEntry | None, common: Mapping[str, str]) -> Entry:
    item_id = _text(entry.get("id"))
    link = _text(entry.get("link"))
    content = _content(entry.get("content"))
    media = tuple(_media(entry))
    if link is None and content is None and item_id and WEB_ADDRESS.match(item_id):
        link = item_id
    return Entry(
        link=None if link in media else link,
        media=media,
        item_id=item_id,
        hints={**common, **dict(_hints(entry, printed))},
        content=content,
    )


def _hints(entry: Mapping[str, Any], printed: PrintedEntry | None) -> Iterable[tuple[str, str]]:
    summary = _text(entry.get("description")) or _text(entry.get("summary"))
    title, categories = _title(entry, printed), _fields(entry.get("tags"), "term")
    told: dict[str, str | None] = {
        "feed.title": title,
        "feed.published": (printed and printed.published) or _text(entry.get("published")),
        "feed.updated": (printed and printed.updated) or _text(entry.get("updated")),
        "feed.summary": summary if printed is None or printed.has_summary else None,
        "feed.authors": _joined(_authors(entry)),
        "feed.categories": _joined(categories),
        "feed.sponsored": sponsored_by(title, categories),
        **(printed.rights.hints if printed else {}),
    }
    return ((place, text) for place, text in told.items() if text and len(text) <= MAX_HINT_CHARS)


def _title(entry: Mapping[str, Any], printed: PrintedEntry | None) -> str | None:
    """The entry's own title, where a parser took that of a module for it."""
    title = _text(entry.get("title"))
    if printed and printed.title and title in printed.other_titles:
        return _text(printed.title)
    return title


def _media(entry: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of recordings that come with an entry (podcasts, video)."""
    for place in ("enclosures", "links"):
        for part in _mappings(entry.get(place)):
            kind, url = str(part.get("type") or ""), _text(part.get("url")) or _text(part.get("href"))
            enclosed = place == "enclosures" or part.get("rel") == "enclosure"
            if url and enclosed and (kind.startswith(("audio/", "video/")) or RECORDING.search(url)):
                yield url


def _mappings(values: object) -> list[Mapping[str, Any]]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        return []
    return [value for value in values if isinstance(value, Mapping)]


def _authors(entry: Mapping[str, Any]) -> list[str]:
    single = _text(entry.get("author"))
    return _fields(entry.get("authors"), "name") or ([single] if single else [])


def _fields(values: object, name: str) -> list[str]:
    texts = (_text(value.get(name)) for value in _mappings(values))
    return [text for text in texts if text]


def _joined(texts: list[str]) -> str | None:
    return "; ".join(dict.fromkeys(texts)) or None


def _content(contents: object) -> str | None:
    """The longest of the versions that an entry carries, as HTML."""
    found = [_as_html(content) for content in _mappings(contents)]
    return max(filter(None, found), key=len, default=None)


def _as_html(content: Mapping[str, Any]) -> str | None:
    text = _text(content.get("value"))
    if text is None or content.get("type") != "text/plain" or "</" in text:
        return text
    blocks = (html.escape(block, quote=False) for block in re.split(r"\n\s*\n", text))
    return "\n".join(f"<p>{block}</p>" for block in blocks if block.strip())


def _text(value: object) -> str | None:
    return wellformed(value.strip()) or None if isinstance(value, str) else None
