"""The counts of lines: each article once, in a window, bounded, by several writers."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import delete, func, select

from ingestion import stages
from ingestion.article import Article, Paragraph, ParagraphRole, Publisher
from ingestion.stages.edges import line_hash
from ingestion.stages.trim import FEWEST_ARTICLES
from ingestion.state.claims import SqlMemory
from ingestion.state.database import StateDatabase
from ingestion.state.furniture import Spans, spans_of
from ingestion.state.tables import metadata, publisher_articles, publisher_lines
from tests.builders import NOON, article, at_offset
from tests.unit.stages.words import prose

FOOTER = "Become a member of the paper that tells the news of the bay."
DAY = timedelta(days=1)
WRITERS = 3


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateDatabase]:
    opened = StateDatabase(f"sqlite:{tmp_path_factory.mktemp('state') / 'state.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def database(shared: StateDatabase) -> StateDatabase:
    return emptied(shared)


def emptied(database: StateDatabase) -> StateDatabase:
    with database.transaction() as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    return database


def told(
    number: int, *last: str, offset: int = -1, days: float = 0, paper: str = "bay", words: int = 12
) -> Article:
    """An article with two lines of its own at its end, and these below."""
    texts = (*(prose(10 * number + n, words) for n in range(6)), *last)
    at = NOON + days * DAY
    made = article(
        f"Story {number}",
        canonical_url=f"http://{paper}.example/{number}",
        paragraphs=tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in texts),
        publisher=Publisher(id=paper),
        fetched_at=at,
        ingested_at=at,
    )
    ready = stages.prepare(made)
    assert isinstance(ready, Article)
    return at_offset(ready, number if offset < 0 else offset)


def claim(memory: SqlMemory, articles: Sequence[Article]) -> list[object]:
    with memory.claims() as claims:
        return list(stages.claim_all(articles, claims))


def counted(memory: SqlMemory, text: str = FOOTER, days: float = 0, paper: str = "bay") -> tuple[int, int]:
    """How many articles are counted of a publisher, and how many with this line."""
    with memory.claims() as claims:
        asked = told(99_999, days=days, paper=paper)
        articles, seen = claims.furniture.seen(asked, [line_hash(text)])
    return articles, sum(sightings.articles for sightings in seen.values())


def rows(database: StateDatabase) -> tuple[int, int]:
    with database.reading() as connection:
        lines, papers = (
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (publisher_lines, publisher_articles)
        )
    return lines, papers


def test_an_article_is_counted_once(database: StateDatabase) -> None:
    memory = SqlMemory(database)
    batch = [told(1, FOOTER), told(2, FOOTER)]
    claim(memory, batch)
    claim(memory, batch)
    claim(memory, [told(1, FOOTER, offset=10)])
    claim(memory, [told(1, "Changed.", FOOTER, offset=11)])
    claim(memory, [replace(told(2, FOOTER, offset=12), article_id="9" * 64)])

    assert counted(memory) == (2, 2)


def test_what_a_batch_counts_is_seen_within_it(database: StateDatabase) -> None:
    with SqlMemory(database).claims() as claims:
        for number in range(3):
            made = told(number, FOOTER)
            stages.claim(made, claims)
        articles, seen = claims.furniture.seen(made, [line_hash(FOOTER), line_hash("Never printed.")])

    assert articles == 3
    assert {line: sightings.articles for line, sightings in seen.items()} == {line_hash(FOOTER): 3}


def test_counts_of_a_failed_block_are_not_kept(database: StateDatabase) -> None:
    memory = SqlMemory(database)
    with pytest.raises(RuntimeError), memory.claims() as claims:
        stages.claim_all([told(1, FOOTER)], claims)
        raise RuntimeError

    assert counted(memory) == (0, 0)
    assert rows(database) == (0, 0)


def test_one_publishers_lines_are_not_anothers(database: StateDatabase) -> None:
    memory = SqlMemory(database)
    claim(memory, [told(1, FOOTER, paper="bay"), told(2, FOOTER, paper="cape"), told(3, paper="cape")])

    assert counted(memory, paper="bay") == (1, 1)
    assert counted(memory, paper="cape") == (2, 1)


def test_a_design_that_has_passed_is_forgotten(database: StateDatabase) -> None:
    memory = SqlMemory(database, spans=spans_of(days=8))
    claim(memory, [told(number, FOOTER) for number in range(5)])
    later = counted(memory, days=4)
    claim(memory, [told(10, days=4.1)])
    claim(memory, [told(11, days=8.2)])

    assert later == (5, 5)
    assert counted(memory, days=8.2) == (2, 0)
    assert counted(memory) == (0, 0)


def test_the_lines_on_the_fewest_articles_go_the_oldest_first(database: StateDatabase) -> None:
    memory = SqlMemory(database, spans=Spans(hours=14 * 24, most_lines=20))
    for number in range(12):
        claim(memory, [told(number, FOOTER, days=number / 100)])
    own_last = [told(number).paragraphs[-1].text for number in range(12)]
    claim(memory, [told(12, FOOTER, days=0.2, paper="cape")])

    assert rows(database)[0] <= 25 + 6
    assert counted(memory) == (12, 12)
    assert counted(memory, own_last[0]) == (12, 0)
    assert counted(memory, own_last[11]) == (12, 1)


def test_nothing_is_counted_where_nothing_is_to_be_learned(database: StateDatabase) -> None:
    learning, resting = SqlMemory(database), SqlMemory(database, spans=spans_of(days=0))
    batch = [told(number, FOOTER) for number in range(12)]
    claim(learning, batch)
    before = rows(database)
    results = claim(resting, [told(number, FOOTER) for number in range(20, 24)])
    again = claim(resting, [told(number, FOOTER, offset=100 + number) for number in range(12)])

    assert rows(database) == before
    assert all(isinstance(made, Article) and made.body.endswith(FOOTER) for made in results)
    assert not any(isinstance(made, Article) for made in again)


def test_writers_at_once_lose_no_count(database: StateDatabase) -> None:
    memory = SqlMemory(database)

    def work(writer: int) -> None:
        for number in range(5):
            claim(memory, [told(100 * writer + number, FOOTER)])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    assert counted(memory) == (40, 40)


def test_processes_at_once_lose_no_count(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'state.sqlite'}"
    script = (
        "import sys; from tests.unit.state.test_furniture import *\n"
        "memory = SqlMemory(StateDatabase(sys.argv[1]))\n"
        "for number in range(8): claim(memory, [told(100 * int(sys.argv[2]) + number, FOOTER)])"
    )
    working = [subprocess.Popen([sys.executable, "-c", script, url, str(n)]) for n in range(WRITERS)]

    assert [process.wait() for process in working] == [0] * WRITERS
    assert counted(SqlMemory(StateDatabase(url))) == (8 * WRITERS, 8 * WRITERS)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_crashes_between_claims_and_commit_change_no_body(data: st.DataObject, shared: StateDatabase) -> None:
    visits = [*range(FEWEST_ARTICLES), *data.draw(st.lists(st.integers(0, 14), min_size=1, max_size=10))]
    changed = data.draw(st.sets(st.integers(0, len(visits) - 1)))
    articles = [
        told(number, *(["Changed."] if visit in changed else []), FOOTER, offset=visit)
        for visit, number in enumerate(visits)
    ]
    undisturbed = claim(SqlMemory(emptied(shared)), articles)
    counts = counted(SqlMemory(shared))

    memory = SqlMemory(emptied(shared))
    found: list[object] = []
    while len(found) < len(articles):
        length = data.draw(st.integers(1, len(articles) - len(found)))
        batch = claim(memory, articles[len(found) : len(found) + length])
        if not data.draw(st.booleans()):
            found += batch

        # A crash keeps the claims and loses the commit: the same records come again, in other batches.
    assert found == undisturbed
    assert counted(memory) == counts
