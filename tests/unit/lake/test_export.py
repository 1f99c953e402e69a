"""The export: what is written, what is left alone, and what is mended after a kill."""

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from expectations.good import Article, article
from ingestion.errors import Unreadable
from ingestion.lake.compaction import compact
from ingestion.lake.delta import DeltaLake
from ingestion.lake.export import ExportReport, export_articles
from ingestion.lake.manifest import read_manifest, verify
from ingestion.lake.ordering import rows_per_pass, sorted_tables
from ingestion.lake.reader import DayFiles, LakeReader
from ingestion.lake.report import AuditReport, Check
from ingestion.ports import TopicPartition
from schemas import latest, lock

ROOT = Path(__file__).parents[3]
P0 = TopicPartition("news.articles", 0)
FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONDAY, TUESDAY = FIRST.date(), FIRST.date() + timedelta(days=1)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file:{tmp_path}/lake"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "articles"


def store(url: str, *numbers: int, day: int = 0) -> None:
    lake = DeltaLake(url)
    start = lake.next_offset(P0) or 0
    rows: list[Article] = [article(n, ingested_at=FIRST + timedelta(days=day)) for n in numbers]
    lake.append(rows, {P0: start}, {P0: start + len(rows)})


def export(url: str, folder: Path) -> ExportReport:
    return export_articles(LakeReader(url), folder)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_each_day_is_one_file_that_the_manifest_vouches_for(url: str, folder: Path) -> None:
    store(url, 1, 2)
    store(url, 3, day=1)
    report = export(url, folder)
    manifest = read_manifest(folder)

    assert manifest is not None
    assert manifest.files == report.files
    assert [(file.day, file.rows) for file in report.files] == [(MONDAY, 2), (TUESDAY, 1)]
    assert (manifest.rows, manifest.bytes) == (report.rows, report.bytes)
    assert manifest.contract.fingerprint == lock()["article"][str(latest("article").version)]["fingerprint"]
    assert manifest.lake_version == LakeReader(url).version
    assert report.written_days == (MONDAY, TUESDAY)
    assert verify(folder) == []


def test_an_export_of_an_empty_lake_is_an_empty_manifest(url: str, folder: Path) -> None:
    assert export(url, folder).files == ()
    assert verify(folder) == []


def test_rows_are_sorted_and_complete_and_their_fields_documented(url: str, folder: Path) -> None:
    store(url, 5, 1)
    store(url, 3, 2, 4)
    [file] = export(url, folder).files
    table = pq.read_table(folder / file.path, partitioning=None)

    assert table.column("article_id").to_pylist() == [f"{number:064x}" for number in range(1, 6)]
    assert table.to_pylist(maps_as_pydicts="strict")[0] == article(1, ingested_at=FIRST)
    assert table.schema.field("headline").metadata[b"doc"].startswith(b"The headline")
    assert pq.read_metadata(folder / file.path).metadata[b"contract_name"] == b"article"


def test_a_second_export_touches_nothing(url: str, folder: Path) -> None:
    store(url, 1, 2)
    export(url, folder)
    before = contents(folder)
    report = export(url, folder)

    assert contents(folder) == before
    assert (report.written_days, report.unchanged_days) == ((), (MONDAY,))


def test_a_day_that_gained_rows_gets_a_new_file_and_the_others_stay(url: str, folder: Path) -> None:
    store(url, 1)
    store(url, 2, day=1)
    before = {file.day: file for file in export(url, folder).files}
    store(url, 3, day=1)
    report = export(url, folder)
    after = {file.day: file for file in report.files}

    assert report.written_days == (TUESDAY,)
    assert after[MONDAY] == before[MONDAY]
    assert after[TUESDAY].rows == 2
    assert not (folder / before[TUESDAY].path).exists()
    assert verify(folder) == []


def test_compaction_leaves_the_exported_files_byte_for_byte(url: str, folder: Path) -> None:
    for number in (3, 1, 2):
        store(url, number)
    [before] = export(url, folder).files
    content = contents(folder)[before.path]
    compact(url, retention_hours=0)
    report = export(url, folder)

    assert contents(folder)[before.path] == content
    assert report.unchanged_days == (MONDAY,)


