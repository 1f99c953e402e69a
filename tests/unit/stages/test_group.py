from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ingestion.article import (
    Article,
    Moment,
    Precision,
    Publisher,
    Syndication,
    SyndicationRole,
    TimezoneBasis,
)
from ingestion.stages.group import group
from ingestion.state.claims import SqlMemory
from ingestion.state.database import StateDatabase
from tests.builders import NOON, article, at_offset
from tests.unit.stages.words import prose

WIRE = prose(1, 300).split()
HOUR = timedelta(hours=1)


@pytest.fixture
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlMemory]:
    database = StateDatabase(f"sqlite:{tmp_path_factory.mktemp('state') / 'state.sqlite'}")
    yield SqlMemory(database)
    database.close()


def told(words: Sequence[str], paper: str = "a", **changes: Any) -> Article:
    """An article of a paper; its id is made of the paper and how the text begins."""
    name = f"{paper}/{' '.join(words)[:40]}"
    made = article(
        body=" ".join(words),
        article_id=name,
        version=1,
        publisher=Publisher(id=paper, name=paper.title(), domain=f"{paper}.example"),
        fetched_url=f"https://www.{paper}.example/story",
    )
    return replace(made, **changes)


def printed(at: datetime, precision: Precision = Precision.MINUTE) -> Moment:
    return Moment(
        at=at, precision=precision, timezone_basis=TimezoneBasis.EXPLICIT, source="meta", raw=str(at)
    )


class Newsroom:
    """Groups articles as they come, an hour apart if nothing else is said."""

    def __init__(self, memory: SqlMemory, *, at_once: bool = False) -> None:
        self._memory = memory
        self._at_once = at_once
        self._offset = 0

    def places(self, *articles: Article) -> list[Syndication | None]:
        numbered = [self._numbered(made) for made in articles]
        batches = [numbered] if self._at_once else [[made] for made in numbered]
        return [made.syndication for batch in batches for made in self._grouped(batch)]

    def _grouped(self, batch: Sequence[Article]) -> list[Article]:
        with self._memory.claims() as claims:
            return group(batch, claims)

    def _numbered(self, made: Article) -> Article:
        self._offset += 1
        seen_at = NOON + self._offset * HOUR if made.ingested_at == NOON else made.ingested_at
        return at_offset(replace(made, ingested_at=seen_at), self._offset)


@pytest.fixture(params=[False, True], ids=["one by one", "at once"])
def newsroom(memory: SqlMemory, request: pytest.FixtureRequest) -> Newsroom:
    return Newsroom(memory, at_once=request.param)


def role_and_group(place: Syndication | None) -> tuple[str, str] | None:
    return (str(place.role), place.group_id) if place else None


def test_what_is_made_of_a_wire_story_is_in_its_group(newsroom: Newsroom) -> None:
    edited = [word if number % 60 else "edited" for number, word in enumerate(WIRE)]
    lede_and_cut = [*prose(2, 40).split(), *WIRE[40:220]]
    footer = [*WIRE, *prose(3, 30).split()]
    first = told(WIRE)
    places = newsroom.places(first, told(edited, "b"), told(lede_and_cut, "c"), told(footer, "d"))

    assert [role_and_group(place) for place in places] == [
        ("original", first.article_id),
        ("copy", first.article_id),
        ("rewrite", first.article_id),
        ("copy", first.article_id),
    ]
    assert all(place and place.first_seen == NOON + HOUR for place in places)


def test_a_place_says_what_it_was_measured_against(newsroom: Newsroom) -> None:
    first, copy = newsroom.places(told(WIRE), told(WIRE[:240], "b"))

    assert first
    assert copy
    assert (first.similarity, first.containment, first.matched_id) == (1.0, None, None)
    assert copy.similarity == pytest.approx(236 / 296, abs=0.04)
    assert copy.containment == 1.0
    assert copy.matched_id == first.group_id


def test_other_stories_have_groups_of_their_own(newsroom: Newsroom) -> None:
    quoting = [*prose(5, 200).split(), *WIRE[100:160], *prose(6, 100).split()]
    texts = [told(WIRE), told(prose(4, 300).split(), "b"), told(quoting, "c")]

    assert [role_and_group(p) for p in newsroom.places(*texts)] == [
        ("original", text.article_id) for text in texts
    ]


def test_a_digest_that_holds_a_story_among_many_is_no_rewrite(newsroom: Newsroom) -> None:
    digest = told([*prose(7, 900).split(), *WIRE[:80], *prose(8, 900).split()], "b")
    _, place = newsroom.places(told(WIRE[:80]), digest)

    assert role_and_group(place) == ("original", digest.article_id)


