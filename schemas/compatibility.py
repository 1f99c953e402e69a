"""What may change in a contract: nothing that would break a reader, old or new.

The `avro` package judges structure but ignores logical types (a change of micros into millis
passes it), so those are compared here as well.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, cast

from schemas import Schema


def fingerprint(schema: Schema) -> str:
    """SHA-256 of the schema without its prose; logical types, defaults and aliases count.

    The Avro parsing canonical form leaves logical types and defaults out, and they matter to readers.
    """
    return hashlib.sha256(json.dumps(_bare(schema), sort_keys=True).encode()).hexdigest()


def _bare(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _bare(value) for key, value in node.items() if key not in {"doc", "search"}}
    if isinstance(node, list):
        return [_bare(item) for item in node]
    return node


def breaks(reader: Schema, writer: Schema) -> list[str]:
    """Say why `reader` cannot read what `writer` wrote; empty where it can."""
    from avro.compatibility import ReaderWriterCompatibilityChecker
    from avro.schema import parse

    result = ReaderWriterCompatibilityChecker().get_compatibility(  # type: ignore[no-untyped-call]
        parse(json.dumps(reader)), parse(json.dumps(writer))
    )
    messages = sorted(cast("set[str]", result.messages or ()))
    return messages + list(_logical_changes(reader, writer))


def breaks_either_way(new: Schema, old: Schema) -> list[str]:
    """Say why old and new cannot read each other (FULL compatibility, as registries call it)."""
    return [f"new cannot read old: {m}" for m in breaks(new, old)] + [
        f"old cannot read new: {m}" for m in breaks(old, new)
    ]


def _logical_changes(reader: Schema, writer: Schema) -> Iterator[str]:
    written = dict(logical_types(writer))
    for path, logical in logical_types(reader):
        if path in written and written[path] != logical:
            yield f"{path}: logical type {written[path]} became {logical}"


def logical_types(node: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield every leaf of a schema with its logical type, None where it has none."""
    if isinstance(node, list):
        for branch in node:
            yield from logical_types(branch, path)
    elif not isinstance(node, dict):
        if node != "null":
            yield path, None
    elif node.get("type") == "record":
        for field in node["fields"]:
            yield from logical_types(field["type"], f"{path}.{field['name']}")
    elif node.get("type") in {"array", "map"}:
        yield from logical_types(node.get("items", node.get("values")), f"{path}[]")
    else:
        yield path, node.get("logicalType")
