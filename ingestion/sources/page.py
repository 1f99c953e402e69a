"""A fixed list of pages."""

from collections.abc import Iterator

from ingestion.article import Publisher, Rejected, SourceRef
from ingestion.source_ports import Link, SourceMemory, Visit
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin
from ingestion.sources.links import Visitor, unique
from ingestion.sources.rhythm import after_attempt


class PageSource:
    """A `Source` that offers the addresses of its entry."""

    def __init__(self, entry: Entry, visitor: Visitor, memory: SourceMemory) -> None:
        self._entry = entry
        self._visitor = visitor
        self._memory = memory
        self._failure: str | None = None

    @property
    def ref(self) -> SourceRef:
        """Its identity."""
        return self._entry.ref

    @property
    def publisher(self) -> Publisher:
        """What the catalogue knows of the publisher."""
        return self._entry.publisher

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Visit each page that is due."""
        self._failure = None
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        links = unique((Link(url=url) for url in self._entry.urls), "", self._visitor.limits.max_links)
        for visit in self._visitor.visits(origin, links):
            if isinstance(visit.result, Rejected):
                self._failure = f"{visit.result.locator}: {visit.result.message}"
            elif visit.visited and visit.visited.failure:
                self._failure = f"{visit.visited.url}: {visit.visited.failure}"
            yield visit

    def settle(self) -> None:
        """Note how it went; the last failure stands for all."""
        self._note(self._failure)

    def _note(self, failure: str | None) -> None:
        before = self._memory.state(self.ref.id)
        now = self._visitor.now()
        self._memory.keep_state(after_attempt(self._entry, before, now=now, failure=failure))
