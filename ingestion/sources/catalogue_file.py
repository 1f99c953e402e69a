"""Writing into the catalogue: new files, sources at the end of a file, a source switched on or off.

A file belongs to the person who wrote it. A change adds text or alters one line, what comes out is read
again before it is kept, and it replaces the file in one step.
"""

import json
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec
from msgspec import Struct

from ingestion.errors import ConfigurationError
from ingestion.sources.catalogue import read_file, read_text
from ingestion.sources.facts import PublisherFacts, SourceFacts

SOURCE_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*source[ \t]*\]\][ \t]*(?:#.*)?$")
ANY_HEADER = re.compile(r"^[ \t]*\[")
ENABLED = re.compile(r"^([ \t]*enabled[ \t]*=[ \t]*)(true|false)\b")
ALWAYS_WRITTEN = ("enabled",)


def render_file(publisher: PublisherFacts, sources: Sequence[SourceFacts]) -> str:
    """Write a publisher with its sources as TOML."""
    head = "\n".join(["[publisher]", *_lines(publisher)])
    return "\n\n".join([head, *map(render_source, sources)]) + "\n"


def render_source(source: SourceFacts) -> str:
    """Write a source as TOML, what is as it would be anyway left out."""
    parts = ["\n".join(["[[source]]", *_lines(source)])]
    for name, value in _stated(source).items():
        if isinstance(value, Struct):
            parts.append("\n".join([f"[source.{name}]", *_lines(value)]))
    return "\n\n".join(parts)


def write_file(path: Path, publisher: PublisherFacts, sources: Sequence[SourceFacts]) -> None:
    """Write a new file. Raises `ConfigurationError` where there is one already, or it would not be read."""
    if path.exists():
        raise ConfigurationError(f"{path} is there already; choose another name, or edit it")
    text = render_file(publisher, sources)
    read_text(text, path)
    _replace(path, text)


def append_sources(path: Path, sources: Sequence[SourceFacts]) -> None:
    """Add sources at the end of a file, and leave all that stands there as it is.

    Raises `ConfigurationError` where the file is not to be read, before or after.
    """
    read_file(path)
    before = _text(path)
    text = "\n\n".join([before.rstrip("\n"), *map(render_source, sources)]) + "\n"
    read_text(text, path)
    kept = _data(before)
    if _data(text).get("source", [])[: len(kept.get("source", []))] != kept.get("source", []):
        raise ConfigurationError(f"{path.name} is written in a way that sources cannot be added to; edit it")
    _replace(path, text)


def set_enabled(path: Path, source_id: str, *, enabled: bool) -> bool:
    """Switch a source on or off by its one line; return whether it was not so before.

    Raises `ConfigurationError` where there is no such source, or no such line can be found or made.
    """
    number = next((n for n, entry in enumerate(read_file(path)) if entry.id == source_id), None)
    if number is None:
        raise ConfigurationError(f"there is no source {source_id!r} in {path.name}")
    before = _text(path)
    wanted = _data(before)
    if wanted["source"][number].get("enabled", True) == enabled:
        return False
    wanted["source"][number]["enabled"] = enabled
    text = _with_line(before, number, "true" if enabled else "false")
    if text is None or _data_or_none(text) != wanted:
        line = f"enabled = {'true' if enabled else 'false'}"
        raise ConfigurationError(f"{path.name} is written in a way that is not edited; write {line} there")
    _replace(path, text)
    return True


def _with_line(text: str, number: int, value: str) -> str | None:
    """Set `enabled` of the source with this number; None where it is not to be found."""
    lines = text.splitlines(keepends=True)
    headers = [n for n, line in enumerate(lines) if SOURCE_HEADER.match(line.rstrip("\r\n"))]
    if number >= len(headers):
        return None
    start = headers[number] + 1
    end = next((n for n in range(start, len(lines)) if ANY_HEADER.match(lines[n])), len(lines))
    for n in range(start, end):
        if ENABLED.match(lines[n]):
            lines[n] = ENABLED.sub(rf"\g<1>{value}", lines[n])
            return "".join(lines)
    ending = "\r\n" if lines[start - 1].endswith("\r\n") else "\n"
    lines.insert(start, f"enabled = {value}{ending}")
    return "".join(lines)


def _lines(value: Struct) -> list[str]:
    return [f"{name} = {_toml(one)}" for name, one in _stated(value).items() if not isinstance(one, Struct)]


def _stated(value: Struct) -> dict[str, Any]:
    """What is not as it would be without saying so, in the order of the type."""
    fields = msgspec.structs.fields(type(value))
    told = {field.encode_name: (getattr(value, field.name), field.default) for field in fields}
    return {
        name: one
        for name, (one, default) in told.items()
        if one is not None and (name in ALWAYS_WRITTEN or one != default)
    }


def _toml(value: Any) -> str:
    """Write a value; the strings of JSON are those of TOML, but for DEL and characters outside of Unicode."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        sound = value.encode("utf-8", "replace").decode()
        return json.dumps(sound, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _text(path: Path) -> str:
    """The text with its line endings as they are."""
    return path.read_bytes().decode("utf-8")


def _data(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _data_or_none(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _replace(path: Path, text: str) -> None:
    """Put the text in the place of the file in one step, through links to where it really is."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(mode)
            Path(file.name).replace(target)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
