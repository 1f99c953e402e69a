"""What a publisher prints at the ends of many articles: learned, taken off, and told in the ledger."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestion import stages
from ingestion.article import (
    Article,
    Drop,
    Gone,
    Moment,
    Outcome,
    Paragraph,
    ParagraphRole,
    Precision,
    Publisher,
    PubStatus,
    TimezoneBasis,
)
from ingestion.ports import Sightings
from ingestion.stages.evidence import REACH, evidence
from ingestion.stages.trim import FEWEST_ARTICLES, LEARNED, is_furniture, taken_off
from ingestion.state.claims import SqlMemory
from ingestion.state.database import StateDatabase
from tests.builders import NOON, article, at_offset
from tests.unit.stages.words import prose

FOOTER = "Support independent journalism: become a member today."
BACKGROUND = "The Orme dam has been closed to visitors since a crack was found in its wall in March."
DAY = timedelta(days=1)
DAYS = (1 << 3) - 1


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[SqlMemory]:
    database = StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")
    yield SqlMemory(database)
    database.close()


def published(at: datetime) -> Moment:
    return Moment(
        at=at,
        precision=Precision.SECOND,
        timezone_basis=TimezoneBasis.EXPLICIT,
        source="test",
        raw="raw",
    )


def told(number: int, *last: str, about: str = "", publisher: str = "kelp-post", visit: int = 0) -> Article:
    """An article of its own, one a day, with these lines below it."""
    texts = [f"{about} {prose(10 * number + n, 30)}".strip() for n in range(5)]
    paragraphs = [Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in (*texts, *last)]
    made = article(
        f"Story {number}",
        canonical_url=f"http://{publisher}.example/{number}",
        discovered_url=f"http://{publisher}.example/{number}",
        paragraphs=tuple(paragraphs),
        publisher=Publisher(id=publisher),
        published=published(NOON - (number % 5) * DAY),
        fetched_at=NOON + timedelta(minutes=visit),
        ingested_at=NOON + timedelta(minutes=visit),
    )
    ready = stages.prepare(made)
    assert isinstance(ready, Article)
    return at_offset(ready, 1_000 * visit + number)


def claim(memory: SqlMemory, articles: Sequence[Article | Gone]) -> list[object]:
    with memory.claims() as claims:
        return list(stages.claim_all(articles, claims))


def learned(results: Sequence[object]) -> list[bool]:
    """Which of these articles lost a line."""
    return [bool(taken_off(made)) for made in results if isinstance(made, Article)]


def test_a_line_below_many_articles_is_taken_off_the_later_ones(memory: SqlMemory) -> None:
    results = claim(memory, [told(number, FOOTER) for number in range(12)])
    last = results[-1]

    assert learned(results) == [False] * FEWEST_ARTICLES + [True] * 4
    assert isinstance(last, Article)
    assert last.body == told(11).body
    assert last.paragraphs == told(11).paragraphs
    assert last.content_hash == told(11).content_hash
    assert [(piece.rule, piece.text) for piece in last.extraction.removed] == [(LEARNED, FOOTER)]


def test_batches_change_nothing(memory: SqlMemory) -> None:
    one_by_one = [claim(memory, [told(number, FOOTER)])[0] for number in range(12)]

    assert learned(one_by_one) == [False] * FEWEST_ARTICLES + [True] * 4


def test_background_of_a_running_story_stays(memory: SqlMemory) -> None:
    results = claim(
        memory, [told(number, BACKGROUND, about="The Orme dam was closed again.") for number in range(30)]
    )

    assert not any(learned(results))


def test_an_article_that_is_seen_again_is_unchanged_though_more_was_learned(memory: SqlMemory) -> None:
    claim(memory, [told(number, FOOTER) for number in range(20)])
    again = claim(memory, [told(number, FOOTER, visit=1) for number in range(20)])

    assert again == [Drop(Outcome.UNCHANGED, "")] * 20


def test_a_changed_article_loses_the_lines_that_it_lost_before_and_no_others(memory: SqlMemory) -> None:
    claim(memory, [told(number, FOOTER) for number in range(20)])
    early, late = claim(memory, [told(number, "One more.", FOOTER, visit=1) for number in (0, 19)])

    assert isinstance(early, Article)
    assert isinstance(late, Article)
    assert (early.version, late.version) == (2, 2)
    assert early.body.endswith(f"One more.\n\n{FOOTER}")
    assert late.body.endswith("One more.")
    assert late.change
    assert (late.change.paragraphs_added, late.change.paragraphs_removed) == (1, 0)


def test_a_line_that_was_gone_for_one_version_is_taken_off_again(memory: SqlMemory) -> None:
    claim(memory, [told(number, FOOTER) for number in range(20)])
    claim(memory, [told(19, "Without.", visit=1)])
    (back,) = claim(memory, [told(19, FOOTER, visit=2)])

    assert isinstance(back, Article)
    assert back.body == told(19).body


def test_what_comes_back_after_a_withdrawal_is_the_same_text(memory: SqlMemory) -> None:
    claim(memory, [told(number, FOOTER) for number in range(20)])
    seen = told(19, visit=1)
    gone = Gone(
        url="http://kelp-post.example/19",
        pub_status=PubStatus.CANCELED,
        otherwise=Drop(Outcome.DROPPED, "gone"),
        fetched_at=seen.fetched_at,
        ingested_at=seen.ingested_at,
        lineage=seen.lineage,
    )
    (back,) = claim(memory, [replace(told(19, FOOTER, visit=2), source=replace(seen.source, kind="feed"))])
    withdrawn, again = claim(memory, [gone, told(19, FOOTER, visit=3)])

    assert back == Drop(Outcome.UNCHANGED, "")
    assert isinstance(withdrawn, Article)
    assert isinstance(again, Article)
    assert withdrawn.body == again.body == told(19).body
    assert again.change
    assert again.change.fields == ("pub_status",)


def test_the_same_text_at_a_second_address_is_a_duplicate_whatever_was_learned(memory: SqlMemory) -> None:
    claim(memory, [told(number, FOOTER) for number in range(20)])
    address = "http://kelp-post.example/elsewhere"
    second = [
        replace(
            told(number, FOOTER, visit=1), canonical_url=f"{address}/{number}", article_id=f"{number:064}"
        )
        for number in (0, 19)
    ]

    assert claim(memory, second) == [Drop(Outcome.DUPLICATE, "")] * 2


def test_an_article_without_an_address_keeps_its_identity(memory: SqlMemory) -> None:
    claim(memory, [told(number, FOOTER) for number in range(20)])
    from_file = stages.prepare(replace(told(99, FOOTER), canonical_url=None))
    assert isinstance(from_file, Article)
    (made,) = claim(memory, [from_file])
    (again,) = claim(memory, [at_offset(from_file, 5_000)])

    assert learned([made]) == [True]
    assert isinstance(made, Article)
    assert made.article_id == from_file.article_id
    assert again == Drop(Outcome.UNCHANGED, "")


def test_nothing_is_learned_of_unknown_publishers_or_from_others(memory: SqlMemory) -> None:
    unknown = claim(memory, [told(number, FOOTER, publisher="unknown") for number in range(20)])
    others = claim(memory, [told(number, FOOTER, publisher=f"paper{number}") for number in range(20)])

    assert not any(learned([*unknown, *others]))


def test_the_evidence_says_what_the_stage_then_does(memory: SqlMemory) -> None:
    claim(memory, [told(number, FOOTER) for number in range(12)])
    late, early, inner = told(12, FOOTER), told(0, FOOTER, visit=1), told(13, FOOTER, "More.")
    unknown = told(1, FOOTER, publisher="unknown")
    with memory.claims() as claims:
        judged = [evidence(made, claims) for made in (late, early, inner, unknown)]
        made = stages.claim_all([late], claims)

    found = [next((one.is_taken_off, one.why) for one in lines if one.line == FOOTER) for lines in judged]
    counted = "on 12 of 12 articles of its publisher, of 5 days; 0 of them speak of the same"
    assert found == [
        (True, counted),
        (False, "as when it was read before"),
        (False, counted + REACH),
        (False, "of an unknown publisher"),
    ]
    assert learned(made) == [True]
    assert {one.why for one in judged[0] if one.line != FOOTER} == {"on 0 of 12 articles of its publisher"}


@pytest.mark.parametrize(
    ("seen", "articles", "expected"),
    [
        (Sightings(FEWEST_ARTICLES, 0, DAYS), 100, True),
        (Sightings(FEWEST_ARTICLES - 1, 0, DAYS), 10, False),
        (Sightings(FEWEST_ARTICLES, 0, DAYS), 200, False),
        (Sightings(FEWEST_ARTICLES, 0, 0b11), 100, False),
        (Sightings(FEWEST_ARTICLES, 0, 0b1), 3 * FEWEST_ARTICLES, True),
        (Sightings(9, 3, DAYS), 9, True),
        (Sightings(9, 4, DAYS), 9, False),
    ],
    ids=[
        "on one in twelve, on three days",
        "on too few",
        "on too small a share",
        "of a story of two days",
        "on a third of a single day",
        "spoken of on a third",
        "spoken of on more",
    ],
)
def test_what_makes_a_line_furniture(seen: Sightings, articles: int, *, expected: bool) -> None:
    assert is_furniture(seen, articles) is expected
