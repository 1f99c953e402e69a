"""What was found, proposed and checked, for people."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.source_care.adding import offers_of
from ingestion.source_care.folder import Proposal
from ingestion.source_care.lists import Imported

if TYPE_CHECKING:
    from datetime import datetime

    from ingestion.sources.discover import Found
    from ingestion.sources.probe import Probe

WORTH_KNOWING = ("name", "country", "language", "timezone")


def print_found(console: Console, found: "Found") -> None:
    """Print the candidates, the best first, and what the page says of its publisher."""
    site = found.site
    console.print(
        f"[bold]{escape(site.name or site.domain or found.url)}[/]  "
        + escape("  ".join(filter(None, (site.domain, site.language, site.country))))
    )
    table = Table("", "what", "address", "offers", "newest (UTC)", "found in")
    offers = offers_of(found)
    taken = {offer.url: offer.is_chosen for offer in offers}
    for candidate in found.candidates:
        table.add_row(
            "[green]✓[/]" if taken[candidate.url] else "",
            candidate.role,
            escape(candidate.url),
            str(candidate.items),
            _time(candidate.newest),
            candidate.place,
        )
    if any(offer.kind == "front_page" for offer in offers):
        mark = "[green]✓[/]" if taken[found.url] else ""
        table.add_row(mark, "front page", escape(found.url), str(found.front_page_links), "", "itself")
    console.print(table if table.row_count else "  nothing to collect was found there")


def print_proposal(console: Console, proposal: Proposal) -> None:
    """Print what is to be written, as it will stand there."""
    from ingestion.sources.catalogue_file import render_file, render_source

    verb = "to be written" if proposal.is_new else "to be added at the end"
    for source_id in proposal.known:
        console.print(f"  known already: {source_id}")
    if not proposal.sources:
        return
    text = (
        render_file(proposal.publisher, proposal.sources)
        if proposal.is_new
        else "\n\n".join(map(render_source, proposal.sources))
    )
    console.print(f"\n[bold]{escape(str(proposal.file))}[/] ({verb}):")
    console.print(escape(text.rstrip("\n")), soft_wrap=True, highlight=False)
    missing = [name for name in WORTH_KNOWING if getattr(proposal.publisher, name) is None]
    if missing and proposal.is_new:
        known = ", ".join(f"--{name}" for name in missing)
        console.print(f"\n  not said there: {', '.join(missing)}; add what you know ({known})")


def print_probes(console: Console, probes: "list[Probe]") -> None:
    """Print what came of each look."""
    table = Table("source", "kind", "offers", "newest (UTC)", "", title="Sources, looked at once")
    for probe in probes:
        verdict = f"[red]{escape(probe.problem)}[/]" if probe.problem else "[green]well[/]"
        note = f"{verdict}; {escape(probe.note)}" if probe.note else verdict
        table.add_row(probe.source_id, probe.kind, str(probe.items), _time(probe.newest), note)
    console.print(table)


def print_imported(console: Console, imported: Imported) -> None:
    """Print what an import added and left."""
    for file, ids in imported.added.items():
        console.print(f"  {escape(file)}: {escape(', '.join(ids))}")
    for skipped in imported.skipped:
        console.print(f"  [yellow]left out[/] {escape(skipped.url)}: {escape(skipped.reason)}")
    added = sum(map(len, imported.added.values()))
    console.print(f"{added} sources added in {len(imported.added)} files, {len(imported.skipped)} left out")


def _time(at: "datetime | None") -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
