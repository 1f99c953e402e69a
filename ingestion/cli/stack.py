"""The commands that start real servers on this machine: up, down, status."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.cli.common import JsonFlag, console, prepared, print_json, progress

if TYPE_CHECKING:
    from ingestion.stack.fleet import Fleet
    from ingestion.stack.server import Server

stack = typer.Typer(
    help="Kafka and Elasticsearch on this machine, without containers; for development.",
    no_args_is_help=True,
)


class Which(StrEnum):
    """One of the servers."""

    KAFKA = "kafka"
    ELASTICSEARCH = "elasticsearch"


OnlyOption = Annotated[Which | None, typer.Option(help="Only this one of the two.")]
FolderOption = Annotated[
    Path | None, typer.Option(help="Folder of their data and logs; `stack` in NEWS_DATA_DIR if unset.")
]
PORTS = {"min": 1024, "max": 65_534}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(stack, name="stack")


@stack.command()
def up(
    *,
    only: OnlyOption = None,
    kafka_port: Annotated[
        int, typer.Option(**PORTS, help="Port of Kafka; it takes the next one too.")
    ] = 19092,
    elasticsearch_port: Annotated[
        int, typer.Option(**PORTS, help="Port of Elasticsearch; it takes the next one too.")
    ] = 19200,
    data_dir: FolderOption = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SERVER:NAME=VALUE",
            help="A setting of a server, or its heap as in kafka:heap_mib=512; may be given again.",
        ),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Start the servers, and wait until they answer.

    What they are made of is fetched by Maven once and checked against locked digests. Those that are up
    already stay as they are.
    """
    from ingestion.stack.fleet import look, options_of
    from ingestion.stack.show import print_up

    ports = {"kafka": kafka_port, "elasticsearch": elasticsearch_port}
    fleet = _fleet(data_dir, only, ports=ports, options=options_of(settings or ()))
    servers = fleet.servers()
    fleet.require_tools()
    already = [name for name, server in servers.items() if not _launched(server, quiet=json)]
    for server in servers.values():
        progress(f"{server.name} answers", server.wait, quiet=json)
    if json:
        print_json([look(name, server) for name, server in servers.items()])
    else:
        print_up(console(), servers, already=already, folder=fleet.folder)


@stack.command()
def down(
    *,
    only: OnlyOption = None,
    data_dir: FolderOption = None,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove their data too.")] = False,
    json: JsonFlag = False,
) -> None:
    """End the servers; their data stays unless you say otherwise."""
    from ingestion.stack import fleet

    servers = _fleet(data_dir, only).servers()
    for server in servers.values():
        if server.pid is not None:
            progress(f"{server.name} ends", server.stop, quiet=json)
        elif not json:
            console().print(f"{server.name} was not up")
        if wipe:
            fleet.wipe(server)
    if json:
        print_json([fleet.look(name, server) for name, server in servers.items()])
    elif wipe:
        console().print("Their data is removed.")


@stack.command()
def status(*, data_dir: FolderOption = None, json: JsonFlag = False) -> None:
    """Show whether the servers are up, where, and how big they are."""
    from ingestion.stack.fleet import look
    from ingestion.stack.show import print_status

    seen = [look(name, server) for name, server in _fleet(data_dir, None).servers().items()]
    if json:
        print_json(seen)
    else:
        print_status(console(), seen)


def _launched(server: "Server", *, quiet: bool) -> bool:
    """Start one; False where it was up."""
    progress(f"{server.name} {server.version} is in the cache", server.fetch, quiet=quiet)
    return server.launch()


def _fleet(
    data_dir: Path | None,
    only: Which | None,
    *,
    ports: dict[str, int] | None = None,
    options: dict[str, dict[str, str]] | None = None,
) -> "Fleet":
    from ingestion.stack.fleet import KINDS, Fleet

    folder = data_dir or prepared().data_dir / "stack"
    names = (str(only),) if only else tuple(KINDS)
    return Fleet(folder=folder.absolute(), names=names, ports=ports or {}, options=options or {})
