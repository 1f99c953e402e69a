"""What every lake promises: each row once, whatever is killed, repeated or done by two at a time."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from expectations.good import article, good
from ingestion import ports
from ingestion.errors import ConfigurationError, Fenced, Invalid, Unavailable
from ingestion.lake.compaction import compact
from ingestion.lake.delta import DeltaLake, lake_columns
from ingestion.lake.reader import LakeReader
from ingestion.lake.table import lake_schema, locate
from ingestion.ports import TopicPartition
from schemas.arrow import arrow_schema, table_of

ROOT = Path(__file__).parents[2]
P0 = TopicPartition("news.articles", 0)
P1 = TopicPartition("news.articles", 1)

LAKES: dict[str, Callable[[Path], str]] = {"file": lambda folder: f"file:{folder}/lake"}
"""Every kind of lake, and how to name an empty one; each passes all that takes `url`."""


@pytest.fixture(params=LAKES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return LAKES[request.param](tmp_path)


@pytest.fixture
def lake(url: str) -> ports.Lake:
    return DeltaLake(url)


def articles(first: int, after: int) -> pa.Table:
    return table_of("article", [article(number) for number in range(first, after)])


def stored(url: str) -> list[str]:
    reader = LakeReader(url)
    ids = [
        batch.column("article_id").to_pylist() for day in reader.days() for batch in reader.batches(day.day)
    ]
    return sorted(str(value) for values in ids for value in values)


def ids(first: int, after: int) -> list[str]:
    return [f"{number:064x}" for number in range(first, after)]


def test_a_lake_that_is_not_there_yet_is_empty(url: str, lake: ports.Lake) -> None:
    reader = LakeReader(url)

    assert lake.next_offset(P0) is None
    assert (reader.days(), reader.count(), reader.history(), reader.version) == ([], 0, [], None)
    assert reader.versions_of("0" * 64) == []


def test_rows_and_offsets_are_there_together(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 3), {P0: 7}, {P0: 10})

    assert DeltaLake(url).next_offset(P0) == 10
    assert DeltaLake(url).next_offset(P1) is None
    assert stored(url) == ids(0, 3)


def test_everything_in_the_contract_comes_back_as_it_went_in(url: str, lake: ports.Lake) -> None:
    long = article(1, body="طويل " * 400_000, headline="𝒳 海 é", provenance={}, keywords=["", "x"])
    moment = {**good()[0]["published"], "at": datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC)}
    dated = article(2, published=moment, modified=None, provenance={"headline": "og:title", "": "ميناء"})
    bare = article(3, language=None, syndication=None, authors=[], images=[], paragraphs=[], abstract=None)
    rows = [*good(), long, dated, bare]
    lake.append(table_of("article", rows), {P0: 0}, {P0: len(rows)})

    assert [LakeReader(url).versions_of(row["article_id"]) for row in rows] == [[row] for row in rows]


def test_a_replay_is_refused_and_stores_nothing(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 3), {P0: 0}, {P0: 3})

    with pytest.raises(Fenced, match=r"stands at 3 in news\.articles-0, beyond 0"):
        lake.append(articles(0, 3), {P0: 0}, {P0: 3})
    assert stored(url) == ids(0, 3)


def test_a_batch_that_overlaps_what_is_stored_is_refused_whole(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 3), {P0: 0}, {P0: 3})

    with pytest.raises(Fenced):
        lake.append(articles(2, 5), {P0: 2}, {P0: 5})
    assert lake.next_offset(P0) == 3
    assert stored(url) == ids(0, 3)


def test_a_log_may_have_gaps(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 3), {P0: 0}, {P0: 3})
    lake.append(articles(3, 4), {P0: 7}, {P0: 8})

    assert lake.next_offset(P0) == 8
    assert stored(url) == ids(0, 4)
    with pytest.raises(Fenced):
        lake.append(articles(9, 10), {P0: 5}, {P0: 6})


def test_one_stale_partition_refuses_the_whole_batch(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 2), {P0: 0, P1: 0}, {P0: 1, P1: 1})

    with pytest.raises(Fenced):
        lake.append(articles(2, 4), {P0: 1, P1: 0}, {P0: 2, P1: 1})
    assert (lake.next_offset(P0), lake.next_offset(P1)) == (1, 1)
    assert stored(url) == ids(0, 2)


def test_offsets_move_without_rows(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 0), {P0: 0}, {P0: 5})
    lake.append(articles(0, 1), {P0: 5}, {P0: 6})
    lake.append(articles(0, 0), {P0: 6}, {P0: 9})

    assert lake.next_offset(P0) == 9
    assert stored(url) == ids(0, 1)


def test_nothing_to_say_makes_no_commit(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 1), {P0: 0}, {P0: 1})
    version = LakeReader(url).version
    lake.append(articles(0, 0), {P0: 1}, {P0: 1})

    assert LakeReader(url).version == version


def test_rows_that_move_no_offset_are_refused(url: str, lake: ports.Lake) -> None:
    with pytest.raises(ValueError, match="stored again"):
        lake.append(articles(0, 1), {P0: 1}, {P0: 1})
    assert stored(url) == []


def test_delta_itself_refuses_a_commit_that_was_decided_on_an_older_state(url: str) -> None:
    first, second = DeltaLake(url), DeltaLake(url)
    first.append(articles(0, 1), {P0: 0}, {P0: 1})
    seen = second._refreshed()
    first.append(articles(1, 2), {P0: 1}, {P0: 2})

    assert seen is not None
    with pytest.raises(CommitFailedError, match="Concurrent transaction"):
        second._commit(seen, lake_columns(articles(1, 2)), second._commit_properties({P0: 2}))
    assert stored(url) == ids(0, 2)


def test_where_the_lake_stands_in_one_log_means_nothing_for_another(url: str) -> None:
    DeltaLake(url, topic_id=lambda _: "before").append(articles(0, 2), {P0: 0}, {P0: 2})
    lake = DeltaLake(url, topic_id=lambda _: "after")

    assert lake.next_offset(P0) is None
    lake.append(articles(2, 3), {P0: 0}, {P0: 1})
    assert stored(url) == ids(0, 3)
    assert DeltaLake(url, topic_id=lambda _: "before").next_offset(P0) == 2


def test_writers_of_different_partitions_do_not_disturb_each_other(url: str) -> None:
    first, second = DeltaLake(url), DeltaLake(url)
    for number in range(3):
        first.append(articles(number, number + 1), {P0: number}, {P0: number + 1})
        second.append(articles(number + 3, number + 4), {P1: number}, {P1: number + 1})

    assert stored(url) == ids(0, 6)


def with_column(name: str, values: list[object], kind: pa.DataType) -> pa.Table:
    table = articles(0, 2)
    at = table.schema.get_field_index(name)
    return table.set_column(
        at, pa.field(name, kind, table.schema.field(name).nullable), pa.array(values, kind)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        with_column("version", ["1", "one"], pa.string()),
        with_column("version", [1, 2**40], pa.int64()),
        with_column("headline", ["Night boat", None], pa.string()),
        with_column("ingested_at", [None, None], pa.timestamp("us", tz="UTC")),
        articles(0, 2).drop(["keywords"]),
        articles(0, 2).append_column("mood", pa.array(["light", "grave"])),
    ],
    ids=["words for a number", "a wider number", "no headline", "no time", "a column less", "a column more"],
)
def test_columns_that_break_their_types_store_nothing(url: str, lake: ports.Lake, wrong: pa.Table) -> None:
    with pytest.raises(Invalid):
        lake.append(wrong, {P0: 0}, {P0: 2})
    assert lake.next_offset(P0) is None
    assert stored(url) == []


def test_columns_come_in_the_order_of_the_contract(url: str, lake: ports.Lake) -> None:
    lake.append(articles(0, 1), {P0: 0}, {P0: 1})
    reader = LakeReader(url)
    table = reader.day(reader.days()[0].day)

    assert table.column_names == [*arrow_schema("article").names, "ingested_date"]
    assert table.schema.remove_metadata() == lake_schema().remove_metadata()


def test_an_older_table_gains_a_column_and_a_field(url: str) -> None:
    table = lake_columns(articles(0, 1)).drop(["comment_count"])
    publisher = table.column("publisher").combine_chunks()
    fields = [field for field in publisher.type if field.name != "timezone"]
    older = pa.StructArray.from_arrays([publisher.field(field.name) for field in fields], fields=fields)
    at = table.schema.get_field_index("publisher")
    table = table.set_column(at, pa.field("publisher", older.type, nullable=False), older)
    write_deltalake(locate(url).uri, table, partition_by=["ingested_date"])

    DeltaLake(url).append(articles(1, 2), {P0: 0}, {P0: 1})
    [before] = LakeReader(url).versions_of(ids(0, 1)[0])
    [after] = LakeReader(url).versions_of(ids(1, 2)[0])

    assert before == article(0, comment_count=None)
    assert after == article(1)


def test_offsets_and_rows_survive_compaction(url: str, lake: ports.Lake) -> None:
    for number in range(5):
        lake.append(articles(number, number + 1), {P0: number}, {P0: number + 1})
    done = compact(url, retention_hours=0)

    assert (done.files_before, done.files_after, done.files_deleted) == (5, 1, 5)
    assert DeltaLake(url).next_offset(P0) == 5
    assert stored(url) == ids(0, 5)
    lake.append(articles(5, 6), {P0: 5}, {P0: 6})
    assert stored(url) == ids(0, 6)


def test_compacting_a_lake_that_is_not_there_does_nothing(url: str) -> None:
    assert compact(url).version is None
    assert LakeReader(url).version is None


def test_a_lake_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(Unavailable):
        DeltaLake(f"file:{tmp_path}/file/lake").append(articles(0, 1), {P0: 0}, {P0: 1})


@pytest.mark.parametrize("address", ["data/lake", "file:", ""])
def test_an_address_without_a_scheme_is_explained(address: str) -> None:
    with pytest.raises(ConfigurationError, match="needs a scheme"):
        DeltaLake(address)


def test_a_relative_path_is_taken_from_where_the_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    DeltaLake("file:data/lake").append(articles(0, 1), {P0: 0}, {P0: 1})

    assert DeltaTable.is_deltatable(str(tmp_path / "data/lake"))


WRITER = """
import sys
from expectations.good import article
from ingestion.errors import Fenced, Unavailable
from ingestion.lake.delta import DeltaLake
from ingestion.ports import (TopicPartition)
from schemas.arrow import table_of

