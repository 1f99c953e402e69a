"""What `news stack` says to people."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.stack.fleet import SETTINGS, Seen
from ingestion.stack.server import Server

COLOURS: Mapping[str, str] = {"up": "green", "does not answer": "red", "down": "dim"}


def print_up(
    console: Console, servers: Mapping[str, Server], *, already: Sequence[str], folder: Path
) -> None:
    """Say where the servers listen, and what to set so that the pipeline uses them."""
    for name, server in servers.items():
        remark = " [dim](was up already)[/]" if name in already else ""
        console.print(f"{server.name} {server.version} at {server.url}, process {server.pid}{remark}")
    console.print("\nTo use them, set:\n")
    for name, server in servers.items():
        console.print(f"  export {SETTINGS[name]}={server.url}", soft_wrap=True)
    console.print(
        "\nFor development: one node each, no security, loopback only. "
        f"Data and logs are in {escape(str(folder))}; `news stack down` ends them.",
        soft_wrap=True,
    )


def print_status(console: Console, seen: Sequence[Seen]) -> None:
    """Print a table of the servers."""
    table = Table("server", "version", "state", "address", "process", "since", "memory", "data")
    for one in seen:
        table.add_row(
            one.server,
            one.version,
            f"[{COLOURS[one.state]}]{one.state}[/]",
            one.url or "",
            str(one.pid or ""),
            f"{one.started_at:%Y-%m-%d %H:%M:%S} UTC" if one.started_at else "",
            _mib(one.memory_bytes),
            _mib(one.data_bytes),
        )
    console.print(table)


def _mib(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes / 2**20:,.1f} MiB"
