"""One page of an answer: the items with their very bytes, and what it says of further pages."""

import json
from typing import Any

import msgspec
from msgspec import Struct

from ingestion.errors import Unreadable
from ingestion.sources.api_facts import ApiErrors, ApiFacts
from ingestion.sources.api_paths import raw_at, text_of, value_at
from ingestion.sources.json_articles import FAULTS, list_of, well_formed

QUOTED_CHARS = 200


class Page(Struct, frozen=True, kw_only=True):
    """What came in one answer. `next` is a cursor or an address; `total` counts items, `pages` pages."""

    items: tuple[bytes, ...]
    next: str | None = None
    total: int | None = None
    pages: int | None = None


def read_page(facts: ApiFacts, body: bytes, charset: str | None = None) -> Page:
    """Read an answer. Raises `Unreadable`, also where the API says that something is wrong."""
    try:
        body = well_formed(_in_utf8(body, charset))
        value = msgspec.json.decode(body)
    except (*FAULTS, LookupError) as error:
        raise Unreadable(f"the answer is no JSON, it begins with {_beginning(body)}") from error
    _see_that_all_is_well(facts.errors, value)
    return Page(
        items=_items(facts, body, value),
        next=text_of(value_at(value, facts.paging.next)),
        total=_number(value_at(value, facts.paging.total)),
        pages=_number(value_at(value, facts.paging.pages)),
    )


def _in_utf8(body: bytes, charset: str | None) -> bytes:
    """JSON is UTF-8 (RFC 8259, section 8.1); some is not. Raises `UnicodeError`, `LookupError`."""
    encoding = json.detect_encoding(body)
    if encoding not in ("utf-8", "utf-8-sig"):
        return body.decode(encoding, "replace").encode()
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode(charset or encoding, "replace").encode()
    return body


def _see_that_all_is_well(errors: ApiErrors, value: Any) -> None:
    status = value_at(value, errors.status)
    message = text_of(value_at(value, errors.message))
    failed = errors.status is not None and _word(status) not in errors.ok
    if failed or (errors.status is None and message):
        said = ": ".join(part for part in (_word(status), message) if part)
        raise Unreadable(f"the API says {said[:QUOTED_CHARS] or 'nothing of how it went'}")


def _word(status: Any) -> str:
    return text_of(status) or ("" if status is None else json.dumps(status)[:QUOTED_CHARS])


def _items(facts: ApiFacts, body: bytes, value: Any) -> tuple[bytes, ...]:
    found = raw_at(body, facts.items)
    if value == {} or (found is not None and found.strip() == b"null"):
        return ()
    if found is None:
        raise Unreadable(f"the answer has nothing at {facts.items}, where its items should be")
    if not found.lstrip().startswith(b"["):
        where = f"at {facts.items}" if facts.items else "at all"
        raise Unreadable(f"the answer has no list {where}, but {_beginning(found)}")
    return tuple(list_of(found))


def _number(value: Any) -> int | None:
    text = text_of(value)
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else None


def _beginning(body: bytes) -> str:
    text = " ".join(body[: 4 * QUOTED_CHARS].decode("utf-8", "replace").split())
    return repr(text[:QUOTED_CHARS])
