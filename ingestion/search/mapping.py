"""How each field of the article contract is searched, derived from its type and its `search` annotation.

`text` is analysed, `stored` is kept and not searched; without an annotation a string or an enum is a
keyword, a time a date, a number a number. The Elasticsearch template is derived here whole, the
embedded index takes the same leaves (`embedded.fields`).
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from ingestion.search.analysis import SNOWBALL, analysis
from ingestion.search.query import Facet
from schemas import Schema, latest

WEIGHTS: Mapping[str, float] = {
    "headline": 4.0,
    "alternative_headlines": 2.0,
    "abstract": 2.0,
    "body": 1.0,
    "images.caption": 0.5,
}
"""How much a word counts in each text."""

FACETS: Mapping[Facet, str] = {
    Facet.PUBLISHER: "publisher.id",
    Facet.SOURCE: "source.id",
    Facet.LANGUAGE: "language.code",
    Facet.SECTION: "section",
    Facet.GENRE: "genre",
    Facet.AUTHOR: "authors",
    Facet.CREDIT: "credits",
    Facet.ACCESS: "rights.access",
    Facet.MINING: "rights.text_and_data_mining",
    Facet.GROUP: "syndication.group_id",
    Facet.ROLE: "syndication.role",
    Facet.DAY: "published.at",
}
"""Where each facet lives in the contract."""

KEYED = frozenset(path for facet, path in FACETS.items() if facet is not Facet.DAY)
"""Keywords that are filtered by their folded form too."""

MAX_KEYWORD_CHARACTERS = 8_191
"""Lucene takes terms of up to 32,766 bytes, and a character has up to four of them in UTF-8."""


class Kind(StrEnum):
    """How a leaf is searched."""

    TEXT = "text"
    KEYWORD = "keyword"
    DATE = "date"
    INTEGER = "integer"
    LONG = "long"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    STORED = "stored"


class Leaf(NamedTuple):
    """A searchable end of the contract, by its dotted path; arrays on the way do not show in it."""

    path: str
    kind: Kind


PRIMITIVES: Mapping[str, Kind] = {
    "string": Kind.KEYWORD,
    "int": Kind.INTEGER,
    "long": Kind.LONG,
    "float": Kind.DOUBLE,
    "double": Kind.DOUBLE,
    "boolean": Kind.BOOLEAN,
}


@cache
def leaves() -> tuple[Leaf, ...]:
    """Every leaf of the newest article contract, in its order."""
    return tuple(_leaves_of(properties()))


@cache
def properties() -> dict[str, Any]:
    """The properties of the newest article contract, nested as it is; leaves are `Kind`."""
    return _record(latest("article").schema, {})


TEMPLATE_VERSION = 2
"""Raised with every change of the template; an older program leaves a newer template alone."""

STEMMED_FIELD = "stemmed"
"""Beside the contract: the texts of an article once more, under its own language only, so that they
are stemmed once and not by every stemmer. Indexed, and left out of what is stored."""


def template() -> dict[str, Any]:
    """The Elasticsearch index template (composable, 8 and later)."""
    contract = latest("article")
    fields = {name: _elastic(name, node) for name, node in properties().items()}
    return {
        "index_patterns": ["news-articles-*"],
        "priority": 200,
        "version": TEMPLATE_VERSION,
        "_meta": {"contract": contract.name, "contract_version": contract.version},
        "template": {
            "settings": {"index": {"number_of_shards": 1}, "analysis": analysis()},
            "mappings": {
                "dynamic": "strict",
                "_source": {"excludes": [STEMMED_FIELD]},
                "properties": {**fields, STEMMED_FIELD: {"properties": _stemmed()}},
            },
        },
    }


def _stemmed() -> dict[str, Any]:
    return {language: {"properties": _texts(f"stem_{language}")} for language in SNOWBALL}


def _texts(analyzer: str) -> dict[str, Any]:
    """A field for each text, under its path; dots make objects."""
    fields: dict[str, Any] = {}
    for path in WEIGHTS:
        *above, name = path.split(".")
        level = fields
        for step in above:
            level = level.setdefault(step, {"properties": {}})["properties"]
        level[name] = {"type": "text", "analyzer": analyzer}
    return fields


def _elastic(path: str, node: Any) -> dict[str, Any]:
    if isinstance(node, dict):
        return {"properties": {name: _elastic(f"{path}.{name}", child) for name, child in node.items()}}
    match node:
        case Kind.TEXT:
            return {"type": "text", "analyzer": "folded"}
        case Kind.KEYWORD:
            return _keyword() | ({"fields": {"key": _keyword(normalizer="folded")}} if path in KEYED else {})
        case Kind.STORED:
            return {"type": "keyword", "index": False, "doc_values": False}
        case "object":
            return {"type": "object", "enabled": False}
        case _:
            return {"type": str(node)}


def _keyword(**options: str) -> dict[str, Any]:
    return {"type": "keyword", "ignore_above": MAX_KEYWORD_CHARACTERS, **options}


def _leaves_of(nodes: Mapping[str, Any], above: str = "") -> Iterator[Leaf]:
    for name, node in nodes.items():
        if isinstance(node, dict):
            yield from _leaves_of(node, f"{above}{name}.")
        else:
            yield Leaf(above + name, Kind.STORED if node == "object" else node)


def _record(schema: Schema, named: dict[str, Any]) -> dict[str, Any]:
    found = {field["name"]: _node(field["type"], field.get("search"), named) for field in schema["fields"]}
    named[schema["name"]] = found
    return found


def _node(schema: Any, search: str | None, named: dict[str, Any]) -> Any:
    """A `Kind`, a nested mapping of them, or "object" for a composite that is only stored."""
    if isinstance(schema, list):
        (schema,) = (branch for branch in schema if branch != "null")
    if isinstance(schema, str):
        return named[schema] if schema in named else _primitive(schema, search)
    if "logicalType" in schema:
        return Kind.STORED if search == "stored" else Kind.DATE
    return _composite(schema, search, named)


def _composite(schema: Schema, search: str | None, named: dict[str, Any]) -> Any:
    match schema["type"]:
        case "record":
            nested = _record(schema, named)
            return "object" if search == "stored" else nested
        case "array":
            items = _node(schema["items"], search, named)
            return "object" if search == "stored" and items is not Kind.STORED else items
        case "enum":
            named[schema["name"]] = Kind.KEYWORD
            return Kind.STORED if search == "stored" else Kind.KEYWORD
        case "map" if search == "stored":
            return "object"
        case other:
            raise TypeError(f"no rule says how {other} is searched")


def _primitive(name: str, search: str | None) -> Kind:
    return Kind(search) if search else PRIMITIVES[name]
