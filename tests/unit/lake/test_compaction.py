"""Compaction: fewer files, the same rows, and nobody disturbed who reads or writes meanwhile."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from expectations.good import article
from ingestion.lake.compaction import Compacted, compact
from ingestion.lake.delta import DeltaLake
from ingestion.lake.reader import LakeReader
from ingestion.ports import TopicPartition
from schemas.arrow import table_of

P0 = TopicPartition("news.articles", 0)
MONDAY, TUESDAY = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 3))


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A lake of two days, three files each."""
    url = f"file:{tmp_path}/lake"
    lake = DeltaLake(url)
    for number in range(6):
        row = article(number, ingested_at=MONDAY if number % 2 else TUESDAY)
        lake.append(table_of("article", [row]), {P0: number}, {P0: number + 1})
    return url


def rows_of(reader: LakeReader) -> list[str]:
    rows = [str(row) for day in reader.days() for row in reader.day(day.day).to_pylist()]
    return sorted(rows)


def test_each_day_becomes_one_file_with_the_same_rows(url: str) -> None:
    before = rows_of(LakeReader(url))
    done = compact(url)
    reader = LakeReader(url)

    assert (done.files_before, done.files_after) == (6, 2)
    assert [(day.day, len(day.files), day.rows) for day in reader.days()] == [
        (MONDAY.date(), 1, 3),
        (TUESDAY.date(), 1, 3),
    ]
    assert rows_of(reader) == before


def test_a_second_compaction_has_nothing_to_do_and_says_nothing_in_the_log(url: str) -> None:
    first = compact(url)
    second = compact(url)

    assert second == Compacted(2, 2, 0, first.version)


def test_a_file_of_a_killed_writer_is_deleted_after_the_retention(url: str, tmp_path: Path) -> None:
    day = tmp_path / "lake" / "ingested_date=2026-03-02"
    old, new = day / "old.parquet", day / "new.parquet"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    done = compact(url)

    assert done.files_deleted == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_a_reader_that_began_before_reads_on(url: str) -> None:
    reader = LakeReader(url)
    before = rows_of(reader)
    done = compact(url)

    assert done.files_deleted == 0
    assert rows_of(reader) == before


def test_replaced_files_are_deleted_after_their_retention(url: str, tmp_path: Path) -> None:
    compact(url)
    kept = set((tmp_path / "lake").glob("ingested_date=*/*.parquet"))
    done = compact(url, retention_hours=0)
    left = set((tmp_path / "lake").glob("ingested_date=*/*.parquet"))

    assert (len(kept), done.files_deleted, len(left)) == (8, 6, 2)


def test_a_writer_that_began_before_writes_on(url: str) -> None:
    writer = DeltaLake(url)
    assert writer.next_offset(P0) == 6
    compact(url, retention_hours=0)
    writer.append(table_of("article", [article(6)]), {P0: 6}, {P0: 7})

    assert LakeReader(url).count() == 7
    assert DeltaLake(url).next_offset(P0) == 7


def test_a_lake_that_is_not_there_is_left_alone(tmp_path: Path) -> None:
    assert compact(f"file:{tmp_path}/none") == Compacted(0, 0, 0, None)
    assert list(tmp_path.iterdir()) == []
