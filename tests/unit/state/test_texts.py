"""The versions kept to say what the next one changed, and the addresses to go back to."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestion import stages
from ingestion.article import Article, ChangeKind, Drop, Gone, Outcome, PubStatus
from ingestion.source_ports import Habit
from ingestion.stages.fingerprint import fingerprint
from ingestion.state.claims import SqlMemory
from ingestion.state.database import StateDatabase
from ingestion.state.rechecks import SqlRechecks
from ingestion.state.texts import Kept
from tests.builders import NOON, article, at_offset

URL = "http://publisher.example/a"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOT_THERE = Drop(Outcome.DROPPED, "gone")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[StateDatabase]:
    opened = StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")
    yield opened
    opened.close()


def seen(offset: int, body: str = "The first text.", url: str = URL) -> Article:
    at = NOON + offset * HOUR
    made = article(
        body=body, canonical_url=url, discovered_url=url, fetched_url=url, fetched_at=at, ingested_at=at
    )
    return at_offset(fingerprint(made), offset)


def gone(offset: int) -> Gone:
    made = seen(offset)
    return Gone(
        url=URL,
        pub_status=PubStatus.CANCELED,
        otherwise=NOT_THERE,
        fetched_at=made.fetched_at,
        ingested_at=made.ingested_at,
        lineage=made.lineage,
    )


def claim(memory: SqlMemory, *results: Article | Gone) -> Sequence[object]:
    with memory.claims() as claims:
        return stages.claim_all(list(results), claims)


def kinds(results: Sequence[object]) -> list[object]:
    return [
        (one.version, one.change and one.change.kind) if isinstance(one, Article) else one for one in results
    ]


def test_a_change_is_told_from_the_text_that_was_kept(database: StateDatabase) -> None:
    memory = SqlMemory(database)
    results = [claim(memory, seen(0)), claim(memory, seen(1, "Another text."))]

    assert [kinds(some)[0] for some in results] == [(1, None), (2, ChangeKind.UPDATE)]


def test_the_versions_of_one_batch_know_each_other(database: StateDatabase) -> None:
    results = claim(SqlMemory(database), seen(0), seen(1, "Another text."), gone(2), seen(3, "Another text."))

    assert kinds(results) == [
        (1, None),
        (2, ChangeKind.UPDATE),
        (3, ChangeKind.WITHDRAWAL),
        (4, ChangeKind.UPDATE),
    ]


def test_records_that_are_read_again_get_the_same_answers(database: StateDatabase) -> None:
    batch = (seen(0), seen(1, "Another text."), gone(2))
    first = claim(SqlMemory(database), *batch)

    assert claim(SqlMemory(database), *batch) == first
    assert claim(SqlMemory(database), batch[2]) == first[2:]


def test_what_was_never_an_article_is_no_withdrawal(database: StateDatabase) -> None:
    assert claim(SqlMemory(database), gone(0)) == [NOT_THERE]


def test_a_text_that_is_no_longer_kept_still_makes_a_version(database: StateDatabase) -> None:
    memory = SqlMemory(database, kept=Kept(length=DAY, most_versions=1_000))
    claim(memory, seen(0))
    claim(memory, seen(48, "Elsewhere.", url="http://publisher.example/b"))
    (later,) = claim(memory, seen(49, "Another text."))

    assert isinstance(later, Article)
    assert later.change is not None
    assert (later.version, later.change.kind) == (2, ChangeKind.UPDATE)
    assert (later.change.fields, later.change.words_added) == ((), None)


def test_the_oldest_texts_go_where_there_are_too_many(database: StateDatabase) -> None:
    memory = SqlMemory(database, kept=Kept(length=30 * DAY, most_versions=2))
    for number in range(4):
        claim(memory, seen(number, f"Text {number}.", url=f"http://publisher.example/{number}"))
    with memory.claims() as claims:
        kept = [claims.texts.read_at(f"http://publisher.example/{number}") is not None for number in range(4)]

    assert kept == [False, False, True, True]


def test_an_article_is_planned_to_be_visited_again_an_hour_later(database: StateDatabase) -> None:
    claim(SqlMemory(database), seen(0))
    rechecks = SqlRechecks(database)

    assert rechecks.due("source", NOON + 0.5 * HOUR, 10) == []
    (due,) = rechecks.due("source", NOON + HOUR, 10)
    assert (due.url, due.host, due.first_seen, due.checks) == (URL, "publisher.example", NOON, 0)
    assert rechecks.due("another", NOON + HOUR, 10) == []


def test_addresses_where_an_article_was_read_are_known(database: StateDatabase) -> None:
    claim(SqlMemory(database), seen(0))

    assert SqlRechecks(database).planned([URL, "http://publisher.example/b"]) == {URL}


def test_a_change_brings_the_next_visit_forward_and_a_plan_that_is_over_stays_so(
    database: StateDatabase,
) -> None:
    memory, rechecks = SqlMemory(database), SqlRechecks(database)
    other = "http://publisher.example/b"
    claim(memory, seen(0), seen(1, "Elsewhere.", url=other))
    first, second = sorted(rechecks.due("source", NOON + DAY, 10), key=lambda one: one.url)
    rechecks.keep([replace(first, due_at=NOON + DAY), replace(second, due_at=None)])
    claim(memory, seen(3, "Another text."), seen(4, "Elsewhere again.", url=other))

    assert [one.url for one in rechecks.due("source", NOON + 4 * HOUR, 10)] == [URL]
    assert [one.url for one in rechecks.due("source", NOON + 365 * DAY, 10)] == [URL]


def test_what_has_no_page_of_its_own_is_not_visited_again(database: StateDatabase) -> None:
    from_file = replace(seen(0), source=replace(seen(0).source, kind="files"))
    claim(SqlMemory(database), from_file)

    assert SqlRechecks(database).due("source", NOON + DAY, 10) == []


def test_visits_and_changes_make_a_habit(database: StateDatabase) -> None:
    memory, rechecks = SqlMemory(database), SqlRechecks(database)
    claim(memory, seen(0))
    (due,) = rechecks.due("source", NOON + HOUR, 10)
    rechecks.keep([replace(due, checks=1, due_at=NOON + 6 * HOUR)])
    claim(memory, seen(1, "Another text."))

    assert rechecks.habit("source") == Habit(checks=1, changes=1)
    assert rechecks.due("source", NOON + 1.9 * HOUR, 10) == []
    assert [one.changes for one in rechecks.due("source", NOON + 2 * HOUR, 10)] == [1]


def test_one_that_was_visited_for_the_last_time_is_never_due(database: StateDatabase) -> None:
    rechecks = SqlRechecks(database)
    claim(SqlMemory(database), seen(0))
    (due,) = rechecks.due("source", NOON + HOUR, 10)
    rechecks.keep([replace(due, checks=4, due_at=None)])

    assert rechecks.due("source", NOON + 365 * DAY, 10) == []
