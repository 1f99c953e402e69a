"""Bookkeeping of one batch: what entered and what became of it, per run and source."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from ingestion.article import Article, Drop, Outcome, Rejected, Tally
from ingestion.errors import TooManyRejections


class Entry(Struct, frozen=True, kw_only=True):
    """One document in the books. `enters` where this job is the first to count it."""

    run_id: str
    source_id: str
    outcome: str | None = None
    enters: bool = False
    takes_back: str | None = None


def label_of(result: Article | Drop | Rejected) -> str:
    """Name the outcome as the ledger does."""
    if isinstance(result, Drop):
        return result.label
    if isinstance(result, Rejected):
        return f"{Outcome.REJECTED}/{result.error}"
    return str(Outcome.NEW if result.version == 1 else Outcome.UPDATED)


def tallies(stage: str, entries: Sequence[Entry]) -> list[Tally]:
    """Sum up the entries of a batch, one tally for each run and source."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    entered: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        key = entry.run_id, entry.source_id
        counts = sums.setdefault(key, Counter())
        entered[key] += entry.enters
        if entry.outcome is not None:
            counts[entry.outcome] += 1
        if entry.takes_back is not None:
            counts[entry.takes_back] -= 1
    return [
        Tally(run_id=run, source_id=source, stage=stage, entered=entered[run, source], outcomes=dict(counts))
        for (run, source), counts in sums.items()
    ]


class RejectionWatch:
    """Stops a job where so much is rejected that something is wrong with all of it, not with one."""

    ENOUGH_TO_JUDGE = 200

    def __init__(self, share_limit: float) -> None:
        self._share_limit = share_limit
        self._read = 0
        self._rejected = 0

    def add(self, results: Sequence[Article | Drop | Rejected]) -> None:
        """Count a batch. Raises `TooManyRejections`, before the batch is committed."""
        self._read += len(results)
        self._rejected += sum(isinstance(result, Rejected) for result in results)
        if self._read >= self.ENOUGH_TO_JUDGE and self._rejected > self._share_limit * self._read:
            raise TooManyRejections(
                f"{self._rejected} of {self._read} documents were rejected, more than "
                f"NEWS_REJECTED_SHARE_LIMIT={self._share_limit} allows; nothing of this batch was "
                "committed. `news rejected` shows why; raise the limit to let them pass."
            )
