"""How backfills look on a terminal: a table of them, one of buckets, and progress as it goes on."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from ingestion.backfill.bucket import BucketReport, BucketState
from ingestion.backfill.jobs import BackfillLine, BucketLine

COLOURS = {
    BucketState.DONE: "green",
    BucketState.FAILED: "red",
    BucketState.STOPPED: "yellow",
    BucketState.READING: "cyan",
}
WORDS = {BucketState.STOPPED: "paused"}
LOOKS_PER_SECOND = 2
SHOWN_BUCKETS = 15


def print_backfills(console: Console, lines: Sequence[BackfillLine]) -> None:
    """Print one line for each backfill."""
    if not lines:
        console.print("No backfill yet. [bold]news backfill start --help[/] says how to begin one.")
        return
    table = Table(
        "backfill", "asked for", "state", "buckets", "articles", "done", "time left", box=SIMPLE_HEAD
    )
    for line in lines:
        done = line.buckets.get(BucketState.DONE, 0)
        table.add_row(
            line.backfill_id,
            escape(asked_for(line)),
            coloured(line.state),
            f"{done} of {sum(line.buckets.values())}",
            f"{line.documents:,}",
            f"{line.share:.0%}",
            duration(line.seconds_left),
        )
    console.print(table)


def print_buckets(console: Console, line: BackfillLine, buckets: Sequence[BucketLine]) -> None:
    """Print a backfill with its buckets."""
    console.print(f"[bold]{line.backfill_id}[/] {coloured(line.state)} {escape(asked_for(line))}")
    table = Table("", "bucket", "state", "done", "articles", "note", box=SIMPLE_HEAD)
    for bucket in buckets:
        table.add_row(
            str(bucket.bucket),
            escape(bucket.title),
            coloured(bucket.state),
            amount(bucket.done, bucket.total),
            f"{bucket.documents:,}",
            escape(bucket.note or ""),
        )
    console.print(table)
    console.print(closing_line(line))


def asked_for(line: BackfillLine) -> str:
    """Say in a few words what was asked for."""
    request = line.request
    names = [*request.sources, *(archive.rpartition("/")[2] for archive in request.archives)]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    days = f", {request.since} to {request.until}" if request.since else ""
    return ", ".join(names[:2]) + more + days


def closing_line(line: BackfillLine) -> str:
    """Say how much was read, how quickly, and how long the rest takes."""
    rate = f", {line.documents_per_second:,.1f} a second" if line.documents_per_second else ""
    left = f", {duration(line.seconds_left)} left" if line.seconds_left else ""
    return f"{line.documents:,} articles{rate}, {line.share:.0%} done{left}"


def coloured(state: BucketState) -> str:
    """Name a state in its colour."""
    colour, word = COLOURS.get(state), WORDS.get(state, str(state))
    return f"[{colour}]{word}[/]" if colour else word


def amount(done: int, total: int | None) -> str:
    """Say how much of how much."""
    if total:
        return f"{done:,} of {total:,}"
    return f"{done:,}" if done else "·"


def duration(seconds: float | None) -> str:
    """Say for how long, to the second."""
    return "·" if seconds is None else str(timedelta(seconds=round(seconds)))


class Watch:
    """Progress of the buckets that are read now: articles, rate and time left, on one terminal."""

    def __init__(self, console: Console, line: BackfillLine, buckets: Sequence[BucketLine]) -> None:
        self._console = console
        self._line = line
        self._titles = {bucket.bucket: bucket.title for bucket in buckets}
        self._shares = {bucket.bucket: bucket.share for bucket in buckets}
        self._documents = {bucket.bucket: bucket.documents for bucket in buckets}
        self._reports: dict[int, BucketReport] = {}
        self._before = (time.monotonic(), sum(self._documents.values()), self._share())
        self._lock = threading.Lock()

    def told(self, report: BucketReport) -> None:
        """Hear of a bucket."""
        with self._lock:
            self._reports[report.bucket] = report
            self._documents[report.bucket] = report.documents
            self._shares[report.bucket] = share_of(report)

    def during(self, work: Callable[[], Any]) -> Any:
        """Do the work, and show how it goes on."""
        console, often = self._console, LOOKS_PER_SECOND
        with Live(get_renderable=self.picture, console=console, refresh_per_second=often, transient=True):
            return work()

    def picture(self) -> Group:
        """Draw where everything stands."""
        with self._lock:
            reading = [r for r in self._reports.values() if r.state is BucketState.READING]
            table = Table(box=None, padding=(0, 2, 0, 0))
            for column in ("bucket", "", "done", "articles", "a second", "time left"):
                table.add_column(column)
            for report in reading[:SHOWN_BUCKETS]:
                table.add_row(
                    escape(report.title),
                    ProgressBar(total=1.0, completed=share_of(report), width=20),
                    amount(report.done, report.total),
                    f"{report.documents:,}",
                    f"{report.documents_per_second:,.1f}",
                    duration(report.seconds_left),
                )
            return Group(f"[bold]{self._summary()}[/]", table) if reading else Group(self._summary())

    def _summary(self) -> str:
        began, documents, share = self._before
        seconds = max(time.monotonic() - began, 1e-9)
        rate = (sum(self._documents.values()) - documents) / seconds
        pace, still = (self._share() - share) / seconds, 1 - self._share()
        left = f", {duration(still / pace)} left" if pace > 0 and still > 0 else ""
        articles = f"{sum(self._documents.values()):,} articles"
        return f"{articles}, {rate:,.1f} a second, {self._share():.0%} done{left}"

    def _share(self) -> float:
        return sum(self._shares.values()) / len(self._shares) if self._shares else 1.0


def share_of(report: BucketReport) -> float:
    """How much of a bucket is done, from 0 to 1."""
    if report.state is BucketState.DONE:
        return 1.0
    return min(1.0, report.done / report.total) if report.total else 0.0
