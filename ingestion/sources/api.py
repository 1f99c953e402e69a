"""A JSON API as a source: it is asked page by page, from the newest item known until now."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from ingestion.article import UNKNOWN, Publisher, SourceRef
from ingestion.errors import Cause, Unreachable, Unreadable, cause_of
from ingestion.source_ports import Bookmark, Fetcher, NotModified, SourceMemory, Visit
from ingestion.sources.api_facts import ApiFacts
from ingestion.sources.api_key import NoKey
from ingestion.sources.api_mark import FAILURES_TO_GIVE_UP, Mark, Span, mark_of, next_window, position_of
from ingestion.sources.api_pages import NO_ITEMS, ApiPages, Failure, Sheet
from ingestion.sources.api_paging import next_place
from ingestion.sources.api_request import first_place, names_variable, time_path
from ingestion.sources.api_visits import ItemVisits
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin
from ingestion.sources.limits import Limits
from ingestion.sources.links import UNCHANGED, Now, failure_of, utc_now
from ingestion.sources.rhythm import Attempt, after_attempt

BOOKMARK = "api"
REPEATED = "the API gives a page again that it gave before; check api.paging"


class ApiSource:
    """A `Source` over an API. With a `span` it is read once from then to then, apart from other readings."""

    def __init__(
        self,
        entry: Entry,
        fetcher: Fetcher,
        memory: SourceMemory,
        limits: Limits,
        *,
        span: Span | None = None,
        now: Now = utc_now,
    ) -> None:
        if entry.api is None:
            raise TypeError(f"{entry.id} is not described as an API")
        self._entry = entry
        self._facts: ApiFacts = entry.api
        self._memory = memory
        self._span = span
        self._now = now
        self._pages = ApiPages(entry, self._facts, fetcher)
        self._items = ItemVisits(entry, self._facts, fetcher, memory, limits, now)
        self._in_window = names_variable(entry.urls[0], self._facts, "since")
        self._dated = time_path(self._facts) is not None
        self._mark = Mark()
        self._seen: set[str] = set()
        self._attempt = Attempt(at=now())

    @property
    def ref(self) -> SourceRef:
        """Its identity."""
        return self._entry.ref

    @property
    def publisher(self) -> Publisher:
        """Whom everything is from; of many publishers, the host of each page stands for its own."""
        return UNKNOWN if self._facts.many_publishers else self._entry.publisher

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read page after page. Raises `Unreachable` where one cannot be had now."""
        origin = Origin(source=self.ref, publisher=self.publisher, run_id=run_id)
        self._mark = mark_of(self._memory.bookmark(self.ref.id, self._name))
        if self._span and self._mark.ended:
            return
        self._seen = {self._mark.page_digest} if self._mark.page_digest else set()
        try:
            yield from self._read(origin, self._opened(self._mark))
        except Unreachable as fault:
            cause = None if isinstance(fault, NoKey) else cause_of(fault)
            self._failing(str(fault), cause, partial=False)
            self._attempt = replace(self._attempt, retry_after_seconds=fault.retry_after_seconds)
            self._note()
            raise

    def settle(self) -> None:
        """Keep how far it was read, and note how it went."""
        self._memory.keep_bookmarks([self._bookmark(self._mark)])
        self._note()

    @property
    def _name(self) -> str:
        return self._span.name if self._span else BOOKMARK

    def _opened(self, mark: Mark) -> Mark:
        now = self._now().astimezone(UTC)
        window = self._span.window if self._span else next_window(self._facts.window, mark.since, now)
        return mark.opened(window, first_place(self._facts.paging))

    def _read(self, origin: Origin, mark: Mark) -> Iterator[Visit]:
        limits, items = self._facts.limits, 0
        for _ in range(limits.pages):
            sheet = self._pages.read(origin, mark)
            if isinstance(sheet, Failure):
                yield self._failed(mark, sheet)
                return
            after = self._after(mark, sheet)
            if isinstance(sheet, Sheet) and sheet.digest not in self._seen:
                yield from self._visited(origin, sheet, after)
                items += len(sheet.items)
                self._seen.add(sheet.digest)
            if self._items.left_over:
                return
            self._mark = mark = after
            if mark.ended or items >= limits.items:
                return

    def _visited(self, origin: Origin, sheet: Sheet, after: Mark) -> Iterator[Visit]:
        """Visit the items of a page; the last visit says that the page was read."""
        held: Visit | None = None
        for visit in self._items.of(origin, sheet):
            if held:
                yield held
            held = visit
        if held:
            yield held if self._items.left_over else replace(held, bookmark=self._bookmark(after))

    def _after(self, mark: Mark, sheet: Sheet | NotModified) -> Mark:
        """Where reading goes on behind a page, or its end."""
        if isinstance(sheet, NotModified):
            self._attempt = replace(self._attempt, fresh_seconds=sheet.fresh_seconds)
            return mark.closed(dated=True)
        if mark.pages == 0:
            mark = replace(mark, first_url=sheet.url, validators=sheet.answer.validators)
            self._attempt = replace(self._attempt, fresh_seconds=sheet.answer.fresh_seconds)
        times = sheet.times(mark.window.until if mark.window else self._now())
        self._attempt = replace(self._attempt, links=self._attempt.links + len(sheet.items))
        newest = max([*times, *([mark.newest] if mark.newest else [])], default=None)
        place = self._next_place(mark, sheet, times)
        turned = mark.turned(place or "", newest, sheet.digest)
        return turned.closed(dated=self._dated) if place is None else turned

    def _next_place(self, mark: Mark, sheet: Sheet, times: list[datetime]) -> str | None:
        if sheet.digest == NO_ITEMS == mark.page_digest or self._is_old(mark, sheet, times):
            return None
        if self._dated and sheet.items and not any(item.at for item in sheet.items):
            told = f"no item has a date at {time_path(self._facts)}"
            self._failing(told, Cause.UNREADABLE, partial=True)
        if sheet.digest != NO_ITEMS and sheet.digest in self._seen:
            self._doubt(mark, sheet)
            return None
        try:
            paging, oldest = self._facts.paging, min(times, default=None)
            return next_place(paging, mark, sheet.page, sheet.url, sheet.answer.headers, oldest)
        except Unreadable as fault:
            self._failing(str(fault), Cause.UNREADABLE, partial=True)
            return None

    def _is_old(self, mark: Mark, sheet: Sheet, times: list[datetime]) -> bool:
        """Tell where an API that is not asked for a time comes to what was read before."""
        if self._in_window or not sheet.items or mark.window is None:
            return False
        older = len(times) == len(sheet.items) and max(times) < mark.window.since
        return older or self._items.all_known(sheet)

    def _doubt(self, mark: Mark, sheet: Sheet) -> None:
        """Say that a page came twice, unless it is what the API gives behind its last page."""
        paging, page = self._facts.paging, sheet.page
        more = page.total is not None and page.total > mark.pages * paging.size
        if more or page.pages is not None or paging.by not in ("page", "offset"):
            self._failing(REPEATED, Cause.UNREADABLE, partial=True)

    def _failed(self, mark: Mark, failure: Failure) -> Visit:
        """Tell a failure once. A later page is tried again some times before the rest is given up."""
        told = failure_of(failure.result) or ""
        later = mark.pages > 0
        self._failing(told, failure.cause, partial=later)
        if not later:
            self._mark = replace(mark, window=None)
        elif mark.failures + 1 < FAILURES_TO_GIVE_UP:
            self._mark = replace(mark, failures=mark.failures + 1)
        else:
            self._mark = mark.closed(dated=self._dated)
        before = self._memory.state(self.ref.id)
        told_before = before is not None and before.failure == told
        return Visit(result=UNCHANGED if told_before else failure.result, bookmark=self._bookmark(self._mark))

    def _failing(self, failure: str, cause: Cause | None, *, partial: bool) -> None:
        gone = cause is Cause.GONE and not partial
        self._attempt = replace(self._attempt, failure=failure, cause=cause, partial=partial, gone=gone)

    def _bookmark(self, mark: Mark) -> Bookmark:
        return Bookmark(
            source_id=self.ref.id, name=self._name, position=position_of(mark), kept_at=self._now()
        )

    def _note(self) -> None:
        attempt = replace(
            self._attempt,
            at=self._now(),
            new_links=self._items.new,
            left_over=self._mark.window is not None,
        )
        before = self._memory.state(self.ref.id)
        self._memory.keep_state(after_attempt(self._entry, before, attempt))
