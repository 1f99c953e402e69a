"""A source whose published articles are visited again, also when it lists them no more."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ingestion.source_ports import Link, Recheck, Rechecks, Source, SourceMemory, Visit, Visited
from ingestion.sources.documents import Origin
from ingestion.sources.links import Visitor
from ingestion.sources.named import NamedSource
from ingestion.stages.recheck import chosen, next_due

CANDIDATES = 1_000
"""So many of those that are due are looked at in one reading."""


class RevisitedSource(NamedSource):
    """A `Source` that reads another one, and then visits what is due of the articles it brought before.

    What was visited meanwhile, because it is listed still, counts as visited.
    """

    def __init__(
        self, source: Source, visitor: Visitor, memory: SourceMemory, rechecks: Rechecks, most_per_host: int
    ) -> None:
        super().__init__(source)
        self._source = source
        self._visitor = visitor
        self._memory = memory
        self._rechecks = rechecks
        self._most_per_host = most_per_host
        self._done: list[Recheck] = []

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read the source, then go back to its articles."""
        self._done = []
        visited: dict[str, Visited] = {}
        for visit in self._source.visits(run_id):
            if visit.visited:
                visited[visit.visited.url] = visit.visited
            yield visit
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        yield from self._again(origin, visited)

    def settle(self) -> None:
        """Note how the source was read, and when to go back next."""
        self._source.settle()
        habit = self._rechecks.habit(self.ref.id)
        now = self._visitor.now()
        self._rechecks.keep(
            [replace(one, due_at=next_due(one.first_seen, now, habit, one.changed_at)) for one in self._done]
        )

    def _again(self, origin: Origin, visited: dict[str, Visited]) -> Iterator[Visit]:
        due = self._rechecks.due(self.ref.id, self._visitor.now(), CANDIDATES)
        known = {**self._memory.visited_many([one.url for one in due]), **visited}
        unvisited = [one for one in due if not _was_visited(one, known)]
        self._done = [_checked(one) for one in due if _was_visited(one, known)]
        yield from self._visited(origin, chosen(unvisited, self._most_per_host), known)

    def _visited(self, origin: Origin, due: Sequence[Recheck], known: dict[str, Visited]) -> Iterator[Visit]:
        """Visit them. Where one cannot be had now, the others of its host are left for the next time.

        That one itself waits for its next step, so that one address does not hold up the others for ever.
        """
        troubled: set[str] = set()
        for one in due:
            if one.host in troubled:
                continue
            visit = self._visitor.visit(origin, Link(url=one.url), known.get(one.url), was_read=True)
            yield visit
            self._done.append(_checked(one) if visit.visited else one)
            if visit.visited is None:
                troubled.add(one.host)


def _checked(one: Recheck) -> Recheck:
    return replace(one, checks=one.checks + 1)


def _was_visited(one: Recheck, known: dict[str, Visited]) -> bool:
    last = known.get(one.url)
    return bool(last and one.due_at and last.visited_at >= one.due_at)
