"""What the commands share: settings and logs, JSON for programs, tables for people."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from ingestion.settings import Settings

WIDE = 120
"""Columns of a table that goes to a file or a pipe."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]


def prepared() -> "Settings":
    """Read the settings and set up logging. Raises `ConfigurationError`."""
    from ingestion.settings import load_settings
    from ingestion.telemetry.logs import configure_logs

    settings = load_settings()
    configure_logs(settings.log_level)
    return settings


def console() -> "Console":
    """Standard output, for people; wide enough for our tables where it is no terminal."""
    from rich.console import Console

    found = Console()
    return found if found.is_terminal else Console(width=WIDE)


def print_json(value: Any) -> None:
    """Print a report for programs."""
    import msgspec

    encoded = msgspec.json.encode(value, enc_hook=str)
    typer.echo(msgspec.json.format(encoded, indent=2).decode())


def print_json_line(value: Any) -> None:
    """Print one of many reports on a line of its own (NDJSON)."""
    import msgspec

    typer.echo(msgspec.json.encode(value, enc_hook=str).decode())


def progress(title: str, work: Callable[[], Any], *, quiet: bool) -> Any:
    """Do a piece of work, and show on standard error that it goes on and how long it took."""
    import time

    from rich.console import Console

    if quiet:
        return work()
    terminal = Console(stderr=True)
    begun = time.monotonic()
    with terminal.status(title):
        done = work()
    terminal.print(f"  [green]✓[/] {title} [dim]{time.monotonic() - begun:.1f} s[/]")
    return done
