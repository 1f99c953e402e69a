"""Articles in JSON: one object, a list of them, an object that holds one such list, or one per line.

Each article keeps the very bytes it had, but for halves of characters.
"""

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from ingestion.errors import Unreadable

TITLES = frozenset({"headline", "headlines", "title", "titles", "webTitle", "name"})
SUBSTANCE = frozenset(
    """
    body bodies articleBody content contents contentHTML body_xhtml body_text text fulltext html description
    descriptions summary abstract url uri link links href webUrl guid
    """.split()  # noqa: SIM905 - names in a row are easier to read
)
MAX_DEPTH = 3
BOM = b"\xef\xbb\xbf"

LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)"
    rb"(?:(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..)"
)
"""An escape that is half a character; the second alternative is tried only where the first, a pair, fails."""

MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Found a hundred times as fast, in texts that have none."""

FAULTS = (msgspec.DecodeError, UnicodeError, RecursionError)


class JsonItem(Struct, frozen=True, kw_only=True):
    """One article, or a piece that is none: then `fault` says why. `number` counts from 1; 0 is the whole."""

    number: int
    body: bytes
    fault: Unreadable | None = None


def json_items(body: bytes) -> Iterator[JsonItem]:
    """Split a document into its articles. Raises `Unreadable`."""
    body = body.removeprefix(BOM).strip()
    try:
        return _items(well_formed(body))
    except FAULTS as error:
        return _lines(body, error)


def well_formed(body: bytes) -> bytes:
    """Return the document without a byte order mark. Raises one of `FAULTS`.

    Half characters, which no UTF-8 can carry, are replaced where there are any.
    """
    body = body.removeprefix(BOM)
    try:
        return bytes(msgspec.json.decode(body, type=Raw))
    except FAULTS:
        return bytes(msgspec.json.decode(mended(body), type=Raw))


def mended(body: bytes) -> bytes:
    """Replace each escape that is half a character."""
    if not MAYBE_SURROGATE.search(body):
        return body
    return LONE_SURROGATE.sub(lambda m: m[0] if m[2] else m[1] + b"\\ufffd", body)


def _items(body: bytes) -> Iterator[JsonItem]:
    elements = list_of(body) if body.startswith(b"[") else _list_within(body, MAX_DEPTH)
    if elements is None:
        return iter([JsonItem(number=0, body=body)])
    return (_item(number, element) for number, element in enumerate(elements, start=1))


def _item(number: int, element: bytes) -> JsonItem:
    fault = None if element.startswith(b"{") else Unreadable("an item of the list that is no object")
    return JsonItem(number=number, body=element, fault=fault)


def _lines(body: bytes, error: Exception) -> Iterator[JsonItem]:
    """One object per line, if the first line is one."""
    lines = [mended(line.strip()) for line in body.splitlines()]
    if len(lines) < 2 or fields_of(lines[0]) is None:
        raise Unreadable(f"this is no JSON: {error}") from error
    return (_line(number, line) for number, line in enumerate(lines, start=1) if line)


def _line(number: int, line: bytes) -> JsonItem:
    fault = Unreadable("a line that is no JSON object") if fields_of(line) is None else None
    return JsonItem(number=number, body=line, fault=fault)


def _list_within(body: bytes, depth: int) -> list[bytes] | None:
    """The one list of articles inside an object that is no article itself."""
    fields = fields_of(body)
    if fields is None or _is_article(fields) or depth == 0:
        return None
    values = [bytes(value) for value in fields.values()]
    lists = [found for value in values if value.startswith(b"[") and (found := _articles(value))]
    lists += [
        found for value in values if value.startswith(b"{") and (found := _list_within(value, depth - 1))
    ]
    return lists[0] if len(lists) == 1 else None


def _articles(body: bytes) -> list[bytes] | None:
    elements = list_of(body)
    first = fields_of(elements[0]) if elements else None
    return elements if first is not None and _is_article(first) else None


def _is_article(fields: dict[str, Raw]) -> bool:
    return not TITLES.isdisjoint(fields) and not SUBSTANCE.isdisjoint(fields)


def fields_of(body: bytes) -> dict[str, Raw] | None:
    """Read an object; None where it is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, Raw])
    except FAULTS:
        return None


def list_of(body: bytes) -> list[bytes]:
    """Split a list into the bytes of its elements. Raises one of `FAULTS`."""
    return [bytes(element).strip() for element in msgspec.json.decode(body, type=list[Raw])]