@pytest.mark.parametrize("unit", ["港", "ก", "ا ب"], ids=["han", "thai", "arabic"])
def test_copies_are_found_whatever_the_script(newsroom: Newsroom, unit: str) -> None:
    first = ord(unit[0])
    letters = "".join(prose(9, 300).split())[:600]
    text = "".join(chr(first + ord(c) % 23) + (" " if " " in unit and c in "aeiou" else "") for c in letters)
    story = told([text])
    _, place = newsroom.places(story, told([text[90:], text[300:390][::-1]], "b"))

    assert place
    assert place.group_id == story.article_id


def test_short_items_and_tables_are_not_compared(newsroom: Newsroom) -> None:
    short = prose(10, 30).split()
    table = [word for n, name in enumerate(prose(11, 120).split()) for word in (name, str(n))]

    assert newsroom.places(told(short), told(short, "b"), told(table), told(table, "b")) == [None] * 4


def test_the_first_that_credits_an_agency_is_a_copy_of_what_was_not_seen(newsroom: Newsroom) -> None:
    credited: dict[str, Any] = {"credits": ("Reuters",)}
    places = newsroom.places(told(WIRE, **credited), told(WIRE[:200], "b", **credited), told(WIRE[20:], "c"))

    assert [place.role for place in places if place] == ["copy", "copy", "copy"]
    assert [place.evidence for place in places if place] == [
        ("credit:Reuters",),
        ("shared_credit:Reuters",),
        (),
    ]


def test_the_agency_itself_is_the_original_even_when_it_comes_later(newsroom: Newsroom) -> None:
    agency = told(WIRE, "reuters", credits=("Reuters",))
    _, place = newsroom.places(told(WIRE[:250], credits=("Reuters",)), agency)

    assert place
    assert place.role == SyndicationRole.ORIGINAL
    assert place.evidence == ("named_in_credit:Reuters",)


def test_a_canonical_address_elsewhere_is_evidence(newsroom: Newsroom) -> None:
    own = told(WIRE, declared_canonical_url="https://a.example/other-page")
    elsewhere = told(prose(4, 200).split(), "b", declared_canonical_url="https://wire.example/story")
    first, second = newsroom.places(own, elsewhere)

    assert first
    assert second
    assert (first.role, first.evidence) == ("original", ())
    assert (second.role, second.evidence) == ("copy", ("canonical:wire.example",))


def form(day: int, *, numbers: bool = True) -> list[str]:
    filled = [str(day * 131 + n * 17) if numbers else f"{'abcdefgh'[day]}{'xyzuv'[n]}" for n in range(5)]
    return [*WIRE[:60], *filled, *WIRE[60:120]]


def test_a_publishers_daily_form_is_a_series_and_no_group(newsroom: Newsroom) -> None:
    days = [
        told(form(day, numbers=False), article_id=f"day {day}", ingested_at=NOON + day * timedelta(days=1))
        for day in range(5)
    ]
    first, *later = newsroom.places(*days)

    assert role_and_group(first) == ("original", "day 0")
    assert later == [None] * 4


def test_an_hourly_form_is_a_series_by_its_numbers(newsroom: Newsroom) -> None:
    first, *later = newsroom.places(*(told(form(n), article_id=f"hour {n}") for n in range(4)))

    assert role_and_group(first) == ("original", "hour 0")
    assert later == [None] * 3


def test_a_series_does_not_swallow_another_papers_form(newsroom: Newsroom) -> None:
    mondays = [told(form(0, numbers=False), paper) for paper in "ab"]
    tuesdays = [
        told(
            form(1, numbers=False), paper, article_id=f"{paper} tuesday", ingested_at=NOON + timedelta(days=2)
        )
        for paper in "abc"
    ]
    places = newsroom.places(*mondays, *tuesdays)

    assert [place and place.group_id for place in places[:2]] == [mondays[0].article_id] * 2
    assert places[2:] == [None] * 3


def test_two_papers_forms_with_other_numbers_are_no_copies(newsroom: Newsroom) -> None:
    ours, theirs = told(form(1)), told(form(2), "b")

    assert [role_and_group(p) for p in newsroom.places(ours, theirs)] == [
        ("original", ours.article_id),
        ("original", theirs.article_id),
    ]


