"""What the peers' scripts share: where to read, when to end, and the columns they write."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from kafka import KafkaConsumer, TopicPartition
from pyarrow import parquet

TOPIC = "articles.json"
ZSTD_LEVEL = 1


def to_strings(kind: pa.DataType) -> pa.DataType:
    """Keep times as the words that JSON has them in."""
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(to_strings(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(to_strings(kind.value_type))
    return kind


def columns(path: str) -> pa.Schema:
    """Read the contract's columns, which `side_by_side.py` has written as an empty Parquet file."""
    schema = parquet.read_schema(path)
    return pa.schema([pa.field(field.name, to_strings(field.type)) for field in schema])


def ends(servers: str) -> dict[int, int]:
    """Ask where each partition of the topic ends now."""
    consumer = KafkaConsumer(bootstrap_servers=servers)
    found = consumer.partitions_for_topic(TOPIC) or set()
    offsets = consumer.end_offsets([TopicPartition(TOPIC, number) for number in found])
    consumer.close()
    return {at.partition: offset for at, offset in offsets.items()}


def rows_of(values: list[bytes]) -> list[dict[str, Any]]:
    """Parse JSON values as most programs do."""
    return [json.loads(value) for value in values]


def written(rows: list[dict[str, Any]], schema: pa.Schema, path: Path) -> None:
    """Write rows as one Parquet file, under another name until it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_suffix(".part")
    table = pa.Table.from_pylist(rows, schema=schema)
    parquet.write_table(table, hidden, compression="zstd", compression_level=ZSTD_LEVEL)
    hidden.rename(path)
