"""A fixed list of pages."""

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from ingestion.article import Document, Rejected
from ingestion.errors import Cause
from ingestion.source_ports import Link, SourceMemory, Visit
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin
from ingestion.sources.links import Trouble, Visitor, failure_of, unique
from ingestion.sources.named import NamedSource
from ingestion.sources.rhythm import Attempt, after_attempt


class PageSource(NamedSource):
    """A `Source` that offers the addresses of its entry. What is new of it is a page that has changed."""

    def __init__(self, entry: Entry, visitor: Visitor, memory: SourceMemory) -> None:
        super().__init__(entry)
        self._entry = entry
        self._visitor = visitor
        self._memory = memory
        self._visited = 0
        self._changed = 0
        self._failures: list[tuple[str, Trouble]] = []

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Visit each page that is due."""
        self._visited, self._changed, self._failures = 0, 0, []
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        links = unique((Link(url=url) for url in self._entry.urls), "", self._visitor.limits.max_links)
        for visit in self._visitor.visits(origin, links):
            self._visited += 1
            self._changed += isinstance(visit.result, Document)
            failure = _failure(visit)
            if failure:
                self._failures.append((failure, self._visitor.trouble or Trouble(Cause.UNREADABLE)))
            yield visit

    def settle(self) -> None:
        """Note how it went; the last failure stands for all. Nothing is noted where nothing was due."""
        before, now = self._memory.state(self.ref.id), self._visitor.now()
        if before and not self._visited:
            soonest = now + timedelta(seconds=self._entry.cadence_seconds)
            self._memory.keep_state(replace(before, due_at=max(before.due_at, soonest)))
        else:
            self._memory.keep_state(after_attempt(self._entry, before, self._attempt()))

    def _attempt(self) -> Attempt:
        failure, trouble = self._failures[-1] if self._failures else (None, None)
        whole = 0 < self._visited == len(self._failures)
        return Attempt(
            at=self._visitor.now(),
            failure=failure,
            cause=trouble.cause if trouble else None,
            partial=not whole,
            new_links=self._changed,
            links=len(self._entry.urls),
            left_over=self._visitor.left_over,
            asked_seconds=float(self._entry.recheck_seconds or 0),
            retry_after_seconds=trouble.retry_after_seconds if trouble and whole else None,
            gone=whole and all(trouble.cause is Cause.GONE for _, trouble in self._failures),
        )


def _failure(visit: Visit) -> str | None:
    if visit.visited and visit.visited.failure:
        return f"{visit.visited.url}: {visit.visited.failure}"
    if isinstance(visit.result, Rejected):
        return f"{visit.result.locator}: {failure_of(visit.result)}"
    return None
