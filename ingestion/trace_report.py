"""A trace and parsed articles, for people."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

from ingestion.parse.explain import Decision
from ingestion.parse.ledger import meaning
from ingestion.trace import Step, Trace

LONG = 400
"""Characters of one value that are shown; `--json` shows all of it."""

SHORT = 80
"""The same for a candidate that was found for a field."""

MOST_CANDIDATES = 8
"""Of one field; `--json` shows all of them."""


def print_trace(console: Console, trace: Trace) -> None:
    """Print every step, in order."""
    console.print(f"[bold]{escape(trace.locator)}[/]")
    for number, step in enumerate(trace.steps, start=1):
        console.print(f"\n[bold cyan]{number}. {step.step}[/]  {escape(step.made)}")
        console.print(Padding(_body(step), (0, 0, 0, 3)))
        if step.decisions:
            console.print(Padding(_decisions(step.decisions), (1, 0, 0, 3)))
    console.print(f"\noutcome: [bold]{escape(trace.outcome)}[/]")


def print_parsed(console: Console, results: Iterable[dict[str, Any]]) -> None:
    """Print each article, or why it is none."""
    for result in results:
        title = result.get("headline") or result.get("locator") or f"no article in {result['path']}"
        console.print(Panel(_fields(result), title=escape(str(title)), title_align="left"))


def _decisions(decisions: Sequence[Decision]) -> Table:
    """Each field with its candidates; the one that was taken is marked."""
    table = Table("field", "found", "where", "why", title="decisions", title_justify="left")
    for decision in decisions:
        for number, candidate in enumerate(decision.candidates[:MOST_CANDIDATES]):
            mark, style = ("●", "bold") if candidate.chosen else ("○", "dim")
            value = candidate.value if len(candidate.value) <= SHORT else f"{candidate.value[:SHORT]}…"
            table.add_row(
                decision.field if number == 0 else "",
                f"{mark} {escape(value)}",
                escape(candidate.place),
                escape(candidate.why),
                style=style,
            )
        left = len(decision.candidates) - MOST_CANDIDATES
        if left > 0:
            table.add_row("", f"… and {left:,} more", "", "", style="dim")
        table.add_section()
    return table


def _body(step: Step) -> Group:
    return _fields(step.fields)


def _fields(fields: dict[str, Any]) -> Group:
    fields = dict(fields)
    paragraphs = fields.pop("paragraphs", ())
    extraction = fields.pop("extraction", None) or {}
    rights = dict(fields.pop("rights", None) or {})
    statements = rights.pop("statements", None)
    if paragraphs:
        fields.pop("body", None)
    parts: list[Any] = [_facts(fields, {"rights": rights, "extraction": extraction})]
    if statements:
        parts.append(_statements(statements))
    if paragraphs:
        parts.append(_paragraphs(paragraphs))
    if extraction.get("removed"):
        parts.append(_removed(extraction["removed"]))
    return Group(*parts)


def _facts(fields: dict[str, Any], groups: dict[str, dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rest = {
        f"{group}.{key}": value
        for group, values in groups.items()
        for key, value in values.items()
        if key != "removed"
    }
    for name, value in {**fields, **rest}.items():
        if value not in (None, "", [], (), {}):
            table.add_row(name, escape(_short(value)))
    return table


def _short(value: Any) -> str:
    if isinstance(value, dict):
        text = ", ".join(f"{key}: {item}" for key, item in value.items() if item is not None)
    elif isinstance(value, list | tuple):
        text = "; ".join(_short(item) for item in value)
    else:
        text = str(value)
    return text if len(text) <= LONG else f"{text[:LONG]}… ({len(text):,} characters)"


def _statements(statements: Any) -> Table:
    table = Table("about", "said", "where", title="what was said about rights", title_justify="left")
    for said in statements:
        table.add_row(said["about"], escape(_short(said["value"])), escape(said["source"]))
    return table


def _paragraphs(paragraphs: Any) -> Table:
    table = Table("", "role", "text", title=f"{len(paragraphs)} blocks of the body", title_justify="left")
    for number, paragraph in enumerate(paragraphs, start=1):
        table.add_row(str(number), paragraph["role"], escape(_short(paragraph["text"])))
    return table


def _removed(removed: Any) -> Table:
    title = f"{len(removed)} pieces of furniture removed"
    table = Table("line", "rule", "why", "text", title=title, title_justify="left")
    for piece in removed:
        line = "" if piece["line"] is None else str(piece["line"])
        table.add_row(line, piece["rule"], meaning(piece["rule"]), escape(_short(piece["text"])))
    return table
