"""Lines of a bulk request, and what became of them."""

from enum import StrEnum
from typing import Any, NamedTuple

import orjson

MAX_ID_BYTES = 512
"""Elasticsearch refuses a whole request for one longer `_id`."""


def is_id(text: str) -> bool:
    """Tell whether a document can have this id."""
    return 0 < len(text.encode("utf-8", "replace")) <= MAX_ID_BYTES


class Fate(StrEnum):
    """What became of one action."""

    DONE = "done"
    STALE = "stale"
    ABSENT = "absent"
    REFUSED = "refused"


class Result(NamedTuple):
    """The fate of an action, and the server's reason where it refused."""

    fate: Fate
    reason: str = ""


class Action(NamedTuple):
    """One entry of a bulk request, encoded."""

    id: str
    lines: bytes


def index_action(document_id: str, version: int, document: Any) -> Action:
    """Write a document unless a newer version is there. Raises `TypeError` where it is no JSON."""
    return Action(document_id, _header("index", document_id, version) + b"\n" + orjson.dumps(document))


def delete_action(document_id: str, version: int) -> Action:
    """Delete a document unless a newer version is there."""
    return Action(document_id, _header("delete", document_id, version))


def _header(operation: str, document_id: str, version: int) -> bytes:
    return orjson.dumps({operation: {"_id": document_id, "version": version, "version_type": "external_gte"}})
