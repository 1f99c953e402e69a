"""The command that runs the walk as a service: stream."""

from typing import Annotated

import typer

from ingestion.cli.common import prepared


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stream)


def stream(
    *,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Workers of each job; NEWS_STREAM__PROCESSES if unset.")
    ] = None,
    jobs: Annotated[
        str, typer.Option(help="Which jobs, with commas between.")
    ] = "transform,store,index,account",
) -> None:
    """Transform, store, index and account for ever, until SIGTERM or Ctrl-C.

    Every worker finishes its batch then; a second signal ends them at once, which loses nothing either.
    """
    from ingestion.stream.places import places
    from ingestion.stream.supervisor import supervise

    settings = prepared()
    if processes is not None:
        asked = settings.stream.model_copy(update={"processes": processes})
        settings = settings.model_copy(update={"stream": asked})
    dealt = places(settings, [job.strip() for job in jobs.split(",") if job.strip()])
    typer.echo(f"workers: {' '.join(place.name for place in dealt)}")
    supervise(
        settings,
        dealt,
        serves=lambda address: typer.echo(f"health and metrics: {address} - Ctrl-C ends the service"),
    )
