"""Nouns to bytes and back: Avro in the Confluent wire format (a zero, a four-byte schema id, the record).

Older versions are resolved against the newest contract by Avro's own rules, so a reader always sees
the newest shape.
"""

import struct
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any, TypeVar

import fastavro
import msgspec

import schemas
from ingestion.article import Article, Document, Rejected, Tally
from ingestion.errors import Unreadable

T = TypeVar("T", Document, Article, Rejected, Tally)

CONTRACTS: Mapping[type, str] = {
    Document: "document",
    Article: "article",
    Rejected: "rejected",
    Tally: "tally",
}
HEADER = struct.Struct(">bI")
MAGIC = 0


def encode(record: Document | Article | Rejected | Tally) -> bytes:
    """Write one record by the newest contract of its type.

    Raises `ValueError` or `TypeError` where the record breaks it.
    """
    contract = schemas.latest(CONTRACTS[type(record)])
    buffer = BytesIO(HEADER.pack(MAGIC, contract.id))
    buffer.seek(0, 2)
    fastavro.schemaless_writer(
        buffer,
        _parsed(contract.id),
        plain(record),
        strict_allow_default=True,
        disable_tuple_notation=True,  # a tuple is a list of ours, and not the name of a branch with its value
    )
    return buffer.getvalue()


def decode(value: bytes, kind: type[T]) -> T:
    """Read one record of a known type. Raises `Unreadable`."""
    return msgspec.convert(decode_row(value, kind), kind)


def decode_row(value: bytes, kind: type) -> dict[str, Any]:
    """Read one record as plain values, shaped as the newest contract has it. Raises `Unreadable`."""
    contract = _contract_of(value, CONTRACTS[kind])
    newest = schemas.latest(contract.name)
    try:
        row = fastavro.schemaless_reader(BytesIO(value[5:]), _parsed(contract.id), _parsed(newest.id))
    except (EOFError, ValueError, IndexError, TypeError, OverflowError) as error:
        raise Unreadable(f"a {contract.name} record that is no Avro: {error}") from error
    assert isinstance(row, dict)
    return row


def plain(record: msgspec.Struct) -> dict[str, Any]:
    """Turn a noun into the plain values of its contract; times stay times, bytes stay bytes."""
    values: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(datetime, bytes))
    return values


def _contract_of(value: bytes, name: str) -> schemas.Contract:
    if len(value) < HEADER.size:
        raise Unreadable(f"a {name} record of {len(value)} bytes is too short for its header")
    magic, schema_id = HEADER.unpack_from(value)
    contract = schemas.released().get(schema_id)
    if magic != MAGIC or contract is None or contract.name != name:
        raise Unreadable(f"not a {name} record: magic byte {magic}, schema id {schema_id}")
    return contract


@cache
def _parsed(schema_id: int) -> Any:
    return fastavro.parse_schema(schemas.released()[schema_id].schema)
