"""What came of a source's documents, day by day."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

ENTERED = "entered"
ARTICLES = ("new", "updated", "duplicate")
"""Outcomes that show that the parser found an article; `unchanged` is also what was not fetched again."""

Day = dict[str, int]
"""Ledger labels of one day, with the documents of each."""


class Flow(Struct, frozen=True, kw_only=True):
    """The last days of one source, today first.

    A day is None where nothing at all was counted, of whichever source: then nobody worked.
    """

    days: tuple[Day | None, ...] = ()

    def counts(self, first: int, last: int, labels: Sequence[str]) -> list[int]:
        """How many documents have these labels, on each day of work since the source is known."""
        known = max((age for age, day in enumerate(self.days) if day), default=-1) + 1
        return [_count(day, labels) for day in self.days[first : min(last, known)] if day is not None]

    def failures(self, days: int) -> Counter[str]:
        """Documents that came to nothing, by the reason."""
        found: Counter[str] = Counter()
        for day in self.days[:days]:
            failed = {
                label: n for label, n in (day or {}).items() if label.startswith(("dropped", "rejected"))
            }
            found.update(failed)
        return +found

    def days_since(self, labels: Sequence[str]) -> int | None:
        """Days since a document last had one of these labels; None where none had."""
        return next((age for age, day in enumerate(self.days) if day and _count(day, labels)), None)

    def longest_pause(self, labels: Sequence[str]) -> int:
        """Days of the longest pause between two with these labels; the one that goes on is none of them."""
        longest, pause, begun = 0, 0, False
        for day in self.days:
            if day is None:
                continue
            if _count(day, labels):
                longest, pause, begun = max(longest, pause if begun else 0), 0, True
            else:
                pause += 1
        return longest


def together(flows: Sequence[Flow]) -> Flow:
    """Add up what came of the documents of several sources."""
    return Flow(days=tuple(map(_sum, zip(*(flow.days for flow in flows), strict=True))))


def _sum(days: Sequence[Day | None]) -> Day | None:
    if all(day is None for day in days):
        return None
    found: Counter[str] = Counter()
    for day in days:
        found.update(day or {})
    return dict(found)


def _count(day: Day, labels: Sequence[str]) -> int:
    return sum(day.get(label, 0) for label in labels)
