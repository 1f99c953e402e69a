"""The commands of the catalogue: what is in it, how it does, what comes in and goes out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.cli.common import JsonFlag, console, prepared, print_json, progress

if TYPE_CHECKING:
    from ingestion.source_care.folder import Proposal
    from ingestion.sources.discover import Found

sources = typer.Typer(
    help="Sources: list, add, check and switch them, and how they do.", invoke_without_command=True
)

SourceIds = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of sources.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(sources, name="sources")


@sources.callback()
def all_sources(context: typer.Context, *, json: JsonFlag = False) -> None:
    """List the sources of the catalogue."""
    if not context.invoked_subcommand:
        list_sources(json=json)


@sources.command("list")
def list_sources(*, json: JsonFlag = False) -> None:
    """List the sources of the catalogue."""
    from ingestion.source_report import print_sources, source_rows

    rows = source_rows(prepared())
    if json:
        print_json(rows)
    else:
        print_sources(console(), rows)


@sources.command()
def add(  # noqa: PLR0913 - one parameter an option
    url: Annotated[str, typer.Argument(metavar="URL", help="A site, a section, a feed or a sitemap.")],
    *,
    publisher_id: Annotated[str, typer.Option("--id", help="Id of the publisher.")] = "",
    name: Annotated[str, typer.Option(help="Name of the publisher.")] = "",
    country: Annotated[str, typer.Option(help="Country of the newsroom, as in GB.")] = "",
    language: Annotated[str, typer.Option(help="Language, as in en or pt-BR.")] = "",
    timezone: Annotated[str, typer.Option(help="Time zone, as in Asia/Qatar.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Write all that is found, the rest off.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    json: JsonFlag = False,
) -> None:
    """Find the feeds and sitemaps of a site, and write them into the catalogue.

    With --json, nothing is written without --yes. Exit code 1 where nothing was found.
    """
    from ingestion.source_care import adding
    from ingestion.source_care.folder import own_folder

    settings = prepared()
    own_folder(settings)
    wishes = adding.Wishes(
        id=publisher_id or None,
        name=name or None,
        country=country or None,
        language=language or None,
        timezone=timezone or None,
    )
    found = progress(f"looking at {url}", lambda: adding.look(settings, url), quiet=json)
    proposal = adding.propose(settings, found, wishes, everything=everything)
    _settle(found, proposal, yes=yes, json=json)
    if not (proposal.sources or proposal.known):
        raise typer.Exit(1)


def _settle(found: "Found", proposal: "Proposal", *, yes: bool, json: bool) -> None:
    """Show what was found, and write it where that is wanted."""
    from ingestion.source_care.folder import write
    from ingestion.source_care.show import print_found, print_proposal

    if json:
        written = bool(yes and proposal.sources)
        if written:
            write(proposal)
        print_json({"found": found, "proposal": proposal, "written": written})
        return
    print_found(console(), found)
    print_proposal(console(), proposal)
    if proposal.sources and (yes or typer.confirm("Write it?", default=True)):
        write(proposal)
        typer.echo(f"written: {proposal.file}; news sources check {proposal.sources[0].id} looks at it again")


@sources.command()
def check(
    source_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of sources.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are switched off.")] = False,
    fetch: Annotated[bool, typer.Option(help="Read each source once, and keep nothing.")] = True,
    json: JsonFlag = False,
) -> None:
    """Check the files of the catalogue, and look once at each enabled source or at those named.

    Exit code 1 where one of them is not well, 2 where a file is wrong.
    """
    from ingestion import jobs
    from ingestion.source_care.checking import chosen, looks
    from ingestion.source_care.show import print_probes

    settings = prepared()
    entries = chosen(settings, source_ids or (), everything=everything)
    if not fetch:
        written = len(chosen(settings, source_ids or (), everything=True))
        print_json({"sources": written}) if json else typer.echo(f"{written} sources, well written")
        return
    with jobs.sample_newsroom(settings) as served:
        title = f"looking at {len(entries)} sources"
        probes = progress(title, lambda: looks(served, entries), quiet=json)
    print_json(probes) if json else print_probes(console(), probes)
    if any(probe.problem for probe in probes):
        raise typer.Exit(1)


@sources.command()
def enable(source_ids: SourceIds, *, json: JsonFlag = False) -> None:
    """Switch sources on, each by its one line in its file."""
    _switch(source_ids, enabled=True, json=json)


@sources.command()
def disable(source_ids: SourceIds, *, json: JsonFlag = False) -> None:
    """Switch sources off, each by its one line in its file; what is remembered of them stays."""
    _switch(source_ids, enabled=False, json=json)


def _switch(source_ids: list[str], *, enabled: bool, json: bool) -> None:
    from ingestion.source_care.folder import switch

    done = switch(prepared(), source_ids, enabled=enabled)
    if json:
        print_json(done)
    else:
        for source_id, what in done.items():
            typer.echo(f"{source_id}: {what}")


@sources.command()
def health(*, json: JsonFlag = False) -> None:
    """Show how each source has been doing, and the cause in words where it is not well."""
    from ingestion.source_health import health_rows, print_health

    rows = health_rows(prepared())
    if json:
        print_json(rows)
    else:
        print_health(console(), rows)


@sources.command("import")
def import_list(
    path: Annotated[typer.FileBinaryRead, typer.Argument(metavar="OPML", help="A file, or - for the input.")],
    *,
    disabled: Annotated[bool, typer.Option("--disabled", help="Write the sources switched off.")] = False,
    json: JsonFlag = False,
) -> None:
    """Add the feeds of an OPML list to the catalogue, one file for each publisher."""
    from ingestion.source_care.lists import import_opml
    from ingestion.source_care.show import print_imported

    imported = import_opml(prepared(), path.read(), enabled=not disabled)
    if json:
        print_json(imported)
    else:
        print_imported(console(), imported)


@sources.command("export")
def export_list(
    path: Annotated[
        Path | None, typer.Argument(metavar="[OPML]", help="A file; standard output if not given.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also feeds that are switched off.")] = False,
) -> None:
    """Write the feeds of the catalogue as an OPML list."""
    from ingestion.source_care.lists import export_opml

    exported = export_opml(prepared(), everything=everything)
    if path:
        path.write_bytes(exported.opml)
    else:
        typer.get_binary_stream("stdout").write(exported.opml)
    typer.echo(f"{exported.feeds} feeds, {exported.left_out} other sources left out", err=True)
