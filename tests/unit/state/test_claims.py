from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from ingestion.article import Article
from ingestion.stages import claim
from ingestion.stages.fingerprint import fingerprint
from ingestion.state.claims import SqlMemory
from ingestion.state.database import StateDatabase
from ingestion.state.tables import article_texts, article_versions, fingerprints, rechecks
from tests.builders import NOON, article, at_offset


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateDatabase]:
    opened = StateDatabase(f"sqlite:{tmp_path_factory.mktemp('state') / 'state.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def memory(database: StateDatabase) -> SqlMemory:
    return emptied(database)


def emptied(database: StateDatabase) -> SqlMemory:
    with database.transaction() as connection:
        connection.execute(delete(article_versions))
        connection.execute(delete(article_texts))
        connection.execute(delete(rechecks))
        connection.execute(delete(fingerprints))
    return SqlMemory(database)


def seen(url: int, content: int, offset: int, partition: int = 0) -> Article:
    made = article(
        body=f"Content {content}.",
        canonical_url=f"http://publisher.example/{url}",
        fetched_at=NOON + timedelta(minutes=offset),
    )
    return at_offset(fingerprint(made), offset, partition)


def decide(memory: SqlMemory, articles: Sequence[Article]) -> list[str]:
    with memory.claims() as claims:
        results = [claim(made, claims) for made in articles]
    return [f"v{r.version}" if isinstance(r, Article) else r.label for r in results]


def test_the_same_content_again_is_unchanged_and_another_is_a_new_version(memory: SqlMemory) -> None:
    decisions = decide(memory, [seen(1, 1, 0), seen(1, 1, 1), seen(1, 2, 2), seen(1, 1, 3)])

    assert decisions == ["v1", "unchanged", "v2", "v3"]


def test_one_publishers_text_at_a_second_address_is_a_duplicate(memory: SqlMemory) -> None:
    assert decide(memory, [seen(1, 1, 0), seen(2, 1, 1)]) == ["v1", "duplicate"]


def test_an_older_observation_that_arrives_late_is_no_new_version_of_what_is_known(memory: SqlMemory) -> None:
    first, second = seen(1, 1, 0), seen(1, 2, 10)
    late = at_offset(seen(1, 1, 5), 5, partition=1)

    assert decide(memory, [first, second, late]) == ["v1", "v2", "unchanged"]


def test_two_texts_of_one_moment_stay_two_versions_when_they_are_read_again(memory: SqlMemory) -> None:
    texts = [seen(1, 1, 0), seen(1, 2, 0)]
    again = [at_offset(text, offset, partition=1) for offset, text in enumerate(texts * 2)]

    assert decide(memory, [texts[0], at_offset(texts[1], 1), *again]) == ["v1", "v2", *["unchanged"] * 4]


def test_claims_of_a_failed_block_are_not_kept(memory: SqlMemory) -> None:
    with pytest.raises(RuntimeError), memory.claims() as claims:
        claim(seen(1, 1, 0), claims)
        raise RuntimeError

    assert decide(memory, [seen(2, 1, 1)]) == ["v1"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_crashes_between_claims_and_commit_change_no_decision(
    data: st.DataObject, database: StateDatabase
) -> None:
    visits = data.draw(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=12))
    articles = [seen(url, content, offset) for offset, (url, content) in enumerate(visits)]
    undisturbed = decide(emptied(database), articles)

    memory = emptied(database)
    decisions: list[str] = []
    while len(decisions) < len(articles):
        length = data.draw(st.integers(1, len(articles) - len(decisions)))
        batch = decide(memory, articles[len(decisions) : len(decisions) + length])
        if not data.draw(st.booleans()):
            decisions += batch

        # A crash keeps the claims and loses the commit: the same records come again, in other batches.
    assert decisions == undisturbed


def test_a_record_of_another_log_is_not_taken_for_the_one_that_claimed(database: StateDatabase) -> None:
    emptied(database)
    before = SqlMemory(database, topic_id=lambda _: "before")
    after = SqlMemory(database, topic_id=lambda _: "after")

    assert decide(before, [seen(1, content=1, offset=5)]) == ["v1"]
    assert decide(after, [seen(1, content=2, offset=5)]) == ["v2"]
    assert decide(after, [seen(1, content=2, offset=6)]) == ["unchanged"]


def test_what_another_log_claimed_at_a_later_offset_is_known(database: StateDatabase) -> None:
    emptied(database)
    before = SqlMemory(database, topic_id=lambda _: "before")
    after = SqlMemory(database, topic_id=lambda _: "after")

    assert decide(before, [seen(1, content=1, offset=9)]) == ["v1"]
    assert decide(after, [seen(1, content=1, offset=0)]) == ["unchanged"]
