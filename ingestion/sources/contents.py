"""From bytes whose form is known to documents: the same for a file and for a record of an archive."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ingestion.article import Document, DocumentKind, Drop, Outcome, Rejected
from ingestion.errors import Unreadable
from ingestion.sources.documents import Origin, dead, document
from ingestion.sources.feed import fragments
from ingestion.sources.json_articles import json_items
from ingestion.sources.several_texts import several_texts
from ingestion.sources.sniff import FEEDS, Form, sniff

Result = Document | Drop | Rejected

EMPTY_FILE = Drop(Outcome.DROPPED, "empty_file")
LINKS_ONLY = Drop(Outcome.DROPPED, "links_only")
NO_ARTICLES = Drop(Outcome.DROPPED, "no_articles")

HTML_NAMES = (".html", ".htm", ".xhtml")
JSON_NAMES = (".json", ".ndjson", ".jsonl")
TABLE_NAMES = (".csv", ".tsv", ".tab")
STRICT_NAMES = (".xml", ".rss", ".atom", ".rdf", ".warc", ".parquet", *JSON_NAMES, *TABLE_NAMES)
"""Names that promise a form; text under such a name is not what it claims to be."""


class Content(Struct, frozen=True, kw_only=True):
    """Bytes that were found somewhere. `name` is what they are called, without `.gz`."""

    locator: str
    name: str
    body: bytes
    fetched_at: datetime
    item_id: str | None = None
    url: str | None = None
    http_status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    charset: str | None = None


def results(origin: Origin, content: Content) -> Iterator[Result]:
    """Turn the content into documents, or say what became of it. Never raises a fault."""
    try:
        yield from _by_form(origin.named(content.item_id), content, form_of(content))
    except Unreadable as fault:
        yield dead(origin, fault, locator=content.locator, payload=content.body, headers=content.headers)


def form_of(content: Content) -> Form:
    """Tell the form, by the bytes first and by the name or media type where they leave it open."""
    form = sniff(content.body)
    claims_html = content.name.endswith(HTML_NAMES) or "html" in (content.content_type or "")
    if form in (Form.XML, Form.TEXT) and claims_html:
        return Form.HTML
    if form is Form.JSON and not content.name.endswith(JSON_NAMES) and not _is_json(content.body):
        return Form.TEXT
    return form


def _is_json(body: bytes) -> bool:
    try:
        json_items(body)
    except Unreadable:
        return False
    return True


def _by_form(origin: Origin, content: Content, form: Form) -> Iterator[Result]:
    if form is Form.EMPTY:
        yield EMPTY_FILE
    elif form is Form.SITEMAP:
        yield LINKS_ONLY
    elif form is Form.JSON:
        yield from _json(origin, content)
    elif form in (*FEEDS, Form.XML):
        yield from _feed(origin, content)
    elif form is Form.HTML:
        yield _whole(origin, content, DocumentKind.PAGE)
    elif form is Form.TEXT and not content.name.endswith(STRICT_NAMES):
        yield from _texts(origin, content)
    else:
        raise Unreadable(f"{form} under the name {content.name}")


def _whole(origin: Origin, content: Content, kind: DocumentKind) -> Document:
    return document(
        origin,
        content.body,
        locator=content.locator,
        kind=kind,
        fetched_at=content.fetched_at,
        discovered_url=content.url,
        fetched_url=content.url,
        http_status=content.http_status,
        headers=content.headers,
        content_type=content.content_type,
        charset=content.charset,
    )


def _texts(origin: Origin, content: Content) -> Iterator[Result]:
    parts = several_texts(content.body)
    for number, part in enumerate(parts, start=1):
        locator = f"{content.locator}#{number}" if len(parts) > 1 else content.locator
        yield _whole(origin, replace(content, locator=locator, body=part), DocumentKind.TEXT)


def _feed(origin: Origin, content: Content) -> Iterator[Result]:
    found: Document | None = None
    for found in fragments(origin, content.body, locator=content.locator, fetched_at=content.fetched_at):
        yield found
    if found is None:
        yield NO_ARTICLES


def _json(origin: Origin, content: Content) -> Iterator[Result]:
    found: Any = None
    for found in json_items(content.body):
        locator = f"{content.locator}#{found.number}" if found.number else content.locator
        if found.fault:
            yield dead(origin, found.fault, locator=locator, payload=found.body)
        else:
            yield _whole(origin, replace(content, locator=locator, body=found.body), DocumentKind.JSON)
    if found is None:
        yield NO_ARTICLES
