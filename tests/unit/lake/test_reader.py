"""The reading side: what it finds, and that a process can end in the middle of reading."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from expectations.good import article
from ingestion.lake.delta import DeltaLake
from ingestion.lake.reader import LakeReader
from ingestion.ports import TopicPartition
from schemas.arrow import table_of

ROOT = Path(__file__).parents[3]
P0 = TopicPartition("news.articles", 0)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file:{tmp_path}/ein Ort/بحيرة"


def test_a_day_is_that_of_ingested_at_in_utc(url: str) -> None:
    times = [datetime(2026, 3, 2, 23, 59, 59, 999_999, UTC), datetime(2026, 3, 3, tzinfo=UTC)]
    rows = [article(number, ingested_at=at) for number, at in enumerate(times)]
    DeltaLake(url).append(table_of("article", rows), {P0: 0}, {P0: 2})
    reader = LakeReader(url)

    assert [(day.day, day.rows) for day in reader.days()] == [(date(2026, 3, 2), 1), (date(2026, 3, 3), 1)]
    assert reader.day(date(2026, 3, 3), ["article_id"]).to_pylist() == [{"article_id": rows[1]["article_id"]}]
    assert reader.day(date(2026, 3, 4)).num_rows == 0


def test_versions_of_an_article_come_oldest_first(url: str) -> None:
    rows = [article(1, version=2, body="later"), article(2), article(1, version=1, body="first")]
    DeltaLake(url).append(table_of("article", rows), {P0: 0}, {P0: 3})

    assert LakeReader(url).versions_of(str(rows[0]["article_id"])) == [rows[2], rows[0]]


@pytest.mark.slow
def test_a_process_can_end_in_the_middle_of_reading(url: str) -> None:
    lake = DeltaLake(url)
    for number in range(5):
        lake.append(table_of("article", [article(number)]), {P0: number}, {P0: number + 1})
    code = f"""
from ingestion.lake.reader import LakeReader
reader = LakeReader({url!r})
begun = reader.batches(reader.days()[0].day)
next(begun)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=30, check=False)

    assert done.returncode == 0
