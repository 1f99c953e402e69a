"""JSON-LD blocks: read leniently, flattened, and the article among them chosen (schema.org)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from ingestion.parse.clean import unescaped
from ingestion.parse.data import table

Node = dict[str, Any]

ARTICLE_TYPES = frozenset(table("fields")["types"]["article"])
OTHER_PAGE_TYPES = frozenset(table("fields")["types"]["other"])
_WEAK = frozenset({"CreativeWork", "Review", "SocialMediaPosting"})
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*;?\s*$"
)
_DEEPEST = 40


class LinkedData(Struct, frozen=True, kw_only=True):
    """All nodes of a page, those with an id by their id, and whether a block had to be given up."""

    nodes: tuple[Node, ...] = ()
    by_id: dict[str, Node] = field(default_factory=dict)
    malformed: bool = False

    def article(self) -> Node | None:
        """Return the article: the one with a headline, of the most telling type, the first in the page."""
        articles = [node for node in self.nodes if types_of(node) & ARTICLE_TYPES]
        named = [node for node in articles if node.get("headline") or node.get("articleBody")]
        strong = [node for node in named if types_of(node) - _WEAK & ARTICLE_TYPES]
        return next(iter(strong or named), None)

    def of_type(self, *names: str) -> Iterator[Node]:
        """Yield the nodes of these types."""
        return (node for node in self.nodes if types_of(node) & set(names))

    def resolved(self, value: object) -> object:
        """Follow a bare reference (`{"@id": …}`) to the node it names."""
        if isinstance(value, dict) and set(value) <= {"@id", "@type"} and isinstance(value.get("@id"), str):
            return self.by_id.get(value["@id"], value)
        return value


def linked_data(blocks: list[str]) -> LinkedData:
    """Read the blocks of a page; a block that cannot be mended is passed over and noted."""
    read = [_values(block) for block in blocks if block.strip()]
    nodes = tuple(node for values in read for value in values for node in _flattened(value, _DEEPEST))
    named = {
        node["@id"]: node for node in reversed(nodes) if isinstance(node.get("@id"), str) and len(node) > 1
    }
    return LinkedData(nodes=nodes, by_id=named, malformed=any(not values for values in read))


def types_of(node: Node) -> set[str]:
    """Return the types of a node without their vocabulary's address."""
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return {re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str)}


def values_of(value: object) -> list[object]:
    """Return a value that may be one or a list of them as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _values(block: str) -> list[object]:
    for text in _repairs(block):
        values = _concatenated(text)
        if values:
            return values
    return []


def _repairs(block: str) -> Iterator[str]:
    text = _WRAPPING.sub("", block).strip().rstrip(";")
    yield text
    yield _TRAILING_COMMA.sub(r"\1", text)
    yield _TRAILING_COMMA.sub(r"\1", unescaped(text))


def _concatenated(text: str) -> list[object]:
    """Read one value or several in a row; control characters in strings are let through."""
    decoder = json.JSONDecoder(strict=False)
    values: list[object] = []
    position = 0
    while position < len(text):
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        values.append(value)
        position = end
        while position < len(text) and text[position] in " \t\r\n,;":
            position += 1
    return values


def _flattened(value: object, depth: int) -> Iterator[Node]:
    """Yield the top nodes, those of lists and graphs, and those that a page says it is about."""
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flattened(item, depth - 1)
    elif isinstance(value, dict):
        yield value
        for name in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart", "@included"):
            if isinstance(value.get(name), dict | list):
                yield from _flattened(value[name], depth - 1)
