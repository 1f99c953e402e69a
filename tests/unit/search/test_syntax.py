from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.search.embedded.translate import matching
from ingestion.search.query import (
    AllOf,
    AnyOf,
    Cursor,
    Excluded,
    Facet,
    Filters,
    Match,
    Mistake,
    Node,
    Phrase,
    Query,
    Sort,
    Word,
)
from ingestion.search.syntax import parse


def terms(text: str) -> Node | None:
    query = parse(text)
    assert not isinstance(query, Mistake), query.message
    return query.terms


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("  \n ", None),
        ("ferry", Word("ferry")),
        ("ferry storm", AllOf((Word("ferry"), Word("storm")))),
        ("ferry AND storm", AllOf((Word("ferry"), Word("storm")))),
        ('"two words"', Phrase("two words")),
        ('"never closed', Phrase("never closed")),
        ("“curly quotes”", Phrase("curly quotes")),
        ("-ferry", Excluded(Word("ferry"))),
        ('-"two words"', Excluded(Phrase("two words"))),
        ("well-known", Word("well-known")),
        ("a OR b", AnyOf((Word("a"), Word("b")))),
        ("a OR b OR c d", AllOf((AnyOf((Word("a"), Word("b"), Word("c"))), Word("d")))),
        ("a OR -b", AnyOf((Word("a"), Excluded(Word("b"))))),
        ("OR a OR", Word("a")),
        ("a or b", AllOf((Word("a"), Word("or"), Word("b")))),
        ("a !!! b", AllOf((Word("a"), Word("b")))),
        ("http://a.example/b", Word("http://a.example/b")),
        ("live: talks", AllOf((Word("live:"), Word("talks")))),
        ('re:"two words"', Phrase("re two words")),
        ("-section:sport", Excluded(Match(Facet.SECTION, "sport"))),
        ("section:sport OR ferry", AnyOf((Match(Facet.SECTION, "sport"), Word("ferry")))),
    ],
)
def test_text_becomes_a_tree(text: str, tree: Node | None) -> None:
    assert terms(text) == tree


def test_filters_and_dates_leave_the_text() -> None:
    query = parse(
        "publisher:a ferry Publisher:b lang:de OR language:fr "
        'author:"Jane Roe" after:2026-11 before:2026-11-20 -x'
    )

    assert query == Query(
        text="ferry -x",
        terms=AllOf((Word("ferry"), Excluded(Word("x")))),
        filters=Filters(publishers=("a", "b"), languages=("de", "fr"), authors=("Jane Roe",)),
        published_from=datetime(2026, 11, 1, tzinfo=UTC),
        published_to=datetime(2026, 11, 20, tzinfo=UTC),
    )


def test_what_is_typed_adds_to_a_query() -> None:
    base = Query(filters=Filters(publishers=("a",)), size=5, sort=Sort.OLDEST)

    query = parse("publisher:b publisher:a x", base)

    assert query == Query(
        text="x", terms=Word("x"), filters=Filters(publishers=("a", "b")), size=5, sort=Sort.OLDEST
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("!!!", "no letters or digits"),
        ("author:", "author: needs a value"),
        ('author:""', "author: needs a value"),
        ("after: 2026", "after: needs a value"),
        ("after:2026-13", "“2026-13” is not a date"),
        ("before:0000", "“0000” is not a date"),
        ("before:tomorrow", "“tomorrow” is not a date"),
        ("-after:2026", "use before: instead"),
        ("a OR after:2026", "one side of OR"),
        ("a" * 1_001, "1,001 characters"),
        ("a " * 51, "51 terms"),
    ],
)
def test_a_mistake_says_what_is_wrong(text: str, says: str) -> None:
    mistake = parse(text)

    assert isinstance(mistake, Mistake)
    assert says in mistake.message


PIECES = st.sampled_from(
    [
        '"',
        "-",
        "OR",
        "AND",
        ":",
        "author:",
        "after:",
        "2026-11",
        "a",
        "ü",
        "東京",
        "東",
        "كتاب",
        "*",
        "(",
        " ",
        "\\",
    ]
)


@given(st.text() | st.lists(PIECES, max_size=30).map("".join) | st.lists(PIECES, max_size=30).map(" ".join))
@example("\ud800")
@example("a\u0301" * 300)
@example("İ ſ ﬁ ㎏ ½ ١٢٣")
def test_anything_typed_is_a_query_the_engine_takes_or_a_mistake(text: str) -> None:
    query = parse(text)

    if isinstance(query, Mistake):
        assert query.message
    else:
        assert matching(query) is not None


@given(st.lists(PIECES, max_size=20).map(" ".join))
def test_what_remains_of_a_text_reads_the_same_again(text: str) -> None:
    query = parse(text)

    if not isinstance(query, Mistake):
        assert parse(query.text, Query(filters=query.filters)) == parse(
            query.text, Query(filters=query.filters)
        )
        again = parse(query.text)
        assert isinstance(again, Query)
        assert (again.text, again.terms) == (query.text, query.terms)


@given(
    st.builds(
        Cursor,
        st.sampled_from(Sort),
        st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
        st.integers(0, 2**63 - 1) | st.text(st.characters(codec="utf-8")),
        st.integers(1, 1_000_000),
    )
)
def test_a_cursor_survives_an_address(cursor: Cursor) -> None:
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.text())
def test_any_text_is_a_cursor_or_a_mistake(text: str) -> None:
    assert isinstance(Cursor.decode(text), Cursor | Mistake)


def test_a_cursor_of_another_order_is_refused() -> None:
    cursor = Cursor(Sort.RELEVANCE, 1.0, 2, 20)

    with pytest.raises(ValueError, match="a cursor of the order relevance"):
        Query(sort=Sort.OLDEST, cursor=cursor)
    assert isinstance(parse("", Query(cursor=cursor)), Mistake)
    assert isinstance(parse("ferry", Query(cursor=cursor)), Query)


def test_the_end_of_a_range_is_whole_for_a_day_and_sharp_for_a_time() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert Query(published_to=date(2026, 11, 20)).until == datetime(2026, 11, 21, tzinfo=UTC)
    assert Query(published_to=noon).until == noon
    with pytest.raises(ValueError, match="without a zone"):
        Query(published_from=noon.replace(tzinfo=None))
