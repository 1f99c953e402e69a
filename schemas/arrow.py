"""The Arrow schema of a contract, and its records into Arrow tables: by row, or all at once."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas import Schema, latest, read

PRIMITIVES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "bytes": pa.binary(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
FIRST_MICROSECOND, LAST_MICROSECOND = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999, around 1970."""
LOGICAL: dict[str, pa.DataType] = {
    "timestamp-micros": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}


@cache
def arrow_schema(name: str, version: int | None = None) -> pa.Schema:
    """Derive the schema of a record, of its newest version if none is named; docs become field metadata."""
    contract = read(name, version) if version else latest(name).schema
    named: dict[str, pa.DataType] = {}
    struct = _convert(contract, named)
    docs = {field["name"]: field["doc"] for field in contract["fields"]}
    return pa.schema([field.with_metadata({"doc": docs[field.name]}) for field in struct])


def with_defaults(name: str, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Fill what records of an older version did not have with what the newest one says of them.

    Inside of a record, fields that came later are nullable; a test holds the contracts to that.
    """
    for field, default in _defaults(name).items():
        number = batch.schema.get_field_index(field)
        if number >= 0 and batch.column(number).null_count:
            known = batch.schema.field(number)
            filled = pc.coalesce(batch.column(number), pa.scalar(default, known.type))
            batch = batch.set_column(number, known, filled)
    return _with_whole_nulls(batch)


def _with_whole_nulls(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Make records that are not there anew: a file without the column gives them nulls inside, too."""
    for number, (known, values) in enumerate(zip(batch.schema, batch.columns, strict=True)):
        if pa.types.is_struct(known.type) and values.null_count == len(values):
            batch = batch.set_column(number, known, pa.array([None] * len(values), known.type))
    return batch


@cache
def _defaults(name: str) -> dict[str, object]:
    """Return the defaults of fields that are never null."""
    fields = latest(name).schema["fields"]
    return {
        field["name"]: field["default"]
        for field in fields
        if "default" in field and not isinstance(field["type"], list)
    }


def table_of(name: str, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Turn decoded records into a table, column by column. Raises `pyarrow.ArrowInvalid`."""
    schema = arrow_schema(name)
    columns = [pa.array([row[field.name] for row in rows], type=field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def table_of_datums(name: str, datums: Sequence[bytes]) -> pa.Table:
    """Turn records encoded by the newest version of their contract into a table, all at once.

    Raises `ValueError` where one of them is no such record, `OverflowError` where one has a time that is
    in no calendar.
    """
    import pyruhvro

    batch = pyruhvro.deserialize_array(datums, _schema_text(name))
    schema = arrow_schema(name)
    columns = [_conform(batch.column(field.name), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


@cache
def _schema_text(name: str) -> str:
    return json.dumps(latest(name).schema)


def _conform(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Restate what the reader leaves open: time zones, and which fields inside are never null."""
    if values.type.equals(kind):
        return values
    absent = values.is_null() if values.null_count else None
    if pa.types.is_struct(kind):
        inner = [_conform(values.field(number), field.type) for number, field in enumerate(kind)]
        return pa.StructArray.from_arrays(inner, fields=list(kind), mask=absent)
    if pa.types.is_list(kind):
        items = _conform(values.values, kind.value_type)
        return pa.ListArray.from_arrays(values.offsets, items, type=kind, mask=absent)
    if pa.types.is_map(kind):
        items = _conform(values.items, kind.item_type)
        return pa.MapArray.from_arrays(values.offsets, values.keys, items, type=kind, mask=absent)
    return _within_calendar(values.cast(kind))


def _within_calendar(times: pa.Array) -> pa.Array:
    """Refuse times outside of the calendar, which no reader could name.

    As numbers: for a time in words, Arrow would load pandas, which takes seconds.
    """
    if pa.types.is_timestamp(times.type):
        extremes = pc.min_max(times.cast(pa.int64()))
        first, last = extremes["min"].as_py(), extremes["max"].as_py()
        if first is not None and not FIRST_MICROSECOND <= first <= last <= LAST_MICROSECOND:
            raise OverflowError(f"a time {first} to {last} microseconds from 1970 is in no calendar")
    return times


def _convert(node: Any, named: dict[str, pa.DataType]) -> pa.DataType:
    if isinstance(node, str):
        return named.get(node) or PRIMITIVES[node]
    if isinstance(node, list):
        return _convert(_without_null(node), named)
    return LOGICAL.get(node.get("logicalType")) or _convert_complex(node, named)


def _convert_complex(node: Schema, named: dict[str, pa.DataType]) -> pa.DataType:
    match node["type"]:
        case "record":
            named[node["name"]] = pa.struct([_field(field, named) for field in node["fields"]])
            return named[node["name"]]
        case "enum":
            return named.setdefault(node["name"], pa.string())
        case "array":
            return pa.list_(_convert(node["items"], named))
        case "map":
            return pa.map_(pa.string(), _convert(node["values"], named))
        case other:
            return _convert(other, named)


def _field(field: Schema, named: dict[str, pa.DataType]) -> pa.Field:
    nullable = isinstance(field["type"], list)
    return pa.field(field["name"], _convert(field["type"], named), nullable=nullable)


def _without_null(union: list[Any]) -> Any:
    branches = [branch for branch in union if branch != "null"]
    if len(branches) != 1:
        raise TypeError(f"only a union of null and one type has a column: {union}")
    return branches[0]
