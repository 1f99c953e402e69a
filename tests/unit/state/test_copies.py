from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import cycle, islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import delete, func, select

from ingestion import stages
from ingestion.article import Article, Publisher, Syndication
from ingestion.stages.fingerprint import fingerprint
from ingestion.stages.group import group
from ingestion.state.claims import SqlMemory
from ingestion.state.copies import MOST_ROWS_OF_A_KEY, Window, window_of
from ingestion.state.database import StateDatabase
from ingestion.state.tables import (
    article_texts,
    article_versions,
    copies,
    copy_keys,
    fingerprints,
    rechecks,
)
from tests.builders import NOON, article, at_offset
from tests.unit.stages.words import prose

STORIES = [prose(seed, 120) for seed in range(3)]
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateDatabase]:
    opened = StateDatabase(f"sqlite:{tmp_path_factory.mktemp('state') / 'state.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def memory(database: StateDatabase) -> SqlMemory:
    return emptied(database)


def emptied(database: StateDatabase, window: Window | None = None) -> SqlMemory:
    with database.transaction() as connection:
        for table in (copies, copy_keys, article_versions, article_texts, rechecks, fingerprints):
            connection.execute(delete(table))
    return SqlMemory(database, window=window or window_of(days=14, most_articles=1_000))


def told(text: str, paper: int, offset: int, partition: int = 0) -> Article:
    made = article(
        body=text,
        canonical_url=f"http://paper{paper}.example/{text[:12].replace(' ', '-')}",
        publisher=Publisher(id=f"paper{paper}"),
        ingested_at=NOON + timedelta(minutes=offset),
        fetched_at=NOON + timedelta(minutes=offset),
    )
    return at_offset(fingerprint(made), offset, partition)


def places(memory: SqlMemory, articles: Sequence[Article]) -> list[Syndication | None]:
    with memory.claims() as claims:
        results = stages.claim_all(articles, claims)
    return [result.syndication if isinstance(result, Article) else None for result in results]


def rows(database: StateDatabase) -> tuple[int, int]:
    with database.reading() as connection:
        kept, keys = (connection.scalar(select(func.count()).select_from(t)) for t in (copies, copy_keys))
    return kept or 0, keys or 0


def test_a_record_that_is_read_again_keeps_its_place(memory: SqlMemory) -> None:
    batch = [told(STORIES[0], paper, paper) for paper in range(3)]
    before = places(memory, batch)

    assert before[2]
    assert before[2].group_id == batch[0].article_id
    assert places(memory, batch) == before
    assert [place for made in batch for place in places(memory, [made])] == before


def test_a_record_of_another_log_is_not_taken_for_the_one_that_was_placed(database: StateDatabase) -> None:
    emptied(database)
    before = SqlMemory(database, topic_id=lambda _: "before")
    after = SqlMemory(database, topic_id=lambda _: "after")
    places(before, [told(STORIES[0], 1, offset=5)])
    (place,) = places(after, [told(STORIES[1], 2, offset=5)])

    assert place
    assert place.group_id == told(STORIES[1], 2, 5).article_id


def test_places_of_a_failed_block_are_not_kept(memory: SqlMemory, database: StateDatabase) -> None:
    with pytest.raises(RuntimeError), memory.claims() as claims:
        group([told(STORIES[0], 1, 0)], claims)
        raise RuntimeError

    assert rows(database) == (0, 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_crashes_between_claims_and_commit_change_no_place(
    data: st.DataObject, database: StateDatabase
) -> None:
    visits = data.draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 40)), min_size=1, max_size=10)
    )
    articles = [
        told(f"{STORIES[story]} {' '.join(STORIES[2].split()[:extra])}", paper, offset)
        for offset, (story, paper, extra) in enumerate(visits)
    ]
    undisturbed = places(emptied(database), articles)

    memory = emptied(database)
    found: list[Syndication | None] = []
    while len(found) < len(articles):
        length = data.draw(st.integers(1, len(articles) - len(found)))
        batch = places(memory, articles[len(found) : len(found) + length])
        if not data.draw(st.booleans()):
            found += batch

        # A crash keeps the places and loses the commit: the same records come again, in other batches.
    assert found == undisturbed


def test_what_is_older_than_the_window_is_not_found_and_is_forgotten(database: StateDatabase) -> None:
    memory = emptied(database, window_of(days=2, most_articles=1_000))
    old = told(STORIES[0], 1, 0)
    inside = replace(told(STORIES[0], 2, 1), ingested_at=old.ingested_at + 2 * DAY)
    outside = replace(told(STORIES[0], 3, 2), ingested_at=inside.ingested_at + 2 * DAY + timedelta(seconds=1))
    groups = [place.group_id for made in (old, inside, outside) for place in places(memory, [made]) if place]

    assert groups == [old.article_id, old.article_id, outside.article_id]
    assert rows(database)[0] == 1


def test_the_window_holds_no_more_than_it_may(database: StateDatabase) -> None:
    memory = emptied(database, window_of(days=14, most_articles=20))
    texts = (prose(seed, 60) for seed in range(200))
    for start in range(0, 200, 10):
        places(memory, [told(text, 1, start + n) for n, text in enumerate(islice(texts, 10))])

    kept, keys = rows(database)
    assert kept == 20
    assert keys == 16 * 20


def test_a_text_that_everybody_has_fills_no_table(database: StateDatabase) -> None:
    memory = emptied(database)
    boilerplate = prose(9, 400)
    papers = cycle(range(50))
    for start in range(0, 200, 50):
        batch = [
            told(f"{boilerplate} {prose(1_000 + n, 30)}", next(papers), n) for n in range(start, start + 50)
        ]
        places(memory, batch)
    with database.reading() as connection:
        longest = connection.scalar(
            select(func.count())
            .select_from(copy_keys)
            .group_by(copy_keys.c.key)
            .order_by(func.count().desc())
        )

    assert longest is not None
    assert 2 <= longest <= MOST_ROWS_OF_A_KEY


def test_a_large_batch_is_looked_up_in_parts(memory: SqlMemory) -> None:
    first = [told(prose(seed, 60), 1, seed) for seed in range(700)]
    again = [told(prose(seed, 60), 2, 1_000 + seed) for seed in range(700)]
    places(memory, first)
    found = places(memory, again)

    assert [place and place.group_id for place in found] == [made.article_id for made in first]
