"""What an audit found, as it is recorded: one JSON file for each audit, the newest ones kept."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from ingestion.lake.durable import write_atomically


class Check(Struct, frozen=True, kw_only=True):
    """One expectation and what came of it.

    `outcome` is passed, failed, or broken where the check itself could not be made.
    `unexpected_count` is null where an expectation judges the batch and not its rows.
    """

    expectation: str
    statement: str
    why: str
    severity: str
    outcome: str
    unexpected_count: int | None = None
    observed: str | None = None
    error: str | None = None
    examples: tuple[str, ...] = ()


class AuditReport(Struct, frozen=True, kw_only=True):
    """One audit of a batch, or of a day where `day` is given. Warnings leave it passed."""

    audit_id: str
    audited_at: datetime
    day: date | None
    rows: int
    passed: bool
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass, critical ones first."""
        failed = [check for check in self.checks if check.outcome != "passed"]
        return tuple(sorted(failed, key=lambda check: (check.severity != "critical", check.expectation)))

    @property
    def counts(self) -> Counter[str]:
        """How many checks passed, failed or are broken."""
        return Counter(check.outcome for check in self.checks)

    @property
    def subject(self) -> str:
        """What was judged, in words."""
        return f"the day {self.day}" if self.day else "a batch"


def record(folder: Path, report: AuditReport, *, keep: int) -> Path:
    """Write a report and take away the oldest beyond `keep`, of batches and of days apart."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.audit_id}.json"
    write_atomically(path, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    prefix = report.audit_id.partition("-")[0]
    for stale in sorted(folder.glob(f"{prefix}-*.json"))[:-keep]:
        stale.unlink(missing_ok=True)
    return path


def recorded(folder: Path) -> list[AuditReport]:
    """Read the reports that are kept, newest first."""
    reports = [msgspec.json.decode(path.read_bytes(), type=AuditReport) for path in folder.glob("*.json")]
    return sorted(reports, key=lambda report: (report.audited_at, report.audit_id), reverse=True)


def newest_by_day(folder: Path) -> dict[date, AuditReport]:
    """Map each day to the newest report on it."""
    return {report.day: report for report in reversed(recorded(folder)) if report.day}
