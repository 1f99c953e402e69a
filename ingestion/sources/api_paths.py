"""Field paths: where a value is inside JSON, as `response.results` or `authors[0].name`."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

STEP = re.compile(r"\[(-?\d+)\]|([^.\[\]]+)")


def steps(path: str) -> Iterable[str | int]:
    """Split a path into names and indexes."""
    return (int(index) if index else name for index, name in STEP.findall(path))


def value_at(value: Any, path: str | None) -> Any:
    """Return what is there; None where nothing is, or no path is given."""
    if path is None:
        return None
    for step in steps(path):
        value = _inside(value, step)
    return value


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    fits = isinstance(value, list) and -len(value) <= step < len(value)
    return value[step] if fits else None


def raw_at(body: bytes, path: str | None) -> bytes | None:
    """Return the very bytes that are there, the whole where no path is given; None where nothing is.

    `body` is JSON that is known to be well formed.
    """
    for step in steps(path or ""):
        try:
            kind: Any = dict[str, Raw] if isinstance(step, str) else list[Raw]
            inside = _inside(msgspec.json.decode(body, type=kind), step)
        except msgspec.ValidationError:
            return None
        if inside is None:
            return None
        body = bytes(inside)
    return body


def text_of(value: Any) -> str | None:
    """Read a value as text: a number is written out, an object gives its name; None for anything else."""
    if isinstance(value, dict):
        named = (value.get(name) for name in ("name", "value", "title", "text", "webTitle", "href", "url"))
        value = next((one for one in named if isinstance(one, str)), None)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def texts_of(value: Any) -> tuple[str, ...]:
    """Read a value as texts: a list has many, anything else at most one."""
    values = value if isinstance(value, list) else [value]
    return tuple(text for one in values if (text := text_of(one)))
