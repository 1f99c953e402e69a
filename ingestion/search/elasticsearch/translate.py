"""The query tree as Elasticsearch's query language."""

from collections.abc import Iterable, Sequence
from typing import Any

from ingestion.search.analysis import SNOWBALL
from ingestion.search.mapping import FACETS, STEMMED_FIELD, WEIGHTS
from ingestion.search.query import (
    AllOf,
    AnyOf,
    Excluded,
    Facet,
    Match,
    Node,
    Phrase,
    Query,
    Sort,
    Word,
)
from ingestion.search.stems import language_of
from ingestion.search.words import is_unspaced, tokens

Clause = dict[str, Any]

OTHER_TEXTS = 0.3
"""How much the other texts of an article add to the best matching one."""

STEM_WEIGHT = 0.8
"""How much a word in another form counts, beside one that stands as it was typed."""

SCRIPTS = {"ru": ("\u0400", "\u052f"), "ar": ("\u0600", "\u06ff")}
"""The letters that the words of a language begin with; those of all others are Latin."""

LATIN = ("\u0000", "\u024f")
ID = "article_id"
ORDERS = {Sort.NEWEST: "desc", Sort.OLDEST: "asc"}


def matching(query: Query, *, apart: Iterable[Facet] = ()) -> Clause:
    """Everything the query asks for, the filters of some facets and the cursor aside."""
    filters = [clause for facet, clause in filters_of(query).items() if facet not in set(apart)]
    musts = [] if query.terms is None else [_node(query.terms, _languages(query))]
    if not musts and not filters:
        return {"match_all": {}}
    return {"bool": {"must": musts, "filter": filters}}


def filters_of(query: Query) -> dict[Facet, Clause]:
    """The clause of each facet that is filtered by."""
    found: dict[Facet, Clause] = {
        facet: _any_of([_term(Match(facet, value)) for value in values])
        for facet in FACETS
        if facet is not Facet.DAY and (values := query.filters.of(facet))
    }
    if query.since is not None or query.until is not None:
        bounds = {"gte": query.since, "lt": query.until}
        told = {name: at.isoformat() for name, at in bounds.items() if at is not None}
        found[Facet.DAY] = {"range": {FACETS[Facet.DAY]: told}}
    return found


def order_of(query: Query) -> list[Clause]:
    """The sort, ties broken by the id, the same way in every copy of the index."""
    if query.order is Sort.RELEVANCE:
        return [{"_score": {"order": "desc"}}, {ID: {"order": "asc"}}]
    order = ORDERS[query.order]
    tie = "asc" if query.order is Sort.OLDEST else "desc"
    return [{FACETS[Facet.DAY]: {"order": order, "missing": "_last"}}, {ID: {"order": tie}}]


def _languages(query: Query) -> tuple[str, ...]:
    """The languages whose stems are searched: those filtered by, else all."""
    chosen = {language_of(code) for code in query.filters.languages} - {None}
    return tuple(language for language in SNOWBALL if not chosen or language in chosen)


def _node(node: Node, languages: Sequence[str]) -> Clause:
    match node:
        case Word(text):
            return _word(text, languages)
        case Phrase(text):
            return _phrase(text)
        case Match():
            return {"bool": {"filter": [_term(node)]}}
        case Excluded(inner):
            return {"bool": {"must_not": [_node(inner, languages)]}}
        case AnyOf(nodes):
            return _any_of([_node(inner, languages) for inner in nodes])
        case AllOf(nodes):
            return {"bool": {"must": [_node(inner, languages) for inner in nodes]}}


def _word(text: str, languages: Sequence[str]) -> Clause:
    """A word in any of its forms; what the index takes for several tokens is a phrase."""
    found = tokens(text)
    if len(found) != 1:
        return _phrase(text)
    if is_unspaced(found[0]):
        return _lone(found[0]) if len(found[0]) == 1 else _phrase(text)
    stemmed = [
        f"{STEMMED_FIELD}.{language}.{path}^{weight * STEM_WEIGHT:g}"
        for language in languages
        if _is_written_in(found[0], language)
        for path, weight in WEIGHTS.items()
    ]
    return _texts(text, [*_plain(), *stemmed], type="best_fields")


def _phrase(text: str) -> Clause:
    return _texts(text, _plain(), type="phrase")


def _texts(text: str, fields: Sequence[str], **options: Any) -> Clause:
    asked = {"query": printable(text), "fields": list(fields), "tie_breaker": OTHER_TEXTS, **options}
    return {"multi_match": asked}


def _plain() -> list[str]:
    return [f"{path}^{weight:g}" for path, weight in WEIGHTS.items()]


def _lone(character: str) -> Clause:
    """One character of a script without spaces is indexed within its pairs."""
    found = [
        {"regexp": {path: {"value": f"{character}.?|.{character}", "boost": weight}}}
        for path, weight in WEIGHTS.items()
    ]
    return {"dis_max": {"queries": found, "tie_breaker": OTHER_TEXTS}}


def _is_written_in(token: str, language: str) -> bool:
    first, last = SCRIPTS.get(language, LATIN)
    return first <= token[0] <= last


def _term(match: Match) -> Clause:
    # The normaliser of the field folds the value as it folded what is indexed.
    return {"term": {f"{FACETS[match.field]}.key": {"value": printable(match.value)}}}


def _any_of(clauses: list[Clause]) -> Clause:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def printable(text: str) -> str:
    """A lone surrogate is no JSON, and matches nothing."""
    return text.encode("utf-8", "replace").decode("utf-8")
