import copy
import json
import types
import typing
from collections.abc import Callable
from datetime import datetime
from typing import Any

import fastavro
import msgspec
import pyarrow as pa
import pytest

import schemas
from ingestion.article import Article, Document, Outcome, Rejected, Tally
from ingestion.codec import CONTRACTS, decode, decode_row, encode
from ingestion.errors import Unreadable
from schemas.arrow import arrow_schema, table_of
from schemas.compatibility import breaks_either_way, fingerprint
from tests.builders import article, document

RELEASED = sorted(schemas.released().values())


@pytest.mark.parametrize("contract", RELEASED, ids=lambda c: f"{c.name}.v{c.version}")
def test_a_released_contract_never_changes(contract: schemas.Contract) -> None:
    locked = schemas.lock()[contract.name][str(contract.version)]["fingerprint"]

    assert fingerprint(contract.schema) == locked, (
        "a released contract was changed in place; add a new version beside it, with an id in lock.json"
    )


@pytest.mark.parametrize("contract", RELEASED, ids=lambda c: f"{c.name}.v{c.version}")
def test_versions_of_a_contract_can_read_each_other(contract: schemas.Contract) -> None:
    older = [c for c in RELEASED if c.name == contract.name and c.version < contract.version]

    assert [breaks_either_way(contract.schema, c.schema) for c in older] == [[]] * len(older)


def inner_fields(schema: Any) -> dict[tuple[str, str], Any]:
    """Return the fields of the records inside of a record, by record and name."""
    if isinstance(schema, list):
        return {name: kind for branch in schema for name, kind in inner_fields(branch).items()}
    if not isinstance(schema, dict):
        return {}
    own = {(schema["name"], f["name"]): f["type"] for f in schema.get("fields", ())}
    deeper = (schema.get(part) for part in ("items", "values", "type"))
    kinds = [*own.values(), *(part for part in deeper if not isinstance(part, str))]
    return own | {name: kind for part in kinds for name, kind in inner_fields(part).items()}


@pytest.mark.parametrize("contract", RELEASED, ids=lambda c: f"{c.name}.v{c.version}")
def test_what_came_later_inside_a_record_may_be_null(contract: schemas.Contract) -> None:
    """Older rows of the lake are completed at the top alone (`schemas.arrow.with_defaults`)."""
    own = {at: kind for at, kind in inner_fields(contract.schema).items() if at[0] != contract.schema["name"]}
    older = [c for c in RELEASED if c.name == contract.name and c.version < contract.version]
    records = {record for c in older for record, _ in inner_fields(c.schema)}
    known = {at for c in older for at in inner_fields(c.schema)}
    later = [kind for at, kind in own.items() if at[0] in records and at not in known]

    assert all(isinstance(kind, list) and "null" in kind for kind in later)


def test_ids_are_unique() -> None:
    ids = [entry["id"] for versions in schemas.lock().values() for entry in versions.values()]

    assert len(ids) == len(set(ids)) == len(RELEASED)


def without_a_field(schema: dict[str, Any]) -> None:
    schema["fields"] = [f for f in schema["fields"] if f["name"] != "headline"]


