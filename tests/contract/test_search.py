"""What every search peer keeps to; a new adapter is added in `reopen` and must pass unchanged."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ingestion.article import Image
from ingestion.codec import plain
from ingestion.ports import Indexed
from ingestion.search.embedded import TantivyIndex
from ingestion.search.query import Cursor, Facet, FacetCount, Filters, Mistake, Query, Sort
from ingestion.search.syntax import parse
from tests.builders import NOON
from tests.clusters import opener
from tests.contract.newsstand import (
    ARABIC,
    BUDGET,
    DAY,
    FERRY,
    GERMAN,
    JAPANESE,
    NEWSSTAND,
    Peer,
    ask,
    found,
    ids,
    many,
    piece,
    published,
    row,
    rows,
)
from tests.elasticsearch_spec import only_documented_requests

Open = Callable[[], Peer]


@pytest.fixture(params=["embedded", "elasticsearch"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    if request.param == "embedded":
        yield lambda: TantivyIndex(tmp_path / "index")
        return
    with opener(request.getfixturevalue("elasticsearch_url")) as open_index, only_documented_requests():
        yield open_index


@pytest.fixture
def peer(reopen: Open) -> Peer:
    return reopen()


@pytest.fixture
def stand(peer: Peer) -> Peer:
    assert not [result for result in peer.bulk(rows(*NEWSSTAND)) if result.error or result.stale]
    return peer


# Writing.


def test_an_empty_index_answers(peer: Peer) -> None:
    page = ask(peer, "anything", facets=tuple(Facet))

    assert (page.total, page.hits, page.next_cursor, peer.count()) == (0, (), None, 0)
    assert page.facets == dict.fromkeys(Facet, ())
    assert peer.get("anything") is None


def test_nothing_to_write_is_no_trouble(peer: Peer) -> None:
    assert list(peer.bulk([])) == []


def test_an_article_comes_back_as_it_went_in(stand: Peer) -> None:
    for made in NEWSSTAND:
        got = stand.get(made.article_id)

        assert got == made
        assert got is not None
        assert plain(got) == row(made)


def test_writing_twice_changes_nothing(stand: Peer) -> None:
    again = stand.bulk(rows(*NEWSSTAND))

    assert list(again) == [Indexed(made.article_id) for made in NEWSSTAND]
    assert stand.count() == len(NEWSSTAND)
    assert ask(stand, "ferry").total == 2


def test_results_are_in_the_order_of_the_rows(peer: Peer) -> None:
    made = [piece(f"id-{number}", "A headline", "A body.") for number in range(50)]
    made.sort(key=lambda one: one.article_id[::-1])

    assert [result.article_id for result in peer.bulk(rows(*made))] == [one.article_id for one in made]


def test_an_older_observation_never_replaces_a_newer_one(peer: Peer) -> None:
    newer = piece("a", "Newer", "The newer words.", fetched_at=NOON + DAY, version=2)
    older = piece("a", "Older", "The older words.", fetched_at=NOON + DAY - timedelta(microseconds=1))
    peer.bulk(rows(newer))

    results = peer.bulk(rows(older))

    assert list(results) == [Indexed("a", stale=True)]
    assert peer.get("a") == newer
    assert found(peer, "older") == set()


def test_a_newer_or_equal_observation_replaces(peer: Peer) -> None:
    first = piece("a", "First", "One.", fetched_at=NOON)
    equal = piece("a", "Second", "Two.", fetched_at=NOON)
    newer = piece("a", "Third", "Three.", fetched_at=NOON + timedelta(microseconds=1))

    for made in (first, equal, newer):
        assert list(peer.bulk(rows(made))) == [Indexed("a")]
        assert peer.get("a") == made
        assert peer.count() == 1
    assert found(peer, "first OR second") == set()


def test_the_newest_of_one_batch_wins_in_whatever_order(peer: Peer) -> None:
    old, middle, new = (
        piece("a", word, word, fetched_at=NOON + DAY * number) for number, word in enumerate(("x", "y", "z"))
    )

    results = peer.bulk(rows(middle, new, old))

    assert list(results) == [Indexed("a"), Indexed("a"), Indexed("a", stale=True)]
    assert peer.get("a") == new
    assert (peer.count(), found(peer, "x OR y")) == (1, set())


@pytest.mark.parametrize(
    "change",
    [
        {"headline": 7},
        {"unheard_of": "a field the contract lacks"},
        {"comment_count": "many"},
        {"fetched_at": "yesterday"},
        {"article_id": ""},
        {"body": "a lone surrogate \ud800"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_bad_row_among_good_ones_is_told_and_the_others_are_written(
    peer: Peer, change: dict[str, Any]
) -> None:
    bad = {**row(piece("bad", "Bad", "Bad.")), **change}

    results = peer.bulk([row(FERRY), bad, row(GERMAN)])

    assert [result.error is None for result in results] == [True, False, True]
    assert results[1].article_id == bad["article_id"]
    assert peer.count() == 2


def test_a_bad_newer_row_does_not_shadow_a_good_older_one(peer: Peer) -> None:
    good = piece("a", "Good", "Good.")
    bad = {**row(replace(good, fetched_at=NOON + DAY)), "headline": None}

    results = peer.bulk([bad, row(good)])

    assert [(result.error is None, result.stale) for result in results] == [(False, False), (True, False)]
    assert peer.get("a") == good


def test_what_was_written_is_there_after_reopening(reopen: Open) -> None:
    reopen().bulk(rows(*NEWSSTAND))
    again = reopen()

    assert again.count() == len(NEWSSTAND)
    assert again.get("german") == GERMAN


def test_another_opening_sees_a_batch_at_once(reopen: Open) -> None:
    reader, writer = reopen(), reopen()
    assert reader.count() == 0
    writer.bulk(rows(FERRY))

    assert reader.count() == 1
    assert found(reader, "ferry") == {"ferry"}


def test_a_body_of_a_megabyte_is_searched_to_its_end(peer: Peer) -> None:
    filler = " ".join(f"word{number}" for number in range(110_000))
    assert len(filler) > 1_000_000
    peer.bulk(rows(piece("big", "A long read", f"{filler} zanzibar")))

    page = ask(peer, "zanzibar word54321")

    assert ids(page) == ["big"]
    assert "<mark>zanzibar</mark>" in " ".join(page.hits[0].highlights["body"])
    assert (made := peer.get("big")) is not None
    assert made.body.endswith("zanzibar")


def test_text_that_has_no_spaces_and_no_end_is_taken(peer: Peer) -> None:
    results = peer.bulk(rows(piece("blob", "x" * 100_000, "y" * 100_000, section="s" * 40_000)))

    assert [result.error for result in results] == [None]
    assert peer.count() == 1


# Words.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ferry", {"ferry", "budget"}),
        ("FERRIES", {"ferry", "budget"}),
        ("ferry storm", {"ferry"}),
        ("ferry -storm", {"budget"}),
        ("ferry -library -storm", set()),
        ("storm OR library", {"ferry", "budget"}),
        ("ferry storm OR library", {"ferry", "budget"}),
        ("lighthouse", {"ferry"}),
        ("taxes", {"budget"}),
        ('"ferry service"', {"ferry"}),
        ('"service ferry"', set()),
        ('"island ferry" OR storm', {"ferry", "budget"}),
        ('-"ferry service" ferry', {"budget"}),
        ("island-ferry", {"budget"}),
        ("nowhere", set()),
    ],
)
def test_words_phrases_exclusions_and_alternatives(stand: Peer, text: str, expected: set[str]) -> None:
    assert found(stand, text) == expected


@pytest.mark.parametrize(
    "text", ["München", "munchen", "MÜNCHEN", "haus", "Häuser", "strasse", "Straße", "groß"]
)
def test_german_is_found_with_and_without_its_letters(stand: Peer, text: str) -> None:
    assert found(stand, text) == {"german"}


@pytest.mark.parametrize(
    "text", ["كتاب", "الكتاب", "الْكِتَابُ", "احمد", "أحمد", "المدرسة", "الى الجميع", '"فتحت أبوابها"']
)
def test_arabic_is_found_whatever_its_signs(stand: Peer, text: str) -> None:
    assert found(stand, text) == {"arabic"}


@pytest.mark.parametrize(
    "text", ["東京", "知事選", "東京都知事選挙", "カメラ", "日曜日 記者", '"投票は日曜日"']
)
def test_japanese_is_found_inside_its_runs(stand: Peer, text: str) -> None:
    assert found(stand, text) == {"japanese"}


def test_japanese_that_is_not_there_is_not_found(stand: Peer) -> None:
    assert found(stand, "東都") == found(stand, "挙選") == set()


def test_everything_but_something(stand: Peer) -> None:
    assert found(stand, "-ferry") == {"german", "arabic", "japanese"}


def test_no_words_find_everything(stand: Peer) -> None:
    assert ask(stand, "").total == len(NEWSSTAND)


def test_the_headline_weighs_more_than_the_abstract_the_body_and_the_captions(peer: Peer) -> None:
    comet, filler = "A comet came.", "Other words here."
    places = ("headline", "abstract", "body", "caption")
    made = []
    for place in places:
        texts = {name: comet if name == place else filler for name in places}
        images = (Image(caption=texts.pop("caption")),)
        made.append(piece(place, texts["headline"], texts["body"], abstract=texts["abstract"], images=images))
    peer.bulk(rows(*made))

    assert ids(ask(peer, "comet")) == list(places)


# Filters and dates.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("publisher:harbour-times", {"ferry", "budget"}),
        ("publisher:harbour-times publisher:elbkurier", {"ferry", "budget", "german"}),
        ("publisher:harbour-times section:Politics", {"budget"}),
        ("source:harbour-rss", {"ferry"}),
        ("language:DE", {"german"}),
        ("language:ar OR language:ja", {"arabic", "japanese"}),
        ('author:"jane roe"', {"ferry"}),
        ('author:"Ole Brandt"', {"ferry", "budget"}),
        ('author:"jurgen weiss"', {"german"}),
        ("author:Ole", set()),
        ("credit:reuters", {"ferry", "german"}),
        ("genre:opinion", {"budget"}),
        ("access:free", {"ferry"}),
        ("-publisher:publisher -credit:dpa", {"ferry", "budget"}),
        ("section:Region OR library", {"ferry", "budget"}),
        ("ferry section:Politics", {"budget"}),
    ],
)
def test_filters(stand: Peer, text: str, expected: set[str]) -> None:
    assert found(stand, text) == expected


def test_filters_of_a_query_are_those_that_are_typed(stand: Peer) -> None:
    filters = Filters(publishers=("harbour-times", "elbkurier"), credits=("dpa",))

    assert ids(stand.search(Query(filters=filters))) == ["german"]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (date(2026, 11, 19), None, {"budget", "german", "japanese"}),
        (None, date(2026, 11, 18), {"ferry"}),
        (date(2026, 11, 19), date(2026, 11, 20), {"german", "budget"}),
        (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC), {"budget"}),
        (datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC), {"ferry"}),
        (date(2027, 1, 1), None, set()),
        (None, date.max, {"ferry", "budget", "german", "japanese"}),
    ],
)
def test_date_ranges_leave_unknown_dates_out(
    stand: Peer, since: date | None, until: date | None, expected: set[str]
) -> None:
    page = stand.search(Query(published_from=since, published_to=until))

    assert set(ids(page)) == expected


def test_typed_dates(stand: Peer) -> None:
    assert found(stand, "after:2026-11-19 before:2026-11-20") == {"german"}
    assert found(stand, "after:2026-11 before:2026-12") == {"ferry", "budget", "german", "japanese"}


def test_dates_beyond_the_centuries_of_nanoseconds(peer: Peer) -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    results = peer.bulk(
        rows(
            piece("old", "Old", "x", published=published(first)),
            piece("new", "New", "x", published=published(last)),
        )
    )

    assert [result.error for result in results] == [None, None]
    assert ids(ask(peer, "", sort=Sort.OLDEST)) == ["old", "new"]
    assert [count.value for count in peer.values(Facet.DAY)] == ["0001-01-01", "9999-12-31"]


# Facets.


def test_facets_count_what_matches(stand: Peer) -> None:
    page = ask(
        stand, "ferry", facets=(Facet.PUBLISHER, Facet.AUTHOR, Facet.LANGUAGE, Facet.DAY, Facet.CREDIT)
    )

    assert page.facets == {
        Facet.PUBLISHER: (FacetCount("harbour-times", 2),),
        Facet.AUTHOR: (FacetCount("Ole Brandt", 2), FacetCount("Jane Roe", 1)),
        Facet.LANGUAGE: (FacetCount("en", 2),),
        Facet.DAY: (FacetCount("2026-11-18", 1), FacetCount("2026-11-20", 1)),
        Facet.CREDIT: (FacetCount("Reuters", 1),),
    }


def test_a_facet_leaves_its_own_filter_aside_and_keeps_the_others(stand: Peer) -> None:
    page = ask(stand, "language:de", facets=(Facet.LANGUAGE, Facet.PUBLISHER))

    assert page.total == 1
    assert {count.value for count in page.facets[Facet.LANGUAGE]} == {"en", "de", "ar", "ja"}
    assert page.facets[Facet.PUBLISHER] == (FacetCount("elbkurier", 1),)


def test_the_day_leaves_its_own_range_aside(stand: Peer) -> None:
    page = ask(stand, "after:2026-11-21", facets=(Facet.DAY,))

    assert (page.total, len(page.facets[Facet.DAY])) == (1, 4)


def test_values_of_the_whole_index(stand: Peer) -> None:
    assert stand.values(Facet.CREDIT) == (FacetCount("Reuters", 2), FacetCount("dpa", 1))
    assert stand.values(Facet.CREDIT, size=1) == (FacetCount("Reuters", 2),)


# Order and pages.


def test_newest_and_oldest_put_unknown_dates_last(stand: Peer) -> None:
    dated = [FERRY, GERMAN, BUDGET, JAPANESE]

    assert ids(ask(stand, "", sort=Sort.OLDEST)) == [*[one.article_id for one in dated], ARABIC.article_id]
    assert ids(ask(stand, "", sort=Sort.NEWEST)) == [
        *[one.article_id for one in dated[::-1]],
        ARABIC.article_id,
    ]
    assert ids(ask(stand, "")) == ids(ask(stand, "", sort=Sort.NEWEST))


def walk(peer: Peer, text: str, sort: Sort, size: int) -> list[str]:
    seen: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = ask(peer, text, sort=sort, size=size, cursor=cursor)
        seen += ids(page)
        if page.next_cursor is None:
            return seen
        decoded = Cursor.decode(page.next_cursor.encode())
        assert not isinstance(decoded, Mistake)
        assert decoded.seen == len(seen)
        cursor = decoded


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("text", ["", "same words"])
def test_pages_have_no_gaps_and_no_repeats(peer: Peer, sort: Sort, text: str) -> None:
    made = many(60)
    peer.bulk(rows(*made[:40]))
    peer.bulk(rows(*made[30:]))

    walked = walk(peer, text, sort, 7)

    assert sorted(walked) == [one.article_id for one in made]
    assert walked == walk(peer, text, sort, 60)


def test_pages_by_date_stay_whole_while_articles_come_in(peer: Peer) -> None:
    peer.bulk(rows(*many(30)))
    first = ask(peer, "", sort=Sort.OLDEST, size=10)
    peer.bulk(rows(piece("early", "Early", "x", published=published(NOON - DAY * 9)), *many(30)))

    rest = ask(peer, "", sort=Sort.OLDEST, size=200, cursor=first.next_cursor)

    assert len(ids(first)) + len(ids(rest)) == 30
    assert not set(ids(first)) & set(ids(rest))


def test_a_page_of_nothing_but_counts(stand: Peer) -> None:
    page = ask(stand, "ferry", size=0, facets=(Facet.SECTION,))

    assert (page.total, page.hits, page.next_cursor) == (2, (), None)
    assert len(page.facets[Facet.SECTION]) == 2


# Highlights.


def test_highlights_are_escaped(stand: Peer) -> None:
    hit = next(hit for hit in ask(stand, "ferry islands").hits if hit.article_id == "ferry")

    assert hit.highlights["headline"] == ("<mark>Ferries</mark> run again",)
    assert (
        "<mark>ferry</mark> service to the &lt;b&gt;<mark>islands</mark>&lt;/b&gt; &amp;"
        in hit.highlights["body"][0]
    )


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("haus", "<mark>Häuser</mark>"),
        ("strasse", "<mark>Straße</mark>"),
        ("احمد", "<mark>أحمد</mark>"),
        ("日曜", "<mark>日曜</mark>"),
        ('"ferry service"', "<mark>ferry service</mark>"),
    ],
)
def test_highlights_mark_what_was_meant(stand: Peer, text: str, marked: str) -> None:
    (hit,) = ask(stand, text).hits

    assert marked in " ".join(hit.highlights["body"]).replace("</mark> <mark>", " ")


def test_no_highlights_where_none_are_wanted(stand: Peer) -> None:
    assert ask(stand, "ferry", highlight=False).hits[0].highlights == {}
    assert ask(stand, "publisher:elbkurier").hits[0].highlights == {}


# Whatever is typed.


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""',
        "-",
        "--a",
        "OR",
        "a OR",
        "OR a",
        "(",
        "field:",
        "*",
        "a*",
        "\\",
        "[a TO b]",
        "a:b:c",
        "~2",
        "^3",
        "+a",
        "é" * 300,
        "\x00 a",
        "😀",
        "a 😀",
        "\ud800",
        "东",
        "ا" * 200,
        "x:" * 100,
        "after:0001",
        "before:9999-12-31",
    ],
)
def test_whatever_is_typed_has_an_answer_or_a_mistake(stand: Peer, text: str) -> None:
    query = parse(text)

    assert isinstance(query, Mistake) or stand.search(query).total >= 0
