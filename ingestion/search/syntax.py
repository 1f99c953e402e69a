"""What a person types into the search box, read into a `Query`.

    words "a phrase" -excluded this OR that
    publisher:harbour-times language:de author:"Jane Roe" -section:sport
    after:2026-11-20 before:2026-12     (that day or later; earlier than that month)

Words are joined by AND; OR binds the two around it more tightly. Anything else is text.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from ingestion.search.query import (
    OTHER_ORDER,
    AllOf,
    AnyOf,
    Excluded,
    Facet,
    Match,
    Mistake,
    Node,
    Phrase,
    Query,
    Word,
    ranked,
)
from ingestion.search.words import is_searchable

MAX_CHARACTERS = 1_000
MAX_TERMS = 50

FIELDS: Mapping[str, Facet] = {
    "publisher": Facet.PUBLISHER,
    "source": Facet.SOURCE,
    "language": Facet.LANGUAGE,
    "lang": Facet.LANGUAGE,
    "section": Facet.SECTION,
    "genre": Facet.GENRE,
    "author": Facet.AUTHOR,
    "credit": Facet.CREDIT,
    "access": Facet.ACCESS,
    "mining": Facet.MINING,
    "group": Facet.GROUP,
    "role": Facet.ROLE,
}
BOUNDS = ("after", "before")
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
TERM = re.compile(
    r"""(?P<minus>-)? (?:(?P<field>[A-Za-z]+):)? (?: "(?P<quoted>[^"]*)(?:"|$) | (?P<bare>[^\s"]+) ) """,
    re.VERBOSE,
)
DAY = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?")


class Bound(Struct, frozen=True):
    """A limit of the time of publication."""

    name: str
    at: datetime


class Term(Struct, frozen=True):
    """One thing that was typed, and what it stands for."""

    raw: str
    node: Node | Bound


def parse(text: str, query: Query | None = None) -> Query | Mistake:
    """Add to a query what was typed; its `text` is then what remains besides the filters."""
    query = query or Query()
    if len(text) > MAX_CHARACTERS:
        return Mistake(f"That is {len(text):,} characters; a search takes up to {MAX_CHARACTERS:,}.")
    groups = _groups(text.translate(QUOTES))
    if isinstance(groups, Mistake):
        return groups
    if not groups and text.strip():
        return Mistake("There are no letters or digits in it to search for.")
    if sum(map(len, groups)) > MAX_TERMS:
        return Mistake(f"That is {sum(map(len, groups))} terms; a search takes up to {MAX_TERMS}.")
    return _assemble(groups, query)


def _assemble(groups: list[list[Term]], query: Query) -> Query | Mistake:
    kept: list[list[Term]] = []
    for group in groups:
        taken = _narrow(group, query)
        if isinstance(taken, Mistake):
            return taken
        if taken is None:
            kept.append(group)
        else:
            query = taken
    text = " ".join(" OR ".join(term.raw for term in group) for group in kept)
    terms = _tree(kept)
    if query.cursor and query.cursor.sort is not ranked(query.sort, terms):
        return OTHER_ORDER
    return msgspec.structs.replace(query, text=text, terms=terms)


def _narrow(group: list[Term], query: Query) -> Query | Mistake | None:
    """Move a group that is nothing but a filter or a date into the query; None for any other."""
    nodes = [term.node for term in group]
    if any(isinstance(node, Bound) for node in nodes):
        return _bounded(nodes[0], query) if len(nodes) == 1 else Mistake("A date cannot be one side of OR.")
    matches = [node for node in nodes if isinstance(node, Match)]
    if len(matches) < len(nodes) or len({match.field for match in matches}) != 1:
        return None
    filters = query.filters.having(matches[0].field, *(match.value for match in matches))
    return msgspec.structs.replace(query, filters=filters)


def _bounded(node: Node | Bound, query: Query) -> Query:
    assert isinstance(node, Bound)
    if node.name == "after":
        return msgspec.structs.replace(query, published_from=node.at)
    return msgspec.structs.replace(query, published_to=node.at)


def _tree(groups: list[list[Term]]) -> Node | None:
    nodes = [_either([term.node for term in group if not isinstance(term.node, Bound)]) for group in groups]
    if not nodes:
        return None
    return nodes[0] if len(nodes) == 1 else AllOf(tuple(nodes))


def _either(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))


def _groups(text: str) -> list[list[Term]] | Mistake:
    groups: list[list[Term]] = []
    joined = False
    for found in TERM.finditer(text):
        if found.group() in {"OR", "AND"}:
            joined = found.group() == "OR"
            continue
        term = _term(found)
        if isinstance(term, Mistake):
            return term
        if term is None:
            continue
        if joined and groups:
            groups[-1].append(term)
        else:
            groups.append([term])
        joined = False
    return groups


def _term(found: re.Match[str]) -> Term | Mistake | None:
    node = _node(found)
    if node is None or isinstance(node, Mistake):
        return node
    if not found["minus"]:
        return Term(found.group(), node)
    if isinstance(node, Bound):
        return Mistake(f"{node.name}: cannot be excluded; use {_other(node.name)}: instead.")
    return Term(found.group(), Excluded(node))


def _other(bound: str) -> str:
    return BOUNDS[1 - BOUNDS.index(bound)]


def _node(found: re.Match[str]) -> Node | Bound | Mistake | None:
    name = (found["field"] or "").lower()
    if name in FIELDS or name in BOUNDS:
        return _field(name, found["bare"] if found["quoted"] is None else found["quoted"])
    if found["bare"] is not None:
        return _text(found["bare"], found["field"])
    if not is_searchable(found["quoted"]):
        return None
    return Phrase(f"{found['field'] or ''} {found['quoted']}".strip())


def _text(bare: str, prefix: str | None) -> Node | Mistake | None:
    empty = bare.removesuffix(":").lower()
    if bare.endswith(":") and not prefix and (empty in FIELDS or empty in BOUNDS):
        return _missing(empty)
    typed = f"{prefix}:{bare}" if prefix else bare
    return Word(typed) if is_searchable(typed) else None


def _field(name: str, value: str) -> Node | Bound | Mistake:
    if not value.strip():
        return _missing(name)
    if name in FIELDS:
        return Match(FIELDS[name], value.strip())
    start = _day(value.strip())
    return start if isinstance(start, Mistake) else Bound(name, start)


def _missing(name: str) -> Mistake:
    example = "2026-11-20" if name in BOUNDS else '"as it is written"'
    return Mistake(f"{name}: needs a value right after the colon, as in {name}:{example}.")


def _day(value: str) -> datetime | Mistake:
    found = DAY.fullmatch(value)
    try:
        if found:
            return datetime(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1), tzinfo=UTC)
    except ValueError:
        pass
    return Mistake(f"“{value}” is not a date; write it as 2026, 2026-11 or 2026-11-20.")