def test_strays_are_taken_away_and_lost_files_are_written_again(url: str, folder: Path) -> None:
    store(url, 1)
    [file] = export(url, folder).files
    day = (folder / file.path).parent
    for stray in (".part-1.tmp", "part-0000000000000000.parquet"):
        (day / stray).write_bytes(b"half")
    os.truncate(folder / file.path, 10)
    assert verify(folder) == [f"{file.path} has 10 bytes, not {file.bytes}"]
    report = export(url, folder)

    assert report.files == (file,)
    assert [path.name for path in day.iterdir()] == [Path(file.path).name]
    assert verify(folder) == []


def test_verify_finds_a_changed_byte_and_a_missing_file(url: str, folder: Path) -> None:
    store(url, 1)
    assert verify(folder) == [f"{folder / 'manifest.json'} is missing"]
    [file] = export(url, folder).files
    path = folder / file.path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert verify(folder) == [f"{file.path} has another checksum than it was written with"]
    path.unlink()
    assert verify(folder) == [f"{file.path} is missing"]


def test_a_manifest_that_is_no_manifest_is_refused(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")

    with pytest.raises(Unreadable):
        read_manifest(folder)


def test_the_audit_of_a_day_is_in_the_manifest_where_it_judged_the_same_rows(url: str, folder: Path) -> None:
    store(url, 1, 2)
    store(url, 3, day=1)
    audits = {day: an_audit(day, rows=2) for day in (MONDAY, TUESDAY)}
    monday, tuesday = export_articles(LakeReader(url), folder, audits=audits).files

    assert monday.audit is not None
    assert (monday.audit.passed, monday.audit.not_met) == (True, ("authors_are_often_known",))
    assert tuesday.audit is None


def test_an_order_in_several_passes_is_the_order_in_one(url: str) -> None:
    numbers = [number * 7 % 60 for number in range(60)]
    for start in range(0, 60, 20):
        store(url, *numbers[start : start + 20])
    reader = LakeReader(url)
    [day] = reader.days()
    from ingestion.lake import ordering

    order = ordering._order(reader, day)
    passes = [ordering._gathered(reader, day, order[start : start + 7]) for start in range(0, 60, 7)]
    [whole] = sorted_tables(reader, day)

    assert [n for part in passes for n in part.column("article_id").to_pylist()] == whole.column(
        "article_id"
    ).to_pylist()
    assert whole.column("article_id").to_pylist() == [f"{number:064x}" for number in range(60)]


def test_a_pass_is_made_of_whole_row_groups_within_the_budget() -> None:
    day = DayFiles(date(2026, 3, 2), ("a",), rows=1_000_000, bytes=1_500_000_000)

    assert rows_per_pass(day, 256 * 1024 * 1024) == 20_000
    assert rows_per_pass(day, 1) == 10_000


EXPORTER = """
import sys
from pathlib import Path
from ingestion.lake.export import export_articles
from ingestion.lake.reader import LakeReader
export_articles(LakeReader(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("sign", [".part-*.tmp", "part-*.parquet", "manifest.json"])
def test_an_export_killed_half_way_is_mended_by_the_next(url: str, folder: Path, sign: str) -> None:
    for day in range(3):
        store(url, *range(day * 40, day * 40 + 40), day=day)
    command = [sys.executable, "-c", EXPORTER, url, str(folder)]
    with subprocess.Popen(command, cwd=ROOT) as exporter:
        while exporter.poll() is None and not any(folder.rglob(sign)):
            time.sleep(0.0005)
        exporter.kill()
    manifest = read_manifest(folder)
    assert manifest is None or verify(folder) == []
    report = export(url, folder)
    named = {*(file.path for file in report.files), "manifest.json", ".export.lock"}

    assert verify(folder) == []
    assert report.rows == 120
    assert set(contents(folder)) == named


def an_audit(day: date, *, rows: int) -> AuditReport:
    check = Check(
        expectation="authors_are_often_known", statement="b", why="c", severity="warning", outcome="failed"
    )
    return AuditReport(
        audit_id=f"day-{day}", audited_at=FIRST, day=day, rows=rows, passed=True, checks=(check,)
    )