def test_two_papers_forms_with_other_names_are_no_copies(newsroom: Newsroom) -> None:
    names = prose(31, 300).split()
    notice = [names[n] if n % 12 == 7 else word for n, word in enumerate(WIRE)]

    assert [role_and_group(p) for p in newsroom.places(told(WIRE), told(notice, "b"))] == [
        ("original", told(WIRE).article_id),
        ("original", told(notice, "b").article_id),
    ]


def test_furniture_that_a_paper_puts_under_every_text_makes_no_series(newsroom: Newsroom) -> None:
    furniture = prose(33, 60).split()
    briefs = [told([*prose(40 + n, 70).split(), *furniture]) for n in range(4)]
    wire = told([*WIRE[:70], *furniture], "b")
    copied = told([*WIRE[:70], *furniture])

    assert [role_and_group(place) for place in newsroom.places(*briefs, wire, copied)] == [
        *(("original", brief.article_id) for brief in briefs),
        ("original", wire.article_id),
        ("copy", wire.article_id),
    ]


def test_texts_of_unknown_publishers_are_not_taken_for_one_publishers_series(newsroom: Newsroom) -> None:
    texts = [told([*WIRE[: 290 - n], "more"], "unknown", article_id=f"file {n}") for n in range(4)]
    places = newsroom.places(*texts)

    assert [role_and_group(place) for place in places[1:]] == [("copy", "file 0")] * 3
    assert all(place and place.evidence == () for place in places)


def test_a_second_address_of_one_publisher_is_a_copy_that_says_so(newsroom: Newsroom) -> None:
    _, place = newsroom.places(told(WIRE), told([*WIRE[:290], "more"], article_id="second"))

    assert place
    assert (place.role, place.evidence) == ("copy", ("same_publisher",))


def test_the_older_of_two_groups_takes_what_belongs_to_both(newsroom: Newsroom) -> None:
    older, newer = told(WIRE[:130]), told(WIRE[170:], "b")
    places = newsroom.places(older, newer, told(WIRE, "c"))

    assert [place and place.group_id for place in places] == [
        older.article_id,
        newer.article_id,
        older.article_id,
    ]


def test_a_story_that_changes_a_little_every_day_leaves_its_group(newsroom: Newsroom) -> None:
    texts = [[*WIRE[40 * n :], *prose(20, 40 * n).split()] for n in range(6)]
    places = newsroom.places(*(told(text, f"paper{n}") for n, text in enumerate(texts)))
    groups = [place.group_id for place in places if place]

    assert len(groups) == 6
    assert groups[0] == groups[1] == groups[2]
    assert groups[5] != groups[0]


def test_the_earliest_published_is_named_and_changes_no_role(newsroom: Newsroom) -> None:
    late = told(WIRE, "b", published=printed(NOON - 3 * HOUR))
    vague = told(WIRE, "d", published=printed(NOON - 50 * HOUR, Precision.DAY))
    first, second, third, fourth = newsroom.places(
        told(WIRE, published=printed(NOON)), late, told(WIRE[:280], "c", published=printed(NOON)), vague
    )

    assert first
    assert second
    assert third
    assert fourth
    assert (first.role, first.original_id) == ("original", first.group_id)
    assert (second.role, second.original_id) == ("copy", late.article_id)
    assert third.original_id == fourth.original_id == late.article_id


def test_a_later_version_stays_in_the_group_whatever_it_says(newsroom: Newsroom) -> None:
    other = told(prose(4, 300).split(), "c")
    copy = told(WIRE[:280], "b")
    changed = replace(told(prose(4, 290).split(), "b", version=2), article_id=copy.article_id)
    emptied = replace(told(["gone"], "b", version=3), article_id=copy.article_id)
    _, _, before, after, last = newsroom.places(told(WIRE), other, copy, changed, emptied)

    assert before
    assert after
    assert (after.group_id, after.role, after.first_seen) == (before.group_id, before.role, before.first_seen)
    assert last == after


def test_nothing_is_lost_or_turned_round(memory: SqlMemory) -> None:
    texts = [at_offset(told(WIRE, f"paper{n}"), n) for n in range(30)]
    with memory.claims() as claims:
        grouped = group(texts, claims)

    assert [made.article_id for made in grouped] == [made.article_id for made in texts]
    assert {made.syndication.group_id for made in grouped if made.syndication} == {texts[0].article_id}


def test_without_a_window_nobody_looks(memory: SqlMemory) -> None:
    with SqlMemory(memory._database, window=None).claims() as claims:
        assert group([told(WIRE)], claims) == [told(WIRE)]
