"""How every enabled source is doing, for people and for programs: the worst first."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.errors import Cause, SourcesInTrouble
from ingestion.settings import Settings
from ingestion.sources.flow import ENTERED, Day, Flow, together
from ingestion.sources.verdict import TROUBLE, Judgement, Verdict, duration, judge
from ingestion.sources.volume import HISTORY_DAYS, WINDOW_DAYS, Publisher, articles_a_day, news_labels
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.source_ports import SourceState
    from ingestion.sources.catalogue import Entry

COLOURS = {
    Verdict.BROKEN: "bold red",
    Verdict.BLOCKED: "bold red",
    Verdict.GONE: "bold red",
    Verdict.FROZEN: "bold red",
    Verdict.WAITING: "yellow",
    Verdict.MOVED: "yellow",
    Verdict.QUIET: "yellow",
    Verdict.NEW: "cyan",
    Verdict.WELL: "green",
}
SHORT = {"days": "d", "hours": "h", "minutes": "min", "seconds": "s"}
LONGEST_TEXT = 240
MOST_NAMED = 20
FRUITLESS_ATTEMPTS = 4


class HealthRow(Struct, frozen=True, kw_only=True):
    """One enabled source; times are null where nothing is known.

    `failure` and `cause` are of the last attempt, `url` is where it is read, `verdict_since` when the trouble
    began. `documents` and `articles` are those of the last seven days, `articles_per_day` those of a mean
    day of them, against `expected_per_day` of the catalogue.
    """

    source_id: str
    publisher: str
    kind: str
    url: str | None
    verdict: Verdict
    seen: str
    remedy: str
    verdict_since: datetime | None
    attempted_at: datetime | None
    succeeded_at: datetime | None
    due_at: datetime | None
    new_item_at: datetime | None
    failures_in_a_row: int
    failure: str | None
    cause: Cause | None
    documents: int
    articles: int
    articles_per_day: float | None
    expected_per_day: float | None


class Watched(Struct, frozen=True, kw_only=True):
    """How many sources have each verdict, and those whose trouble is still young."""

    sources: int
    verdicts: dict[str, int]
    in_trouble: dict[str, str]


def health_rows(settings: Settings, now: datetime | None = None) -> list[HealthRow]:
    """Judge every enabled source of the catalogue; the worst first."""
    from ingestion.sources.catalogue import load_catalogue

    now = now or datetime.now(UTC)
    with Wiring(settings) as wiring:
        states = wiring.source_memory.states()
        days = _days(wiring, now)
    entries = [entry for entry in load_catalogue(settings.catalogue) if entry.enabled]
    flows = {entry.id: _flow(days, entry.id) for entry in entries}
    publishers = _publishers(entries, flows)
    rows = [
        _row(
            entry,
            states.get(entry.id),
            flows[entry.id],
            judge(entry, states.get(entry.id), flows[entry.id], now, publishers[entry.publisher.id]),
        )
        for entry in entries
    ]
    order = list(Verdict)
    return sorted(rows, key=lambda row: (order.index(row.verdict), row.source_id))


def watched(rows: Sequence[HealthRow], trouble_seconds: float, now: datetime | None = None) -> Watched:
    """Count the verdicts. Raises `SourcesInTrouble` where news has been missing for longer than is allowed.

    A source that could never be read is among them once it has failed `FRUITLESS_ATTEMPTS` times, one that
    never had an article at once.
    """
    now, limit = now or datetime.now(UTC), timedelta(seconds=trouble_seconds)
    troubled = [row for row in rows if row.verdict in TROUBLE]
    lasting = [row for row in troubled if _has_lasted(row, now - limit)]
    if lasting:
        named = "".join(f"\n- {_named(row)}" for row in lasting[:MOST_NAMED])
        rest = f"\nand {len(lasting) - MOST_NAMED} more" if len(lasting) > MOST_NAMED else ""
        raise SourcesInTrouble(
            f"{len(lasting)} of {len(rows)} sources have been in trouble for {duration(trouble_seconds)} "
            f"or could never be read:{named}{rest}\n`news sources health` tells of all"
        )
    counts = Counter(row.verdict for row in rows)
    return Watched(
        sources=len(rows),
        verdicts={str(verdict): counts[verdict] for verdict in Verdict if counts[verdict]},
        in_trouble={row.source_id: f"{row.verdict}: {row.seen}" for row in troubled},
    )


def _has_lasted(row: HealthRow, limit: datetime) -> bool:
    if row.verdict_since is None:
        return not row.failures_in_a_row or row.failures_in_a_row >= FRUITLESS_ATTEMPTS
    return row.verdict_since <= limit


def _named(row: HealthRow) -> str:
    remedy = f"; {row.remedy}" if row.remedy else ""
    return f"{row.source_id}, {row.verdict}: {row.seen}{remedy}"


def _days(wiring: Wiring, now: datetime) -> list[dict[str, Day]]:
    """Read the ledger day by day, today first. It is read without the log, which need not answer for this."""
    from ingestion.state.ledger import SqlLedger

    ledger = SqlLedger(wiring.state)
    return [
        ledger.outcomes(now - timedelta(days=age + 1), now - timedelta(days=age))
        for age in range(HISTORY_DAYS)
    ]


def _flow(days: Sequence[dict[str, Day]], source_id: str) -> Flow:
    return Flow(days=tuple(day.get(source_id, {}) if day else None for day in days))


def _publishers(entries: Sequence["Entry"], flows: dict[str, Flow]) -> dict[str, Publisher]:
    sources: dict[str, list[Entry]] = {}
    for entry in entries:
        sources.setdefault(entry.publisher.id, []).append(entry)
    return {
        publisher_id: Publisher(
            flow=together([flows[entry.id] for entry in theirs]),
            expected=sum(entry.articles_per_day or 0.0 for entry in theirs),
        )
        for publisher_id, theirs in sources.items()
    }


def _row(entry: "Entry", state: "SourceState | None", flow: Flow, judged: Judgement) -> HealthRow:
    return HealthRow(
        source_id=entry.id,
        publisher=entry.publisher.name or entry.publisher.id,
        kind=entry.kind,
        url=(state.moved_to if state else None) or next(iter(entry.urls), None),
        verdict=judged.verdict,
        seen=judged.seen,
        remedy=judged.remedy,
        verdict_since=judged.since,
        attempted_at=state.attempted_at if state else None,
        succeeded_at=state.succeeded_at if state else None,
        due_at=state.due_at if state else None,
        new_item_at=state.new_item_at if state else None,
        failures_in_a_row=state.failures_in_a_row if state else 0,
        failure=state.failure if state else None,
        cause=state.cause if state else None,
        documents=sum(flow.counts(0, WINDOW_DAYS, (ENTERED,))),
        articles=sum(flow.counts(0, WINDOW_DAYS, news_labels(entry))),
        articles_per_day=articles_a_day(entry, flow),
        expected_per_day=entry.articles_per_day,
    )


def print_health(console: Console, rows: Sequence[HealthRow], now: datetime | None = None) -> None:
    """Print a table, the worst first, and below it how many there are of each verdict.

    `read` is the last reading that succeeded, `a day` the articles of a mean day of the last week.
    """
    now = now or datetime.now(UTC)
    table = Table("source", "verdict", "read", "next", title="Health")
    table.add_column("a day", justify="right")
    table.add_column("what was seen, and what to do", ratio=1, overflow="fold")
    for row in rows:
        colour = COLOURS[row.verdict]
        table.add_row(
            escape(row.source_id),
            f"[{colour}]{row.verdict}[/]",
            _past(row.succeeded_at, now),
            _future(row.due_at, now),
            _rate(row),
            _told(row),
        )
    console.print(table)
    counts = Counter(row.verdict for row in rows)
    console.print(
        "  ".join(f"[{COLOURS[v]}]{counts[v]:,} {v}[/]" for v in Verdict if counts[v]) or "no source"
    )


def _told(row: HealthRow) -> str:
    seen = row.seen if len(row.seen) <= LONGEST_TEXT else f"{row.seen[:LONGEST_TEXT]}…"
    remedy = f"; [italic]{escape(row.remedy)}[/]" if row.remedy else ""
    return escape(seen) + remedy


def _rate(row: HealthRow) -> str:
    found = "" if row.articles_per_day is None else f"{row.articles_per_day:,.1f}"
    return f"{found or '-'} of {row.expected_per_day:g}" if row.expected_per_day else found


def _past(at: datetime | None, now: datetime) -> str:
    return f"{_short((now - at).total_seconds())} ago" if at else "[dim]never[/]"


def _future(at: datetime | None, now: datetime) -> str:
    if at is None or at <= now:
        return "now"
    return f"in {_short((at - now).total_seconds())}"


def _short(seconds: float) -> str:
    number, _, unit = duration(seconds).partition(" ")
    return f"{number} {SHORT[unit]}"
