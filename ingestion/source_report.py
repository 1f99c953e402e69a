"""The sources of the catalogue, for people and for programs."""

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.settings import Settings


class SourceRow(Struct, frozen=True, kw_only=True):
    """One source as the catalogue describes it; `file` is the one it is written in."""

    source_id: str
    kind: str
    publisher: str
    language: str | None
    urls: tuple[str, ...]
    paths: tuple[str, ...]
    categories: tuple[str, ...]
    cadence_seconds: int
    enabled: bool
    file: str


def source_rows(settings: Settings) -> list[SourceRow]:
    """Read the catalogue. Raises `ConfigurationError`."""
    from ingestion.sources.catalogue import load_catalogue

    return [
        SourceRow(
            source_id=entry.id,
            kind=entry.kind,
            publisher=entry.publisher.name or entry.publisher.id,
            language=entry.publisher.language,
            urls=entry.urls,
            paths=tuple(map(str, entry.paths)),
            categories=entry.categories,
            cadence_seconds=entry.cadence_seconds,
            enabled=entry.enabled,
            file=entry.file.name if entry.file else "",
        )
        for entry in load_catalogue(settings.catalogue)
    ]


def print_sources(console: Console, rows: list[SourceRow]) -> None:
    """Print what the catalogue says."""
    table = Table("source", "kind", "publisher", "every", "where", title="Sources")
    for row in rows:
        first, *others = (*row.urls, *row.paths)
        where = escape(first) + (f" and {len(others)} more" if others else "")
        cadence = _duration(row.cadence_seconds) if row.enabled else "[dim]disabled[/]"
        table.add_row(row.source_id, row.kind, escape(row.publisher), cadence, where)
    console.print(table)
    enabled = sum(row.enabled for row in rows)
    console.print(f"{len(rows)} sources, {enabled} enabled")


def _duration(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
