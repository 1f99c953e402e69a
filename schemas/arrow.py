"""The Arrow schema of a contract, and rows into Arrow tables."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from schemas import Schema, latest

PRIMITIVES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "bytes": pa.binary(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
LOGICAL: dict[str, pa.DataType] = {
    "timestamp-micros": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}


@cache
def arrow_schema(name: str) -> pa.Schema:
    """Derive the schema of the newest version of a record; field docs become field metadata."""
    named: dict[str, pa.DataType] = {}
    struct = _convert(latest(name).schema, named)
    docs = {field["name"]: field["doc"] for field in latest(name).schema["fields"]}
    return pa.schema([field.with_metadata({"doc": docs[field.name]}) for field in struct])


def table_of(name: str, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Turn decoded records into a table, column by column. Raises `pyarrow.ArrowInvalid`."""
    schema = arrow_schema(name)
    columns = [pa.array([row[field.name] for row in rows], type=field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


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
