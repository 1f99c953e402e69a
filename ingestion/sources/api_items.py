"""One item of an API: what it is called, when it is from, and the document or the link that it makes."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

import msgspec
from msgspec import Raw, Struct

from ingestion.article import Document, DocumentKind, Publisher
from ingestion.errors import Unreadable
from ingestion.parse.clues import Found
from ingestion.parse.dates import moment_of
from ingestion.source_ports import Fetched, Link
from ingestion.sources.api_facts import ApiFacts, ApiFields
from ingestion.sources.api_paths import text_of, texts_of, value_at
from ingestion.sources.documents import Origin, document, wellformed
from ingestion.sources.entries import WEB_ADDRESS

TEXT_FIELDS = ("title", "summary", "body", "authors")
"""An item with any of these declared has names of its own."""

PLAIN_NAMES = {
    "title": "headline",
    "summary": "abstract",
    "body": "body",
    "authors": "authors",
    "published": "published",
    "modified": "modified",
    "url": "url",
    "section": "section",
    "language": "language",
    "image": "image",
}
HINTS = {
    "title": "feed.title",
    "summary": "feed.summary",
    "published": "feed.published",
    "modified": "feed.updated",
    "language": "feed.language",
    "section": "feed.categories",
}


class Item(Struct, frozen=True, kw_only=True):
    """One item. `key` is what it is remembered by; `fault` says why it is none."""

    body: bytes
    key: str
    value: Any = None
    url: str | None = None
    item_id: str | None = None
    at: datetime | None = None
    fault: Unreadable | None = None

    @property
    def digest(self) -> str:
        """What tells it from an older state of itself."""
        return sha256(self.body).hexdigest()


def read_item(facts: ApiFacts, body: bytes, answer: Fetched, publisher: Publisher) -> Item:
    """Read one item; one that cannot be used has a fault, and is remembered by what it is."""
    value = msgspec.json.decode(body)
    digest = sha256(body).hexdigest()
    if not isinstance(value, dict):
        return Item(body=body, key=digest, fault=Unreadable("an item that is no object"))
    fields = facts.fields
    url = _address(answer.url, text_of(value_at(value, fields.url)))
    if facts.mode == "link" and url is None:
        return Item(body=body, key=digest, fault=Unreadable(f"an item without an address at {fields.url}"))
    item_id = text_of(value_at(value, fields.id))
    when = fields.modified if facts.window.by == "modified" else fields.published
    return Item(
        body=body,
        key=wellformed(item_id or url or digest),
        value=value,
        url=url,
        item_id=item_id,
        at=_moment(text_of(value_at(value, when)), publisher),
    )


def link_of(facts: ApiFacts, item: Item) -> Link:
    """The page of an item, with what the API says of it."""
    return Link(url=item.url or "", item_id=item.item_id, hints=_hints(facts.fields, item.value))


def document_of(facts: ApiFacts, item: Item, origin: Origin, answer: Fetched) -> Document:
    """The document of an item that carries its text."""
    own_names = any(getattr(facts.fields, name) for name in TEXT_FIELDS)
    return document(
        origin.named(item.item_id),
        _in_plain_names(facts.fields, item) if own_names else item.body,
        locator=item.url or f"{answer.url}#{item.key}",
        kind=DocumentKind.JSON,
        fetched_at=answer.fetched_at,
        discovered_url=item.url,
        fetched_url=item.url,
        http_status=answer.status,
        headers=answer.headers,
        content_type="application/json",
        charset="utf-8",
        hints={**answer.hints, **_hints(facts.fields, item.value)},
        robots=answer.robots,
    )


def _in_plain_names(fields: ApiFields, item: Item) -> bytes:
    """Write an item in names that are understood, with the item as it came beside them."""
    found: dict[str, Any] = {}
    for field, name in PLAIN_NAMES.items():
        texts = texts_of(value_at(item.value, getattr(fields, field)))
        if texts:
            found[name] = list(texts) if field in ("authors", "body") and len(texts) > 1 else texts[0]
    if item.url:
        found["url"] = item.url
    return msgspec.json.encode({**found, "original": Raw(item.body)})


def _hints(fields: ApiFields, value: Any) -> dict[str, str]:
    found = {hint: text_of(value_at(value, getattr(fields, field))) for field, hint in HINTS.items()}
    found["feed.authors"] = "; ".join(texts_of(value_at(value, fields.authors)))
    return {hint: text for hint, text in found.items() if text}


def _address(base: str, url: str | None) -> str | None:
    try:
        absolute = urljoin(base, url) if url else None
    except ValueError:
        return None
    return wellformed(absolute) if absolute and WEB_ADDRESS.match(absolute) else None


def _moment(text: str | None, publisher: Publisher) -> datetime | None:
    moment = moment_of(Found(value=text, place="api"), publisher) if text else None
    return moment.at if moment else None
