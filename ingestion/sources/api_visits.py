"""The items of one page of an API, each gone to or taken for what it carries."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingestion.article import Document, Rejected
from ingestion.source_ports import Fetcher, SourceMemory, Validators, Visit, Visited
from ingestion.sources.api_facts import ApiFacts
from ingestion.sources.api_items import Item, document_of, link_of
from ingestion.sources.api_pages import Sheet
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead
from ingestion.sources.limits import Limits
from ingestion.sources.links import UNCHANGED, Now, Visitor, failure_of, unique


class ItemVisits:
    """Turns items into visits, and counts. `left_over` says that a limit kept it from some."""

    def __init__(
        self, entry: Entry, facts: ApiFacts, fetcher: Fetcher, memory: SourceMemory, limits: Limits, now: Now
    ) -> None:
        self.left_over = False
        self.new = 0
        self._entry = entry
        self._facts = facts
        self._fetcher = fetcher
        self._memory = memory
        self._limits = limits
        self._now = now
        self._room = limits.max_visits
        self._offered: set[tuple[str, str]] = set()

    def of(self, origin: Origin, sheet: Sheet) -> Iterator[Visit]:
        """Visit each item of a page that an earlier page did not have as well."""
        items = [item for item in sheet.items if (item.key, item.digest) not in self._offered]
        self._offered.update((item.key, item.digest) for item in items)
        for item in items:
            if item.fault or self._facts.mode == "document":
                yield self._settled(origin, item, sheet)
        if self._facts.mode == "link":
            yield from self._linked(origin, sheet, items)

    def all_known(self, sheet: Sheet) -> bool:
        """Tell whether there is nothing on a page that was not there before."""
        return all(self._memory.visited(self._name(item)) for item in sheet.items)

    def _name(self, item: Item) -> str:
        """What an item is remembered by; its page may be known from elsewhere, which is another thing."""
        if self._facts.mode == "link" and item.url:
            return item.url
        return f"api:{self._entry.id}:{item.key}"

    def _settled(self, origin: Origin, item: Item, sheet: Sheet) -> Visit:
        """Take an item for what it carries, unless it is as it was."""
        name, validators = self._name(item), Validators(digest=item.digest)
        known = self._memory.visited(name)
        if known and known.validators.digest == item.digest:
            return Visit(result=UNCHANGED)
        result = self._result(origin, item, sheet)
        self.new += known is None and isinstance(result, Document)
        visited = Visited(url=name, validators=validators, visited_at=self._now(), failure=failure_of(result))
        return Visit(result=result, visited=visited)

    def _result(self, origin: Origin, item: Item, sheet: Sheet) -> Document | Rejected:
        if item.fault is None:
            return document_of(self._facts, item, origin, sheet.answer)
        locator = f"{sheet.answer.url}#{sheet.items.index(item) + 1}"
        return dead(origin, item.fault, locator=locator, payload=item.body)

    def _linked(self, origin: Origin, sheet: Sheet, items: Sequence[Item]) -> Iterator[Visit]:
        links = [link_of(self._facts, item) for item in items if not item.fault]
        visitor = Visitor(
            self._entry, self._fetcher, self._memory, replace(self._limits, max_visits=self._room), self._now
        )
        for visit in visitor.visits(origin, unique(links, sheet.answer.url, self._limits.max_links)):
            self._room -= 1
            self.new += isinstance(visit.result, Document)
            yield visit
        self.left_over = visitor.left_over
