"""Records of a topic into Arrow columns, without a step in Python for each field of each row.

What the columnar reader cannot read (an older version of the contract, a broken record) is read
record by record by `codec`, which has the last word on what is readable. Arrow is loaded by the jobs
that come here, at their first batch.
"""

from collections.abc import Collection, Sequence

import schemas
from ingestion.codec import CONTRACTS, HEADER, MAGIC, decode_row
from ingestion.errors import Unreadable
from ingestion.ports import Columns, Record, Row


def read_columns(records: Sequence[Record], kind: type) -> Columns:
    """Read records of one type, in their order, shaped as the newest contract has it.

    Raises `Unreadable`, naming the record.
    """
    from schemas.arrow import table_of_datums

    newest = schemas.latest(CONTRACTS[kind])
    header = HEADER.pack(MAGIC, newest.id)
    if not all(record.value.startswith(header) for record in records):
        return _read_one_by_one(records, kind)
    try:
        columns: Columns = table_of_datums(newest.name, [record.value[HEADER.size :] for record in records])
    except (ValueError, OverflowError):
        return _read_one_by_one(records, kind)
    return columns


def without(articles: Columns, rows: Collection[int]) -> Columns:
    """Leave out the rows with these numbers."""
    import pyarrow as pa

    if not rows:
        return articles
    kept = [number for number in range(articles.num_rows) if number not in rows]
    columns: Columns = pa.table(articles).take(pa.array(kept, pa.int64()))
    return columns


def _read_one_by_one(records: Sequence[Record], kind: type) -> Columns:
    """Read each by Avro's rules of resolution, and say which it is that cannot be read."""
    from schemas.arrow import table_of

    name = CONTRACTS[kind]
    rows = [_named(record, kind) for record in records]
    try:
        columns: Columns = table_of(name, rows)
    except (ValueError, TypeError, OverflowError):
        for record, row in zip(records, rows, strict=True):
            _refuse_types(record, row, name)
        raise
    return columns


def _named(record: Record, kind: type) -> Row:
    try:
        return decode_row(record.value, kind)
    except Unreadable as fault:
        raise Unreadable(f"{_place(record)}: {fault}") from fault


def _refuse_types(record: Record, row: Row, name: str) -> None:
    from schemas.arrow import table_of

    try:
        table_of(name, [row])
    except (ValueError, TypeError, OverflowError) as error:
        raise Unreadable(f"{_place(record)}: breaks the types of its contract: {error}") from error


def _place(record: Record) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"
