"""A source over the addresses of a range of days, in the order of their days."""

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Document, Rejected
from ingestion.backfill.crawl import Address, Crawl, told
from ingestion.errors import Unreachable
from ingestion.source_ports import Bookmark, Link, SourceMemory, Visit
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin
from ingestion.sources.links import Visitor
from ingestion.sources.named import NamedSource

TOO_MANY_IN_A_ROW = 5
"""A host that does not answer so many times in a row is left for a later run."""

MAX_LATER = 1_000


class Position(Struct, frozen=True, kw_only=True):
    """How far the addresses were visited: up to `next`, except `later`, which did not answer at first."""

    next: int = 0
    later: tuple[int, ...] = ()
    documents: int = 0

    @property
    def done(self) -> int:
        """How many addresses are settled."""
        return self.next - len(self.later)


def position_of(bookmark: Bookmark | None) -> Position:
    """Read a bookmark."""
    return msgspec.json.decode(bookmark.position, type=Position) if bookmark else Position()


class RangeSource(NamedSource):
    """A `Source` over the addresses of a listing, which is made first, or gone on with.

    `between` is called between two sitemaps, to keep the listing as far as it is; it may end the reading
    by an exception.
    """

    def __init__(
        self,
        entry: Entry,
        crawl: Crawl,
        visitor: Visitor,
        memory: SourceMemory,
        *,
        bookmark_name: str,
        between: Callable[[], None],
    ) -> None:
        super().__init__(entry)
        self._entry = entry
        self._crawl = crawl
        self._listing = crawl.listing
        self._visitor = visitor
        self._memory = memory
        self._name = bookmark_name
        self._between = between

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Tell of the sitemaps that failed, then visit each address; those that did not answer, once more.

        Raises `Unreachable` where the host does not answer at all.
        """
        self._list()
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        bookmark = self._memory.bookmark(self.ref.id, self._name)
        position = position_of(bookmark)
        if bookmark is None:
            yield from (Visit(result=told(origin, failed)) for failed in self._listing.failed)
        position = yield from self._first_time(origin, position)
        yield from self._once_more(origin, position)

    def settle(self) -> None:
        """Every position went along with a visit."""

    def _list(self) -> None:
        if not self._listing.complete:
            self._crawl.begin(self._entry.urls[0])
            self._crawl.run(self._between)
            self._between()

    def _first_time(self, origin: Origin, position: Position) -> Generator[Visit, None, Position]:
        """Visit what is left, put those that do not answer aside, and return where that ends."""
        in_a_row = 0
        while position.next < len(self._listing.addresses):
            number = position.next
            visit = self._visit(origin, self._listing.addresses[number])
            position = replace(position, next=number + 1)
            if _did_not_answer(visit) and len(position.later) < MAX_LATER:
                in_a_row += 1
                if in_a_row >= TOO_MANY_IN_A_ROW:
                    raise Unreachable(f"{self.ref.id} is left for later: {_reason(visit)}")
                position = replace(position, later=(*position.later, number))
                continue
            in_a_row = 0
            position = _counted(position, visit)
            yield self._kept(visit, position)
        return position

    def _once_more(self, origin: Origin, position: Position) -> Iterator[Visit]:
        for number in position.later:
            visit = self._visit(origin, self._listing.addresses[number])
            rest = tuple(other for other in position.later if other > number)
            position = _counted(replace(position, later=rest), visit)
            yield self._kept(visit, position)

    def _visit(self, origin: Origin, address: Address) -> Visit:
        link = Link(url=address.url, hints=address.hints)
        return self._visitor.visit(origin, link, self._memory.visited(address.url))

    def _kept(self, visit: Visit, position: Position) -> Visit:
        bookmark = Bookmark(
            source_id=self.ref.id,
            name=self._name,
            position=msgspec.json.encode(position).decode(),
            kept_at=datetime.now(UTC),
        )
        return replace(visit, bookmark=bookmark)


def _counted(position: Position, visit: Visit) -> Position:
    return replace(position, documents=position.documents + isinstance(visit.result, Document))


def _did_not_answer(visit: Visit) -> bool:
    return isinstance(visit.result, Rejected) and visit.result.transient


def _reason(visit: Visit) -> str:
    return visit.result.message if isinstance(visit.result, Rejected) else ""
