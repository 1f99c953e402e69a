"""Asking an API for one page, and what came."""

from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from ingestion.article import Drop, Rejected
from ingestion.errors import Cause, Permanent, Refused, Unreadable, cause_of
from ingestion.source_ports import Disallowed, Fetched, Fetcher, NotModified
from ingestion.sources.api_answer import Page, read_page
from ingestion.sources.api_facts import ApiFacts
from ingestion.sources.api_items import Item, read_item
from ingestion.sources.api_key import KeyedFetcher
from ingestion.sources.api_mark import Mark
from ingestion.sources.api_paging import address
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin, dead
from ingestion.sources.links import ROBOTS_DISALLOWED, failed_link

NO_ITEMS = ""
"""The digest of a page without items."""


class Sheet(Struct, frozen=True, kw_only=True):
    """A page that was read. `url` is what was asked for, without the key."""

    url: str
    answer: Fetched
    page: Page
    items: tuple[Item, ...]

    @property
    def digest(self) -> str:
        """What tells this page from others."""
        return sha256(b"\0".join(self.page.items)).hexdigest() if self.page.items else NO_ITEMS

    def times(self, until: datetime) -> list[datetime]:
        """From when the items are, those ahead of the time of asking left out."""
        return [item.at for item in self.items if item.at and item.at <= until]


class Failure(Struct, frozen=True, kw_only=True):
    """Why there is no page, and what is told of it."""

    cause: Cause
    result: Drop | Rejected


class ApiPages:
    """The pages of one API."""

    def __init__(self, entry: Entry, facts: ApiFacts, fetcher: Fetcher) -> None:
        self._entry = entry
        self._facts = facts
        self._api = KeyedFetcher(fetcher, entry.urls[0], facts)

    def read(self, origin: Origin, mark: Mark) -> Sheet | NotModified | Failure:
        """Read the page that the mark stands at. Raises `Unreachable`."""
        url = address(self._entry.urls[0], self._facts, mark)
        try:
            answer = self._ask(url, mark)
        except Permanent as fault:
            cause = cause_of(fault)
            robots = cause is Cause.ROBOTS
            result = ROBOTS_DISALLOWED if robots else failed_link(origin, url, fault)
            return Failure(cause=cause, result=result)
        if isinstance(answer, NotModified):
            return answer
        try:
            page = read_page(self._facts, answer.body, answer.charset)
        except Unreadable as fault:
            letter = dead(origin, fault, locator=answer.url, payload=answer.body, headers=answer.headers)
            return Failure(cause=Cause.UNREADABLE, result=letter)
        items = tuple(read_item(self._facts, body, answer, self._entry.publisher) for body in page.items)
        return Sheet(url=url, answer=answer, page=page, items=items)

    def _ask(self, url: str, mark: Mark) -> Fetched | NotModified:
        at_the_first_page = mark.pages == 0 and url == mark.first_url
        answer = self._api.fetch(url, mark.validators if at_the_first_page else None)
        if isinstance(answer, Disallowed):
            raise Refused(answer.rule, cause=Cause.ROBOTS)
        return answer