url, batch, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
at, lake = TopicPartition("news.articles", 0), DeltaLake(url)
while (start := lake.next_offset(at) or 0) < end:
    numbers = range(start, min(start + batch, end))
    rows = table_of("article", [article(number, body="words " * 500) for number in numbers])
    print(start, flush=True)
    try:
        lake.append(rows, {at: start}, {at: start + len(numbers)})
    except (Fenced, Unavailable):
        pass
"""


def start_writer(url: str, batch: int, end: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, str(batch), str(end)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def after_seconds(seconds: float) -> Callable[[str, int], None]:
    """A moment of an append, counted from its beginning."""
    return lambda _url, _begun: time.sleep(seconds)


def once_committed(url: str, begun: int) -> None:
    """The moment at which others can see the commit, while the writer may not have returned."""
    lake = DeltaLake(url)
    deadline = time.monotonic() + 30
    while (lake.next_offset(P0) or 0) == begun and time.monotonic() < deadline:
        time.sleep(0.001)


MOMENTS = [*map(after_seconds, (0.004, 0.015)), once_committed]


@pytest.mark.slow
def test_a_writer_killed_in_the_middle_of_an_append_loses_and_doubles_nothing(url: str) -> None:
    for moment in MOMENTS:
        with start_writer(url, 50, 1000) as writer:
            assert writer.stdout is not None
            begun = int(writer.stdout.readline())
            moment(url, begun)
            writer.kill()
        standing = DeltaLake(url).next_offset(P0) or 0

        assert writer.returncode == -signal.SIGKILL
        assert standing >= begun
        assert stored(url) == ids(0, standing)
    with start_writer(url, 50, 1000) as writer:
        writer.communicate(timeout=60)

    assert writer.returncode == 0
    assert stored(url) == ids(0, 1000)


@pytest.mark.slow
def test_data_without_its_commit_is_no_part_of_the_lake(tmp_path: Path) -> None:
    url = LAKES["file"](tmp_path)
    DeltaLake(url).append(articles(0, 1), {P0: 0}, {P0: 1})
    known = data_files(tmp_path)
    with start_writer(url, 3000, 3001) as writer:
        while data_files(tmp_path) == known and writer.poll() is None:
            time.sleep(0.0005)
        writer.kill()
    standing = DeltaLake(url).next_offset(P0) or 0

    assert data_files(tmp_path) != known
    assert stored(url) == ids(0, standing)


def data_files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if ".parquet" in path.name}


@pytest.mark.slow
def test_two_processes_that_race_for_every_batch_store_each_row_once(url: str) -> None:
    with start_writer(url, 1, 20) as first, start_writer(url, 1, 20) as second:
        first.communicate(timeout=60)
        second.communicate(timeout=60)

    assert (first.returncode, second.returncode) == (0, 0)
    assert stored(url) == ids(0, 20)
