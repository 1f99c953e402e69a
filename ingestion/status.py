"""What is where now: lags, counts and the books of the last runs; for the terminal and the status page."""

from datetime import UTC, datetime
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.settings import Settings
from ingestion.state.ledger import Balance
from ingestion.topics import ARTICLES, OUTCOMES, RAW, REJECTED
from ingestion.web.status import Lag, RunLedger, SourceLedger, Status, Tallied
from ingestion.wiring import Wiring

GROUPS = (("transform", RAW), ("store", ARTICLES), ("index", ARTICLES), ("account", OUTCOMES))
WITH_REJECTIONS = (*GROUPS, ("index_rejected", REJECTED))
RUNS = 10


def status_of(settings: Settings) -> Status:
    """Ask every part. Raises `Unavailable`."""
    with Wiring(settings) as wiring:
        return Status(
            taken_at=datetime.now(UTC),
            runs=tuple(_runs(wiring.ledger.balances())[:RUNS]),
            lags=tuple(
                Lag(group=group, topic=topic, records=wiring.broker.lag(group, topic))
                for group, topic in (WITH_REJECTIONS if wiring.rejections else GROUPS)
            ),
            counts=(
                Tallied("rows in the lake", wiring.lake_reader().count()),
                Tallied("articles in the index", wiring.search.count()),
            ),
        )


def _runs(balances: list[Balance]) -> list[RunLedger]:
    return [
        RunLedger(
            run_id=run_id,
            started_at=None,
            sources=tuple(
                SourceLedger(source_id=b.source_id, entered=b.entered, outcomes=b.outcomes) for b in books
            ),
        )
        for run_id, books in groupby(balances, key=lambda balance: balance.run_id)
    ]


def print_status(console: Console, status: Status) -> None:
    """Print three small tables."""
    console.print(_lags(status))
    console.print("  ".join(f"[bold]{tallied.count:,}[/] {tallied.name}" for tallied in status.counts))
    console.print(_last_runs(status))


def _lags(status: Status) -> Table:
    table = Table("consumer group", "topic", title="Lag")
    table.add_column("records", justify="right")
    for lag in status.lags:
        table.add_row(lag.group, lag.topic, f"{lag.records:,}")
    return table


def _last_runs(status: Status) -> Table:
    table = Table("run", title="Last runs")
    for name in ("documents", "without outcome"):
        table.add_column(name, justify="right")
    for run in status.runs:
        entered = sum(source.entered for source in run.sources)
        unaccounted = sum(source.unaccounted for source in run.sources)
        table.add_row(escape(run.run_id), f"{entered:,}", f"[red]{unaccounted}[/]" if unaccounted else "0")
    return table
