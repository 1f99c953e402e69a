"""Sources, for people: what the catalogue says, and how each has been doing."""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.settings import Settings
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.source_ports import SourceState


class SourceRow(Struct, frozen=True, kw_only=True):
    """One source of the catalogue with its health, which is null before its first reading."""

    source_id: str
    kind: str
    publisher: str
    urls: tuple[str, ...]
    cadence_seconds: int
    enabled: bool
    health: "SourceState | None"


def source_rows(settings: Settings) -> list[SourceRow]:
    """Join the catalogue with what is remembered."""
    from ingestion.sources.catalogue import load_catalogue

    with Wiring(settings) as wiring:
        health = wiring.source_memory.states()
    return [
        SourceRow(
            source_id=entry.id,
            kind=entry.kind,
            publisher=entry.publisher.name or entry.publisher.id,
            urls=entry.urls,
            cadence_seconds=entry.cadence_seconds,
            enabled=entry.enabled,
            health=health.get(entry.id),
        )
        for entry in load_catalogue(settings.catalogue)
    ]


def print_sources(console: Console, rows: list[SourceRow]) -> None:
    """Print what the catalogue says."""
    table = Table("source", "kind", "publisher", "every", "address", title="Sources")
    for row in rows:
        first, *others = row.urls
        address = escape(first) + (f" and {len(others)} more" if others else "")
        cadence = f"{row.cadence_seconds} s" if row.enabled else "[dim]disabled[/]"
        table.add_row(row.source_id, row.kind, escape(row.publisher), cadence, address)
    console.print(table)


def print_health(console: Console, rows: list[SourceRow]) -> None:
    """Print how each source has been doing."""
    table = Table("source", "last attempt", "last success", "failures in a row", "cause", title="Health")
    for row in rows:
        health = row.health
        if health is None:
            table.add_row(row.source_id, "[dim]never[/]", "", "", "")
            continue
        table.add_row(
            row.source_id,
            _time(health.attempted_at),
            _time(health.succeeded_at),
            str(health.failures_in_a_row or "[green]0[/]"),
            escape(health.failure or ""),
        )
    console.print(table)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "[red]never[/]"