def with_a_required_field(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": "mood", "type": "string", "doc": "Mood."})


def with_another_type(schema: dict[str, Any]) -> None:
    next(f for f in schema["fields"] if f["name"] == "version")["type"] = "string"


def with_milliseconds(schema: dict[str, Any]) -> None:
    field = next(f for f in schema["fields"] if f["name"] == "fetched_at")
    field["type"]["logicalType"] = "timestamp-millis"


def with_one_symbol_less(schema: dict[str, Any]) -> None:
    rights = next(f for f in schema["fields"] if f["name"] == "rights")
    rights["type"]["fields"][0]["type"]["symbols"].remove("metered")


@pytest.mark.parametrize(
    "change",
    [without_a_field, with_a_required_field, with_another_type, with_milliseconds, with_one_symbol_less],
)
def test_a_change_that_breaks_readers_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    changed = copy.deepcopy(schemas.read("article", 1))
    change(changed)

    assert breaks_either_way(changed, schemas.read("article", 1))


def test_an_optional_field_may_be_added() -> None:
    changed = copy.deepcopy(schemas.read("article", 1))
    changed["fields"].append({"name": "mood", "type": ["null", "string"], "default": None, "doc": "Mood."})

    assert breaks_either_way(changed, schemas.read("article", 1)) == []
    assert fingerprint(changed) != fingerprint(schemas.read("article", 1))


def test_prose_may_be_mended() -> None:
    changed = copy.deepcopy(schemas.read("article", 1))
    changed["fields"][0]["doc"] = "Better words."

    assert fingerprint(changed) == fingerprint(schemas.read("article", 1))


def fields_of(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [field for item in node for field in fields_of(item)]
    if not isinstance(node, dict):
        return []
    inner = node.get("type") if isinstance(node.get("type"), dict | list) else None
    own: list[dict[str, Any]] = node.get("fields", [])
    deeper = [field for f in own for field in fields_of(f["type"])]
    return own + deeper + fields_of(inner) + fields_of(node.get("items"))


@pytest.mark.parametrize("contract", RELEASED, ids=lambda c: c.name)
def test_every_field_has_a_sentence(contract: schemas.Contract) -> None:
    without = [
        f["name"]
        for f in fields_of(contract.schema)
        if not f.get("doc", "").strip().endswith((".", ":", ")"))
    ]

    assert without == []


def structs_in(kind: Any) -> list[Any]:
    origins = (tuple, dict, typing.Union, types.UnionType)
    if typing.get_origin(kind) not in origins:
        return [kind]
    return [found for part in typing.get_args(kind) for found in structs_in(part) if part is not type(None)]


def names_of(kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        inner = [
            names_of(k)
            for k in structs_in(field.type)
            if isinstance(k, type) and issubclass(k, msgspec.Struct)
        ]
        found[field.name] = inner[0] if inner else None
    return found


def names_in(node: Any, named: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return next((found for item in node if (found := names_in(item, named))), None)
    if isinstance(node, str):
        return named.get(node)
    if node["type"] == "record":
        named[node["name"]] = {f["name"]: names_in(f["type"], named) for f in node["fields"]}
        return named[node["name"]]
    return names_in(node["items"], named) if node["type"] == "array" else None


@pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)
def test_the_classes_have_exactly_the_fields_of_their_contracts(kind: type) -> None:
    assert names_of(kind) == names_in(schemas.latest(CONTRACTS[kind]).schema, {})


def test_what_is_written_is_read() -> None:
    tally = Tally(run_id="r", source_id="s", stage="collect", entered=1, outcomes={Outcome.NEW: 1})

    assert decode(encode(article()), Article) == article()
    assert decode(encode(document(b"\x00\xff")), Document) == document(b"\x00\xff")
    assert decode(encode(tally), Tally) == tally


def test_the_wire_format_begins_with_a_zero_and_the_id() -> None:
    assert encode(article())[:5] == b"\x00" + schemas.latest("article").id.to_bytes(4, "big")


@pytest.mark.parametrize(
    "value", [b"", b"\x00", b"\x01\x00\x00\x00\x02x", b"\x00\x00\x00\x00\x09x", encode(article())[:40]]
)
def test_bytes_that_are_no_record_are_unreadable(value: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(value, Article)


def test_a_record_of_another_contract_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="rejected"):
        decode(encode(article()), Rejected)


def test_an_older_writer_is_read_by_avros_rules() -> None:
    newer = copy.deepcopy(schemas.read("document", 1))
    newer["fields"].append({"name": "lane", "type": "string", "default": "live", "doc": "Lane."})
    import io

    written = encode(document())[5:]
    row = fastavro.schemaless_reader(
        io.BytesIO(written), fastavro.parse_schema(schemas.read("document", 1)), fastavro.parse_schema(newer)
    )

    assert isinstance(row, dict)
    assert row["lane"] == "live"


def test_every_field_has_its_column_with_its_sentence() -> None:
    schema = arrow_schema("article")
    fields = schemas.latest("article").schema["fields"]

    assert schema.names == [field["name"] for field in fields]
    assert [schema.field(f["name"]).metadata[b"doc"].decode() for f in fields] == [f["doc"] for f in fields]
    assert schema.field("fetched_at").type == pa.timestamp("us", tz="UTC")
    assert schema.field("published").nullable
    assert not schema.field("headline").nullable


def test_rows_become_columns_and_come_back() -> None:
    made = article(provenance={"headline": "og:title"}, keywords=("ميناء", "港"))
    row = decode_row(encode(made), Article)
    (back,) = table_of("article", [row]).to_pylist(maps_as_pydicts="strict")

    assert json.dumps(back, default=datetime.isoformat) == json.dumps(row, default=datetime.isoformat)
