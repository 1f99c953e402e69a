"""The export: what is written, what is left alone, held back or refused."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from expectations.good import Article, article
from ingestion.errors import ConfigurationError, Unreadable
from ingestion.lake.compaction import compact
from ingestion.lake.delta import DeltaLake, lake_columns
from ingestion.lake.export import ExportedFile, ExportReport, export_articles
from ingestion.lake.manifest import ContractRef, Manifest, read_manifest, verify, write_manifest
from ingestion.lake.parquet import Records, row_groups
from ingestion.lake.reader import LakeReader
from ingestion.lake.report import AuditReport, Check
from ingestion.ports import TopicPartition
from schemas import latest, lock
from schemas.arrow import arrow_schema, table_of

P0 = TopicPartition("news.articles", 0)
FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = (FIRST.date() + timedelta(days=n) for n in range(3))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file:{tmp_path}/lake"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "articles"


def store(url: str, *numbers: int, day: date = MONDAY) -> None:
    lake = DeltaLake(url)
    start = lake.next_offset(P0) or 0
    at = FIRST + (day - MONDAY)
    rows = [article_at(number, start + index, at) for index, number in enumerate(numbers)]
    lake.append(table_of("article", rows), {P0: start}, {P0: start + len(rows)})


def article_at(number: int, offset: int, at: datetime) -> Article:
    made = article(number, ingested_at=at)
    return {**made, "lineage": {**made["lineage"], "offset": offset}}


def export(url: str, folder: Path, audits: dict[date, AuditReport] | None = None) -> ExportReport:
    return export_articles(LakeReader(url), folder, audits)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_each_day_is_one_file_that_the_manifest_vouches_for(url: str, folder: Path) -> None:
    store(url, 1, 2)
    store(url, 3, day=TUESDAY)
    report = export(url, folder)
    manifest = read_manifest(folder)

    assert manifest.files == report.files
    assert [(file.day, file.rows) for file in report.files] == [(MONDAY, 2), (TUESDAY, 1)]
    assert manifest.contract is not None
    assert manifest.contract.fingerprint == lock()["article"][str(latest("article").version)]["fingerprint"]
    assert manifest.lake_version == LakeReader(url).version
    assert (report.unchanged_days, report.withheld_days, report.removed_days) == ((), (), ())
    assert report.manifest == str(folder / "_manifest.json")
    assert set(contents(folder)) == {"_manifest.json", *(file.path for file in report.files)}
    assert verify(folder) == []


def test_files_are_named_for_their_day_and_their_generation(url: str, folder: Path) -> None:
    store(url, 1)
    [file] = export(url, folder).files

    assert file.path == f"ingested_date=2026-03-02/articles-{file.sha256[:16]}.parquet"


def test_an_export_of_an_empty_lake_is_an_empty_manifest(url: str, folder: Path) -> None:
    assert read_manifest(folder) == Manifest()
    assert export(url, folder).files == ()
    assert read_manifest(folder).files == ()
    assert verify(folder) == []


def test_rows_are_complete_and_their_fields_documented(url: str, folder: Path) -> None:
    store(url, 5, 1)
    store(url, 3)
    [file] = export(url, folder).files
    table = pq.ParquetFile(folder / file.path).read()
    rows = table.to_pylist(maps_as_pydicts="strict")

    assert table.column_names == arrow_schema("article").names
    assert sorted(rows, key=str) == sorted(
        (article_at(number, offset, FIRST) for offset, number in enumerate((5, 1, 3))), key=str
    )
    assert table.schema.field("headline").metadata[b"doc"].startswith(b"The headline")
    assert pq.read_metadata(folder / file.path).metadata[b"contract_name"] == b"article"


def test_a_reader_of_the_files_finds_the_day_in_their_paths(url: str, folder: Path) -> None:
    store(url, 1)
    store(url, 2, day=TUESDAY)
    paths = [str(folder / file.path) for file in export(url, folder).files]
    table = ds.dataset(paths, partitioning="hive", partition_base_dir=str(folder)).to_table()

    assert sorted(map(str, table.column("ingested_date").to_pylist())) == [str(MONDAY), str(TUESDAY)]


def test_a_second_export_writes_nothing_at_all(url: str, folder: Path) -> None:
    store(url, 1, 2)
    export(url, folder)
    before, folder_time = contents(folder), folder.stat().st_mtime_ns
    report = export(url, folder)

    assert contents(folder) == before
    assert folder.stat().st_mtime_ns == folder_time
    assert (report.files, report.unchanged_days) == ((), (MONDAY,))


def test_late_rows_rewrite_their_day_alone(url: str, folder: Path) -> None:
    store(url, 1)
    store(url, 2, day=TUESDAY)
    before = {file.day: file for file in export(url, folder).files}
    untouched = contents(folder)[before[MONDAY].path]
    store(url, 3, day=TUESDAY)
    report = export(url, folder)

    assert [(file.day, file.rows) for file in report.files] == [(TUESDAY, 2)]
    assert report.unchanged_days == (MONDAY,)
    assert contents(folder)[before[MONDAY].path] == untouched
    assert not (folder / before[TUESDAY].path).exists()
    assert verify(folder) == []


def test_compaction_leaves_the_exported_files_byte_for_byte(url: str, folder: Path) -> None:
    for number in (3, 1, 2):
        store(url, number)
    [file] = export(url, folder).files
    before = contents(folder)[file.path]
    compact(url, retention_hours=0)
    report = export(url, folder)
    manifest = contents(folder)["_manifest.json"]
    export(url, folder)

    assert contents(folder)[file.path] == before
    assert (report.files, report.unchanged_days) == ((), (MONDAY,))
    assert contents(folder)["_manifest.json"] == manifest


def test_another_row_in_place_of_one_is_a_change_of_the_day(url: str, tmp_path: Path) -> None:
    other = f"file:{tmp_path}/other"
    store(url, 1, 2)
    store(other, 1, 3)
    [before] = export(url, tmp_path / "e").files
    [after] = export(other, tmp_path / "e").files

    assert before.rows == after.rows
    assert before.sha256 != after.sha256
    assert verify(tmp_path / "e") == []


def test_strays_are_taken_away_and_lost_files_are_written_again(url: str, folder: Path) -> None:
    store(url, 1)
    [file] = export(url, folder).files
    day = (folder / file.path).parent
    for stray in (day / ".articles-1.tmp", day / "articles-0000000000000000.parquet"):
        stray.write_bytes(b"half")
    (folder / "._manifest.json.1.tmp").write_bytes(b"half")
    os.truncate(folder / file.path, 10)
    report = export(url, folder)

    assert report.files == (file,)
    assert set(contents(folder)) == {file.path, "_manifest.json"}
    assert verify(folder) == []


def test_what_others_put_into_the_folder_stays(url: str, folder: Path) -> None:
    store(url, 1)
    export(url, folder)
    (folder / "README").write_text("theirs")
    export(url, folder)

    assert (folder / "README").read_text() == "theirs"


def test_an_export_without_its_lake_is_refused_and_kept(url: str, folder: Path, tmp_path: Path) -> None:
    store(url, 1)
    export(url, folder)
    before = contents(folder)

    with pytest.raises(ConfigurationError, match="there is no lake, but an export of 1 rows"):
        export(f"file:{tmp_path}/elsewhere", folder)
    assert contents(folder) == before


def test_a_day_that_left_the_lake_leaves_the_export(url: str, folder: Path) -> None:
    from deltalake import DeltaTable

    store(url, 1)
    store(url, 2, day=TUESDAY)
    export(url, folder)
    DeltaTable(url.removeprefix("file:")).delete("ingested_date = '2026-03-02'")
    report = export(url, folder)

    assert report.removed_days == (MONDAY,)
    assert [file.day for file in read_manifest(folder).files] == [TUESDAY]
    assert not (folder / "ingested_date=2026-03-02").exists()
    assert verify(folder) == []


# ── audits ──────────────────────────────────────────────────────────────────────────────


def test_the_audit_of_a_day_is_in_the_manifest_where_it_judged_the_same_rows(url: str, folder: Path) -> None:
    store(url, 1, 2)
    store(url, 3, day=TUESDAY)
    monday, tuesday = export(url, folder, {day: an_audit(day, rows=2) for day in (MONDAY, TUESDAY)}).files

    assert monday.audit is not None
    assert (monday.audit.audit_id, monday.audit.passed) == ("day-2026-03-02", True)
    assert monday.audit.not_met == ("authors_are_often_known",)
    assert tuesday.audit is None


def test_an_export_that_is_told_of_no_audits_forgets_none(url: str, folder: Path) -> None:
    store(url, 1)
    export(url, folder, {MONDAY: an_audit(MONDAY, rows=1)})
    before = contents(folder)
    export(url, folder)

    assert contents(folder) == before


def test_a_day_that_did_not_pass_is_withheld_until_it_does(url: str, folder: Path) -> None:
    store(url, 1)
    store(url, 2, day=TUESDAY)
    report = export(url, folder, {TUESDAY: an_audit(TUESDAY, rows=1, passed=False)})

    assert report.withheld_days == (TUESDAY,)
    assert [file.day for file in read_manifest(folder).files] == [MONDAY]
    assert [file.day for file in export(url, folder).files] == [TUESDAY]


def test_a_day_that_passed_once_keeps_that_file_while_its_late_rows_do_not_pass(
    url: str, folder: Path
) -> None:
    store(url, 1)
    [file] = export(url, folder, {MONDAY: an_audit(MONDAY, rows=1)}).files
    store(url, 2)
    report = export(url, folder, {MONDAY: an_audit(MONDAY, rows=2, passed=False)})

    assert (report.files, report.unchanged_days, report.withheld_days) == ((), (), (MONDAY,))
    assert read_manifest(folder).files == (file,)


# ── the manifest ────────────────────────────────────────────────────────────────────────


def test_verify_finds_a_flipped_byte_a_cut_a_loss_and_a_stray(url: str, folder: Path) -> None:
    assert verify(folder) == ["_manifest.json is missing"]
    store(url, 1)
    [file] = export(url, folder).files
    path = folder / file.path
    good = path.read_bytes()
    path.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    assert verify(folder) == [f"{file.path} has another checksum than it was written with"]
    path.write_bytes(good[:10])
    assert verify(folder) == [f"{file.path} has 10 bytes, not {file.bytes}"]
    stray = path.rename(path.with_name("articles-0.parquet")).relative_to(folder)

    assert verify(folder) == [f"{file.path} is missing", f"{stray} is not in the manifest"]


def test_verify_counts_the_rows_again(url: str, folder: Path) -> None:
    store(url, 1)
    [file] = export(url, folder).files
    manifest = read_manifest(folder)
    wrong = msgspec.structs.replace(file, rows=2)
    write_manifest(folder, msgspec.structs.replace(manifest, files=(wrong,)))

    assert verify(folder) == [f"{file.path} has 1 rows, not 2"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 2, "files": []}', "half a manif"])
def test_a_manifest_that_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "_manifest.json").write_text(text)

    with pytest.raises(Unreadable, match="no manifest"):
        read_manifest(folder)


def test_a_file_of_a_report_is_the_file_of_the_manifest() -> None:
    file = ExportedFile(path="a", day=MONDAY, rows=1, bytes=2, sha256="0")

    assert msgspec.json.decode(msgspec.json.encode(file), type=ExportedFile) == file


# ── records ─────────────────────────────────────────────────────────────────────────────


def digest_of(*parts: list[Article], fingerprint: str = "ab") -> str:
    records = Records(ContractRef(name="article", version=1, fingerprint=fingerprint))
    for part in parts:
        records.add(lake_columns(table_of("article", part)))
    return records.digest()


def test_the_digest_of_records_knows_the_rows_and_not_their_order() -> None:
    one, two = article_at(1, 0, FIRST), article_at(2, 1, FIRST)

    assert digest_of([one, two]) == digest_of([two], [one])
    assert digest_of([one, two]) != digest_of([one])
    assert digest_of([one, one]) != digest_of([one])
    assert digest_of([one]) != digest_of([article_at(1, 1, FIRST)])
    assert digest_of([one]) != digest_of([{**one, "content_hash": "0" * 64}])
    assert digest_of([one]) != digest_of([one], fingerprint="cd")


# ── row groups ──────────────────────────────────────────────────────────────────────────


def a_batch(rows: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"n": list(range(rows))})


@pytest.mark.parametrize(
    ("batches", "groups"),
    [
        ([], []),
        ([0], []),
        ([3], [3]),
        ([4_000, 4_000, 4_000], [10_000, 2_000]),
        ([10_000, 10_000], [10_000, 10_000]),
        ([9_999, 10_000, 1], [10_000, 10_000]),
    ],
)
def test_row_groups_have_10_000_rows_whatever_the_batches(batches: list[int], groups: list[int]) -> None:
    tables = list(row_groups(map(a_batch, batches)))
    values = [value for rows in batches for value in range(rows)]

    assert [table.num_rows for table in tables] == groups
    assert [value for table in tables for value in table.column("n").to_pylist()] == values


def test_row_groups_are_closed_early_where_rows_are_large() -> None:
    tables = list(row_groups(map(a_batch, [5, 5, 5, 5]), group_bytes=80))

    assert [table.num_rows for table in tables] == [10, 10]


def test_a_file_of_many_small_commits_has_whole_row_groups(url: str, folder: Path) -> None:
    rows = lake_columns(table_of("article", [article()] * 15_000))
    from deltalake import write_deltalake

    for start in range(0, 15_000, 3_000):
        write_deltalake(
            url.removeprefix("file:"), rows.slice(start, 3_000), mode="append", partition_by=["ingested_date"]
        )
    [file] = export(url, folder).files
    metadata = pq.read_metadata(folder / file.path)

    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [10_000, 5_000]


def an_audit(day: date, *, rows: int, passed: bool = True) -> AuditReport:
    check = Check(
        expectation="authors_are_often_known", statement="b", why="c", severity="warning", outcome="failed"
    )
    return AuditReport(
        audit_id=f"day-{day}", audited_at=FIRST, day=day, rows=rows, passed=passed, checks=(check,)
    )
