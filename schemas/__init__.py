"""The contracts: Avro schemas with a sentence on every field, their ids, and what is derived from them.

`article.v1.avsc` and its siblings are the source; `lock.json` gives each released version its id on
the wire and its fingerprint, so that a released version can never change unnoticed.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

Schema = dict[str, Any]


class Contract(NamedTuple):
    """One released version of one record."""

    name: str
    version: int
    id: int
    schema: Schema


def read(name: str, version: int) -> Schema:
    """Read one version as it stands in its file. Raises `FileNotFoundError`."""
    text = files(__package__).joinpath(f"{name}.v{version}.avsc").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    return schema


@cache
def lock() -> dict[str, dict[str, dict[str, Any]]]:
    """Name, then version, to id and fingerprint."""
    locked: dict[str, dict[str, dict[str, Any]]] = json.loads(
        files(__package__).joinpath("lock.json").read_text(encoding="utf-8")
    )
    return locked


@cache
def released() -> dict[int, Contract]:
    """Every released contract by its id."""
    return {
        entry["id"]: Contract(name, int(version), entry["id"], read(name, int(version)))
        for name, versions in lock().items()
        for version, entry in versions.items()
    }


@cache
def latest(name: str) -> Contract:
    """The newest released version of a record."""
    return max((c for c in released().values() if c.name == name), key=lambda c: c.version)
