"""What the status page shows; someone else finds it out."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class SourceLedger(Struct, frozen=True, kw_only=True):
    """The books of one source in one run; `outcomes` maps an outcome or `Drop.label` to a count."""

    source_id: str
    entered: int
    outcomes: Mapping[str, int]

    @property
    def unaccounted(self) -> int:
        """How many documents have no outcome (yet)."""
        return self.entered - sum(self.outcomes.values())


class RunLedger(Struct, frozen=True, kw_only=True):
    """The books of one run."""

    run_id: str
    started_at: datetime | None
    sources: tuple[SourceLedger, ...]


class Lag(Struct, frozen=True, kw_only=True):
    """How many records of a topic a consumer group has not dealt with yet."""

    group: str
    topic: str
    records: int


class Tallied(Struct, frozen=True):
    """A named number, such as rows in the lake."""

    name: str
    count: int


class Status(Struct, frozen=True, kw_only=True):
    """The pipeline as it stood at `taken_at`, aware UTC; the newest run first."""

    taken_at: datetime
    runs: tuple[RunLedger, ...] = ()
    lags: tuple[Lag, ...] = ()
    counts: tuple[Tallied, ...] = ()
