"""Columns are what the rows are, and a record that cannot be read is named."""

import copy
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from expectations.good import article, good
from ingestion.article import Article
from ingestion.codec import HEADER, MAGIC, decode_row
from ingestion.columns import read_columns, without
from ingestion.errors import Unreadable
from ingestion.ports import Record
from schemas.arrow import table_of

NEWEST = schemas.latest("article")
OLDER_ID = 2**31
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(row: dict[str, Any], contract: schemas.Contract = NEWEST) -> bytes:
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(contract.schema), row)
    return HEADER.pack(MAGIC, contract.id) + buffer.getvalue()


def records(values: Sequence[bytes]) -> list[Record]:
    return [
        Record(
            topic="news.articles",
            partition=3,
            offset=40 + number,
            key=b"",
            value=value,
            headers={},
            timestamp=EPOCH,
        )
        for number, value in enumerate(values)
    ]


def table(values: Sequence[bytes]) -> pa.Table:
    return pa.table(read_columns(records(values), Article))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | TEXT
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
MOMENTS = st.fixed_dictionaries(
    {
        "at": TIMES,
        "precision": st.sampled_from(["second", "minute", "day"]),
        "timezone_basis": st.sampled_from(["explicit", "publisher", "assumed_utc"]),
        "source": TEXT,
        "raw": TEXT,
    }
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "version": st.integers(-(2**31), 2**31 - 1),
        "canonical_url": MAYBE,
        "headline": TEXT,
        "body": TEXT,
        "alternative_headlines": st.lists(TEXT, max_size=3),
        "paragraphs": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["quote", "list_item"]), "text": TEXT}), max_size=3
        ),
        "images": st.lists(
            st.fixed_dictionaries({"url": MAYBE, "caption": MAYBE, "credit": MAYBE}), max_size=3
        ),
        "comment_count": st.none() | st.integers(-(2**31), 2**31 - 1),
        "published": st.none() | MOMENTS,
        "modified": st.none() | MOMENTS,
        "fetched_at": TIMES,
        "language": st.none()
        | st.fixed_dictionaries({"code": TEXT, "confidence": st.floats(0, 1), "declared": MAYBE}),
        "provenance": st.dictionaries(TEXT, TEXT, max_size=3),
        "syndication": st.none()
        | st.fixed_dictionaries({"group_id": TEXT, "role": TEXT, "similarity": st.floats(0, 1)}),
    },
)


@settings(max_examples=100, deadline=None)
@given(changes=st.lists(CHANGES, max_size=5))
def test_columns_are_the_same_as_rows_read_one_by_one(changes: list[dict[str, Any]]) -> None:
    values = [written(article(number, **change)) for number, change in enumerate(changes)]
    read = table(values)

    assert read.equals(table_of("article", [decode_row(value, Article) for value in values]))
    assert read.schema.equals(table_of("article", []).schema, check_metadata=True)
    read.validate(full=True)


def test_an_older_version_in_the_same_batch_gets_the_newest_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = copy.deepcopy(NEWEST.schema)
    schema["fields"] = [field for field in schema["fields"] if field["name"] != "comment_count"]
    older = schemas.Contract("article", 0, OLDER_ID, schema)
    monkeypatch.setitem(schemas.released(), OLDER_ID, older)
    rows = [article(number, comment_count=5) for number in range(3)]
    read = table([written(rows[0]), written(rows[1], older), written(rows[2])])

    assert read.equals(table_of("article", [rows[0], {**rows[1], "comment_count": None}, rows[2]]))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_record_that_is_cut_short_is_named(data: st.DataObject) -> None:
    whole = [written(row) for row in good()]
    broken = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, len(whole[broken]) - 1))
    values = [value[:length] if number == broken else value for number, value in enumerate(whole)]

    with pytest.raises(Unreadable, match=rf"^news\.articles/3/{40 + broken}: "):
        table(values)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (b"", "too short"),
        (b'{"headline": "no Avro"}', "magic byte"),
        (HEADER.pack(MAGIC, schemas.latest("document").id) + b"x", "schema id"),
        (HEADER.pack(MAGIC, NEWEST.id), "no Avro"),
        (HEADER.pack(MAGIC, NEWEST.id) + b"\xff" * 400, "no Avro"),
    ],
)
def test_a_foreign_record_is_named(value: bytes, cause: str) -> None:
    with pytest.raises(Unreadable, match=rf"^news\.articles/3/41: .*{cause}"):
        table([written(article(0)), value, written(article(1))])


def test_a_time_that_no_calendar_has_is_unreadable() -> None:
    microseconds = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) * 2
    value = written(article(1, fetched_at=microseconds))

    with pytest.raises(Unreadable, match=r"^news\.articles/3/41: "):
        table([written(article(0)), value])


def test_rows_are_left_out_by_their_number() -> None:
    rows = [article(number) for number in range(4)]
    read = read_columns(records([written(row) for row in rows]), Article)

    assert without(read, {}) is read
    assert pa.table(without(read, {0: ("a",), 2: ("b",)})).equals(table_of("article", [rows[1], rows[3]]))
    assert pa.table(without(read, range(4))).equals(table_of("article", []))


def test_no_records_are_no_rows() -> None:
    assert table([]).equals(table_of("article", []))
