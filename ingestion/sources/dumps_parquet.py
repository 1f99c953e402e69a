"""Parquet files of articles, read row group by row group; those that the export writes are among them."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from ingestion.errors import NewsError, TooLarge, Unreadable
from ingestion.sources.dumps_columns import Columns
from ingestion.sources.dumps_lines import Row

MAGIC = b"PAR1"
ROWS_AT_ONCE = 64
BATCH_BYTES = 32 * 1024 * 1024
BUFFER_BYTES = 1024 * 1024
MOST_STRINGS_BYTES = 100 * 1024 * 1024
MOST_PARTS = 1_000_000
NO_TEXT = "a row without a headline and without a text"


def parquet_rows(file: BinaryIO, max_bytes: int, passed: int) -> Iterator[Row]:
    """Turn each row behind those that were `passed` into a record. Raises `Unreadable`."""
    from pyarrow import ArrowException

    faults = (ArrowException, OSError, ValueError, TypeError, OverflowError, MemoryError)
    try:
        yield from _rows(file, max_bytes, passed)
    except NewsError:
        raise
    except faults as error:
        told = " ".join(str(error).split())[:300]
        raise Unreadable(f"a Parquet file that cannot be read: {told or type(error).__name__}") from error


def _rows(file: BinaryIO, max_bytes: int, passed: int) -> Iterator[Row]:
    from pyarrow.parquet import ParquetFile

    parquet = ParquetFile(
        file,
        buffer_size=BUFFER_BYTES,
        pre_buffer=False,
        thrift_string_size_limit=MOST_STRINGS_BYTES,
        thrift_container_size_limit=MOST_PARTS,
    )
    columns = Columns(parquet.schema_arrow.names)
    if not columns.holds_text:
        raise Unreadable("a table of addresses without texts; make them the urls of a source of kind page")
    number = 0
    for group in range(parquet.num_row_groups):
        facts = parquet.metadata.row_group(group)
        rows = facts.num_rows
        if number + rows <= passed:
            number += rows
            continue
        at_once = max(1, min(ROWS_AT_ONCE, BATCH_BYTES * rows // max(1, facts.total_byte_size)))
        for batch in parquet.iter_batches(at_once, row_groups=[group], use_threads=False):
            yield from _batch(batch, number, columns, max_bytes, passed)
            number += batch.num_rows


def _batch(batch: Any, before: int, columns: Columns, max_bytes: int, passed: int) -> Iterator[Row]:
    for place in range(max(0, passed - before), batch.num_rows):
        yield _row(batch.slice(place, 1), before + place + 1, columns, max_bytes)


def _row(alone: Any, number: int, columns: Columns, max_bytes: int) -> Row:
    """Write one row as JSON; one that cannot be keeps its bytes in the stream format of Arrow."""
    if alone.nbytes > max_bytes:
        fault = TooLarge(f"a row of about {alone.nbytes} bytes; the limit is {max_bytes}")
        return Row(number=number, body=None, fault=fault)
    try:
        article = columns.article(_values(alone))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        told = Unreadable(f"a row that cannot be read: {error}")
        return Row(number=number, body=_bytes(alone), fault=told)
    if article is None:
        return Row(number=number, body=_bytes(alone), fault=Unreadable(NO_TEXT))
    return Row(number=number, body=article.body, item_id=article.item_id, url=article.url)


def _values(alone: Any) -> dict[str, Any]:
    """The cells of a row. Raises `ValueError` for text that is no UTF-8 and times that no calendar has."""
    import pyarrow as pa

    values: dict[str, Any] = {}
    for name, column in zip(alone.schema.names, alone.columns, strict=True):
        in_nanoseconds = pa.types.is_timestamp(column.type) and column.type.unit == "ns"
        cell = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False) if in_nanoseconds else column
        values.setdefault(name, cell[0].as_py())
    return values


def _bytes(alone: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, alone.schema) as stream:
        stream.write_batch(alone)
    found: bytes = sink.getvalue().to_pybytes()
    return found
