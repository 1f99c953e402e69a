"""The commands that look after the pipeline: dead letters, doctor."""

from typing import Annotated

import typer

from ingestion.cli.common import JsonFlag, console, prepared, print_json

rejected = typer.Typer(help="Dead letters: list them, look at one, replay them.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rejected, name="rejected")
    app.command()(doctor)


@rejected.callback()
def rejected_list(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(help="Most dead letters listed, newest first.")] = 50,
    json: JsonFlag = False,
) -> None:
    """List the dead letters, newest first."""
    if context.invoked_subcommand:
        return
    from ingestion.dead_letters import newest, print_letters

    letters = newest(prepared(), limit)
    if json:
        print_json(letters)
    else:
        print_letters(console(), letters)


@rejected.command()
def show(rejected_id: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")]) -> None:
    """Show one dead letter as JSON, with its original bytes in base64."""
    from ingestion.dead_letters import one

    print_json(one(prepared(), rejected_id))


@rejected.command()
def replay(
    rejected_ids: Annotated[list[str] | None, typer.Argument(help="Ids, or the beginnings of them.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Replay all of them.")] = False,
) -> None:
    """Send dead letters through the walk again, as a run of its own."""
    from ingestion import jobs

    with jobs.sample_newsroom(prepared()) as served:
        print_json(jobs.replay(served, tuple(rejected_ids or ()), everything=everything))


def doctor(*, json: JsonFlag = False) -> None:
    """Check each configured service, and say what to do."""
    from ingestion.doctor import examine, print_findings

    findings = examine(prepared())
    if json:
        print_json(findings)
    else:
        print_findings(console(), findings)
    if any(not finding.healthy for finding in findings):
        raise typer.Exit(1)
