"""A lake that was filled under an older version of the contract: it is gone on with, read and exported."""

from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from expectations.good import article
from ingestion.article import Article
from ingestion.codec import HEADER, encode
from ingestion.lake.compaction import compact
from ingestion.lake.delta import DeltaLake, lake_columns
from ingestion.lake.export import export_articles
from ingestion.lake.reader import LakeReader
from ingestion.lake.table import CONFIGURATION, DAY, lake_schema
from ingestion.ports import TopicPartition
from schemas import latest
from schemas.arrow import arrow_schema, table_of, table_of_datums

P0 = TopicPartition("news.articles", 0)
OLDER = list(range(1, latest("article").version))


@pytest.fixture(params=OLDER, ids=lambda version: f"v{version}")
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A lake with one article, as that version of the contract made it."""
    older = arrow_schema("article", request.param).append(lake_schema().field(DAY))
    rows = lake_columns(table_of("article", [article(1)])).to_pylist()
    folder = tmp_path / "lake"
    table = DeltaTable.create(folder, schema=older, partition_by=[DAY], configuration=CONFIGURATION)
    write_deltalake(
        table, pa.table({field.name: _column(rows, field) for field in older}, schema=older), mode="append"
    )
    return folder


def _column(rows: list[dict[str, Any]], field: pa.Field) -> pa.Array:
    return pa.array([row[field.name] for row in rows], type=field.type)


def append(folder: Path, number: int) -> None:
    lake = DeltaLake(f"file:{folder}")
    rows = [article(number), article(number + 100, published=None, language=None)]
    columns = table_of_datums(
        "article", [encode(msgspec.convert(row, Article))[HEADER.size :] for row in rows]
    )
    lake.append(columns, {P0: number}, {P0: number + 1})


def test_new_rows_are_added_and_all_are_read_as_the_newest_contract_has_them(folder: Path) -> None:
    append(folder, 2)
    append(folder, 3)
    reader = LakeReader(f"file:{folder}")
    read = [
        msgspec.convert(row, Article)
        for number in (1, 2, 3)
        for row in reader.versions_of(str(article(number)["article_id"]))
    ]

    assert [made.headline for made in read] == [article(number)["headline"] for number in (1, 2, 3)]
    assert {str(made.pub_status) for made in read} == {"usable"}


def test_it_is_read_before_anything_is_added(folder: Path) -> None:
    (row,) = LakeReader(f"file:{folder}").versions_of(str(article(1)["article_id"]))

    assert msgspec.convert(row, Article).change is None


def test_it_is_exported_under_the_newest_contract(folder: Path, tmp_path: Path) -> None:
    append(folder, 2)
    report = export_articles(LakeReader(f"file:{folder}"), tmp_path / "exports")
    tables = [pq.read_table(tmp_path / "exports" / file.path) for file in report.files]

    assert sum(table.num_rows for table in tables) == 3
    assert all(table.schema.equals(arrow_schema("article")) for table in tables)


def test_it_is_compacted_with_what_came_later(folder: Path) -> None:
    append(folder, 2)
    append(folder, 3)
    done = compact(f"file:{folder}")

    assert (done.files_before, done.files_after) == (3, 1)
    assert LakeReader(f"file:{folder}").count() == 5
    assert LakeReader(f"file:{folder}").versions_of(str(article(1)["article_id"]))
