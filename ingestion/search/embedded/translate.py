"""The query tree as tantivy queries."""

from collections.abc import Iterable, Sequence
from typing import Any

from tantivy import FieldType, Occur, Order
from tantivy import Query as Tantivy

from ingestion.search.embedded.fields import (
    NEWEST,
    NEWEST_AT,
    OLDEST,
    OLDEST_AT,
    TIE,
    key_of,
    name_of,
    schema,
    stem_of,
)
from ingestion.search.embedded.times import micros
from ingestion.search.mapping import FACETS, WEIGHTS
from ingestion.search.query import (
    AllOf,
    AnyOf,
    Cursor,
    Excluded,
    Facet,
    Match,
    Node,
    Phrase,
    Query,
    Sort,
    Word,
)
from ingestion.search.stems import STEMMED, language_of, stems
from ingestion.search.words import fold, is_unspaced, tokens

OTHER_TEXTS = 0.3
"""How much the other texts of an article add to the best matching one."""

STEM_WEIGHT = 0.8
"""How much a word in another form counts, beside one that stands as it was typed."""

ORDERS = {Sort.NEWEST: (NEWEST, Order.Desc), Sort.OLDEST: (OLDEST, Order.Asc)}


def matching(query: Query, *, without: Facet | None = None) -> Any:
    """Everything the query asks for, its cursor aside, and the filter of one facet if told so."""
    musts = [] if query.terms is None else [_node(query.terms, _languages(query))]
    musts += [_unscored(clause) for clause in _filters(query, without)]
    return _all_of(musts) if musts else Tantivy.all_query()


def after(cursor: Cursor) -> Any:
    """What comes after a hit in one of the orders by date."""
    assert isinstance(cursor.value, int)
    assert isinstance(cursor.tie, int)
    field = NEWEST_AT if cursor.sort is Sort.NEWEST else OLDEST_AT
    same = Tantivy.term_query(schema(), field, cursor.value)
    further = _beyond(cursor.sort, field, cursor.value)
    tied = _beyond(cursor.sort, TIE, cursor.tie)
    return _unscored(_any_of([further, _all_of([same, tied])]))


def _beyond(sort: Sort, field: str, at: int) -> Any:
    down = sort is Sort.NEWEST
    return _range(field, above=None if down else at, below=at if down else None)


def by_id(ids: Sequence[str]) -> Any:
    """The articles with these ids."""
    return Tantivy.term_set_query(schema(), "article_id", list(ids))


def both(first: Any, second: Any) -> Any:
    """What matches both."""
    return _all_of([first, second])


def _languages(query: Query) -> tuple[str, ...]:
    """The languages whose stems are searched: those filtered by, else all."""
    chosen = {language_of(code) for code in query.filters.languages} - {None}
    return tuple(language for language in STEMMED if not chosen or language in chosen)


def _filters(query: Query, without: Facet | None) -> Iterable[Any]:
    for facet in FACETS:
        if facet is not Facet.DAY and facet is not without and (values := query.filters.of(facet)):
            yield _any_of([_match(Match(facet, value)) for value in values])
    since, until = query.since, query.until
    if (since or until) and without is not Facet.DAY:
        yield _range(
            name_of(FACETS[Facet.DAY]),
            above=None if since is None else micros(since) - 1,
            below=None if until is None else micros(until),
        )


def _node(node: Node, languages: tuple[str, ...]) -> Any:
    match node:
        case Word(text):
            return _word(text, languages)
        case Phrase(text):
            return _best([_sequence(name_of(path), tokens(text), weight) for path, weight in WEIGHTS.items()])
        case Match():
            return _unscored(_match(node))
        case Excluded(inner):
            return _excluding(_node(inner, languages))
        case AnyOf(nodes):
            return _any_of([_node(inner, languages) for inner in nodes])
        case AllOf(nodes):
            return _all_of([_node(inner, languages) for inner in nodes])


def _word(text: str, languages: tuple[str, ...]) -> Any:
    found = tokens(text)
    clauses = [_sequence(name_of(path), found, weight) for path, weight in WEIGHTS.items()]
    if len(found) == 1 and not is_unspaced(found[0]):
        for language in languages:
            stemmed = stems(text, language)
            clauses += [
                _sequence(stem_of(path, language), stemmed, weight * STEM_WEIGHT)
                for path, weight in WEIGHTS.items()
                if stemmed
            ]
    return _best(clauses)


def _sequence(field: str, words: Sequence[str], weight: float) -> Any:
    return Tantivy.boost_query(_tokens(field, words), weight)


def _tokens(field: str, words: Sequence[str]) -> Any:
    if not words:
        return Tantivy.empty_query()
    if len(words) > 1:
        return Tantivy.phrase_query(schema(), field, list(words))
    (word,) = words
    if len(word) == 1 and is_unspaced(word):
        return Tantivy.regex_query(schema(), field, f"{word}.?|.{word}")
    return Tantivy.term_query(schema(), field, word)


def _match(match: Match) -> Any:
    return Tantivy.term_query(schema(), key_of(FACETS[match.field]), fold(match.value))


def _range(field: str, *, above: int | None, below: int | None) -> Any:
    """Bounds are exclusive."""
    return Tantivy.range_query(
        schema(),
        field,
        FieldType.Integer,
        lower_bound=above,
        upper_bound=below,
        include_lower=above is None,
        include_upper=below is None,
    )


def _excluding(query: Any) -> Any:
    return Tantivy.boolean_query([(Occur.Must, _unscored(Tantivy.all_query())), (Occur.MustNot, query)])


def _unscored(query: Any) -> Any:
    return Tantivy.const_score_query(query, 0.0)


def _best(queries: list[Any]) -> Any:
    return Tantivy.disjunction_max_query(queries, OTHER_TEXTS)


def _any_of(queries: list[Any]) -> Any:
    return Tantivy.boolean_query([(Occur.Should, query) for query in queries])


def _all_of(queries: list[Any]) -> Any:
    return Tantivy.boolean_query([(Occur.Must, query) for query in queries])
