"""The commands that read what was published earlier: start, list, show, run, pause, resume, cancel."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.cli.common import JsonFlag, console, prepared, print_json

if TYPE_CHECKING:
    from ingestion.settings import Settings

backfill = typer.Typer(
    help="Backfills: read what was published earlier, in buckets that outlive any process.",
    no_args_is_help=True,
)
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or a part of it that no other has.")]
AtOnce = Annotated[int, typer.Option(min=1, max=32, help="Buckets read side by side.")]
DAY = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(backfill, name="backfill")


@backfill.command()
def start(  # noqa: PLR0913 - one for each option
    *,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="Id of a sitemap, API or archive of the catalogue, or a sitemap's address; again for more."
        ),
    ] = None,
    warc: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH_OR_URL", help="A WARC archive, or a list such as warc.paths.gz; again for more."
        ),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=DAY, help="First day, as in 2026-01-01.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=DAY, help="Last day; yesterday if unset.")
    ] = None,
    undated: Annotated[
        bool, typer.Option("--undated", help="Read entries of sitemaps that have no date too.")
    ] = False,
    later: Annotated[
        bool, typer.Option("--later", help="Only plan it; `news backfill run` or the DAG reads it.")
    ] = False,
    at_once: AtOnce = 4,
    json: JsonFlag = False,
) -> None:
    """Plan a backfill, and read it until it is done, paused or interrupted.

    Ctrl-C or a kill loses nothing: `news backfill run ID` goes on where it stood.
    """
    from ingestion import jobs
    from ingestion.backfill import jobs as backfills
    from ingestion.backfill.request import Request

    request = Request(
        sources=tuple(source or ()),
        archives=tuple(warc or ()),
        since=since.date() if since else None,
        until=until.date() if until else None,
        undated=undated,
    )
    with jobs.sample_newsroom(prepared()) as served:
        backfill_id = backfills.start(served, request)
        if later:
            _show(served, backfill_id, json=json)
        else:
            _run(served, backfill_id, at_once=at_once, json=json)


@backfill.command("list")
def list_(*, json: JsonFlag = False) -> None:
    """List the backfills, newest first."""
    from ingestion.backfill.jobs import listed
    from ingestion.backfill.watch import print_backfills

    lines = listed(prepared())
    if json:
        print_json(lines)
    else:
        print_backfills(console(), lines)


@backfill.command()
def show(backfill_id: Id, *, json: JsonFlag = False) -> None:
    """Show one backfill with its buckets."""
    _show(prepared(), backfill_id, json=json)


@backfill.command()
def run(backfill_id: Id, *, at_once: AtOnce = 4, json: JsonFlag = False) -> None:
    """Read the buckets that are not done on from where they stand, also those that failed."""
    from ingestion import jobs

    with jobs.sample_newsroom(prepared()) as served:
        _run(served, backfill_id, at_once=at_once, json=json)


@backfill.command()
def pause(backfill_id: Id, *, json: JsonFlag = False) -> None:
    """Pause a backfill: whoever reads it stops within seconds, wherever that is."""
    from ingestion.backfill import jobs

    settings = prepared()
    jobs.pause(settings, backfill_id)
    _show(settings, backfill_id, json=json)


@backfill.command()
def resume(backfill_id: Id, *, json: JsonFlag = False) -> None:
    """Take the pause away; `news backfill run ID`, or the DAG with this id, reads on."""
    from ingestion.backfill import jobs

    settings = prepared()
    jobs.resume(settings, backfill_id)
    _show(settings, backfill_id, json=json)


@backfill.command()
def cancel(backfill_id: Id, *, json: JsonFlag = False) -> None:
    """End a backfill for good; what was read stays."""
    from ingestion.backfill import jobs

    settings = prepared()
    jobs.cancel(settings, backfill_id)
    _show(settings, backfill_id, json=json)


def _show(settings: "Settings", backfill_id: str, *, json: bool) -> None:
    from ingestion.backfill import jobs
    from ingestion.backfill.watch import print_buckets

    line, buckets = jobs.summary(settings, backfill_id), jobs.show(settings, backfill_id)
    if json:
        print_json({"backfill": line, "buckets": buckets})
    else:
        print_buckets(console(), line, buckets)


def _run(settings: "Settings", backfill_id: str, *, at_once: int, json: bool) -> None:
    """Read all, show progress on standard error, and print how it stands at the end."""
    from rich.console import Console

    from ingestion.backfill import jobs
    from ingestion.backfill.bucket import BucketState
    from ingestion.backfill.watch import Watch

    line, buckets = jobs.summary(settings, backfill_id), jobs.show(settings, backfill_id)
    terminal = Console(stderr=True)
    try:
        if json:
            jobs.read_all(settings, line.backfill_id, at_once=at_once)
        else:
            watch = Watch(terminal, line, buckets)
            watch.during(lambda: jobs.read_all(settings, line.backfill_id, at_once=at_once, told=watch.told))
    except KeyboardInterrupt:
        terminal.print(f"interrupted; [bold]news backfill run {line.backfill_id}[/] goes on where it stood")
        raise
    _show(settings, line.backfill_id, json=json)
    if jobs.summary(settings, line.backfill_id).state is BucketState.FAILED:
        raise typer.Exit(75)
