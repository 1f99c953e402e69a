"""When a source is to be read again."""

from datetime import datetime, timedelta

from ingestion.source_ports import SourceState
from ingestion.sources.catalogue import Entry


def after_attempt(
    entry: Entry, before: SourceState | None, *, now: datetime, failure: str | None
) -> SourceState:
    """Note an attempt at the source, and choose the next."""
    return SourceState(
        source_id=entry.id,
        attempted_at=now,
        due_at=now + timedelta(seconds=entry.cadence_seconds),
        interval_seconds=entry.cadence_seconds,
        succeeded_at=(before.succeeded_at if before else None) if failure else now,
        failures_in_a_row=(before.failures_in_a_row if before else 0) + 1 if failure else 0,
        failure=failure,
    )
