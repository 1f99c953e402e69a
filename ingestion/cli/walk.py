"""The commands that move documents: the whole walk, or one job of it."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.cli.common import JsonFlag, console, prepared, print_json, progress

if TYPE_CHECKING:
    from ingestion.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (run, collect, transform, store, index, audit, export, account):
        app.command()(command)


def run(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH_OR_URL]...", help="Files, folders, addresses; else the catalogue."),
    ] = None,
    *,
    json: JsonFlag = False,
) -> None:
    """Do the whole walk once, from collect to export.

    Files may be html, xml, json, ndjson, txt or warc, also with .gz; an address may be a feed, a
    sitemap or a page. Everything that enters ends in the ledger with exactly one outcome.
    """
    from ingestion import jobs
    from ingestion.report import report_run, summary

    settings = prepared()
    run_id = jobs.new_run_id("run")
    with jobs.sample_newsroom(settings) as served:
        job = partial(jobs.collect_input, served, inputs) if inputs else partial(jobs.collect, served)
        collected = progress("collect", partial(job, run_id=run_id), quiet=json)
    for name in ("transform", "store", "index", "audit", "export"):
        progress(name, partial(getattr(jobs, name), settings), quiet=json)
    if json:
        print_json(summary(settings, run_id))
    else:
        report_run(console(), settings, run_id)
        for source, cause in collected.unreachable.items():
            console().print(f"[yellow]not reached:[/] {source}: {cause}")


def collect(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="Ids of sources; else all that are enabled."),
    ] = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Read each source when it is due, until SIGTERM or Ctrl-C.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Fetch what the catalogue's sources offer into `news.raw`."""
    from ingestion import jobs
    from ingestion.stream.stopping import Stopping

    settings = prepared()
    if follow:
        _follow(settings, sources)
        return
    # Asked for between two batches: a signal that raises may do so while a lock is held.
    stopping = Stopping()
    stopping.listen()
    job = partial(jobs.collect, run_id=jobs.new_run_id("collect"), stop=lambda: bool(stopping.told))
    with jobs.sample_newsroom(settings) as served:
        report = progress("collect", lambda: job(served, sources), quiet=json)
    print_json(report)
    if stopping.told:
        raise typer.Exit(128 + stopping.signal)


def _follow(settings: "Settings", sources: list[str] | None) -> None:
    from ingestion import following, jobs
    from ingestion.stream.pauses import Pauses
    from ingestion.stream.stopping import Stopping

    if sources:
        raise typer.BadParameter("--follow reads all sources that are enabled; leave their ids out")
    stopping = Stopping()
    stopping.listen()
    service = following.Service(
        wait=stopping.wait,
        next_pause_seconds=Pauses().next,
        new_run_id=partial(jobs.new_run_id, "follow"),
    )
    with jobs.sample_newsroom(settings) as served:
        typer.echo("follows every source of the catalogue - Ctrl-C ends it", err=True)
        print_json(following.follow(served, service))


def transform(*, json: JsonFlag = False) -> None:
    """Turn raw documents into clean articles, until caught up."""
    _one_job("transform", json=json)


def store(*, json: JsonFlag = False) -> None:
    """Bring clean articles into the lake, until caught up."""
    _one_job("store", json=json)


def index(*, json: JsonFlag = False) -> None:
    """Make clean articles searchable, until caught up."""
    _one_job("index", json=json)


def audit(*, json: JsonFlag = False) -> None:
    """Judge the changed days of the lake by the expectations."""
    _one_job("audit", json=json)


def export(
    rights: Annotated[
        list[str] | None,
        typer.Option("--rights", metavar="PROFILE", help="Rights profile, again for more; else as set."),
    ] = None,
    *,
    json: JsonFlag = False,
) -> None:
    """Write the audited days of the lake as plain Parquet, as far as their rights profile goes."""
    from ingestion import jobs

    settings = prepared()
    print_json(progress("export", lambda: jobs.export(settings, rights or ()), quiet=json))


def account(*, json: JsonFlag = False) -> None:
    """Bring the ledger up to date, and see whether it balances."""
    from ingestion import jobs
    from ingestion.report import ledger_table

    report = progress("account", partial(jobs.account, prepared()), quiet=json)
    if json:
        print_json(report)
    else:
        console().print(ledger_table(report))


def _one_job(name: str, *, json: bool) -> None:
    from ingestion import jobs

    settings = prepared()
    report = progress(name, lambda: getattr(jobs, name)(settings), quiet=json)
    print_json(report)
