"""The addresses of a range of days, out of a sitemap and all the sitemaps that it points to.

The state of a crawl is a value that is kept between two files, so that it goes on where it stood. It is
bounded in files, in depth and in addresses.
"""

from collections.abc import Callable
from datetime import date
from functools import partial

from msgspec import Struct, field

from ingestion.article import Drop, Rejected, RejectedPayload
from ingestion.backfill.dates import chosen_sitemaps, days_of_entry
from ingestion.errors import HttpFailure, Permanent, Refused, TooLarge, Transient, Unreachable, Unreadable
from ingestion.source_ports import Disallowed, Fetched, Fetcher, Link
from ingestion.sources.documents import Origin, dead
from ingestion.sources.limits import Limits
from ingestion.sources.link_rules import LinkChoice
from ingestion.sources.links import ROBOTS_DISALLOWED, unique
from ingestion.sources.sitemap import read_sitemap

MAX_SITEMAPS = 5_000
MAX_DEPTH = 3
MAX_ADDRESSES = 100_000
MAX_FAILURES = 1_000


FAULTS: dict[str, Callable[[str], Permanent | Transient]] = {
    "HttpFailure": partial(HttpFailure, status=0),
    "Refused": Refused,
    "TooLarge": TooLarge,
    "Unreachable": Unreachable,
    "Unreadable": Unreadable,
}
"""What a failure is remembered by its name for, to be told later."""


class Waiting(Struct, frozen=True):
    """A sitemap that is still to be read, so many steps below the first."""

    url: str
    depth: int


class Failed(Struct, frozen=True):
    """A sitemap that could not be read: the fault by name and in words, or robots.txt."""

    url: str
    error: str
    message: str


class Address(Struct, frozen=True):
    """A page with the day it is from, `9999-12-31` where nobody says, and what the sitemap said of it."""

    day: date
    url: str
    hints: dict[str, str] = field(default_factory=dict)


class Window(Struct, frozen=True, kw_only=True):
    """The days that are wanted, and whether entries without any are."""

    since: date
    until: date
    undated: bool = False


class Listing(Struct, kw_only=True):
    """What a crawl has found so far, and what it has still to read.

    `outside`, `undated` and `left_out` count the entries of other days, those without a date that nobody
    asked for, and those beyond the bounds. Sorted by day once the crawl is `complete`.
    """

    waiting: list[Waiting] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    outside: int = 0
    undated: int = 0
    left_out: int = 0
    complete: bool = False


class Crawl:
    """Reads sitemaps one after the other into a listing."""

    def __init__(
        self, fetcher: Fetcher, choice: LinkChoice, limits: Limits, window: Window, listing: Listing
    ) -> None:
        self._fetcher = fetcher
        self._choice = choice
        self._limits = limits
        self._window = window
        self.listing = listing
        self._known = {address.url for address in listing.addresses}
        self._seen = set(listing.seen)

    def begin(self, url: str) -> None:
        """Put the first sitemap in the queue of a crawl that has not begun."""
        if not self._seen:
            self._wait_for(url, 0)

    def run(self, between: Callable[[], None]) -> None:
        """Read all that waits. `between` is called after each file, and may end the crawl by an exception.

        Raises `Transient` where the first sitemap cannot be had now.
        """
        while self.listing.waiting:
            waiting = self.listing.waiting[-1]
            self._read(waiting)
            self.listing.waiting.remove(waiting)
            if self.listing.waiting:
                between()
        self.listing.addresses.sort(key=lambda address: (address.day, address.url))
        self.listing.complete = True

    def _read(self, waiting: Waiting) -> None:
        try:
            answer = self._fetcher.fetch(waiting.url)
            if isinstance(answer, Fetched):
                self._take(waiting, answer)
            elif isinstance(answer, Disallowed):
                self._fail(waiting.url, "robots_disallowed", answer.rule)
            else:
                raise Unreadable("unchanged, said a server that was not asked")
        except Transient as fault:
            if not waiting.depth:
                raise
            self._fail(waiting.url, type(fault).__name__, str(fault))
        except Permanent as fault:
            self._fail(waiting.url, type(fault).__name__, str(fault))

    def _take(self, waiting: Waiting, answer: Fetched) -> None:
        sitemap = read_sitemap(answer.body, self._limits)
        for link in unique(self._choice.of(sitemap.links, answer.url), answer.url, self._limits.max_links):
            self._add(link)
        children = unique(sitemap.children, answer.url, self._limits.max_links)
        for child in chosen_sitemaps(children, self._window.since, self._window.until):
            self._wait_for(child.url, waiting.depth + 1)

    def _add(self, link: Link) -> None:
        days = days_of_entry(link)
        if days is None and not self._window.undated:
            self.listing.undated += 1
        elif days and not days.meets(self._window.since, self._window.until):
            self.listing.outside += 1
        elif link.url not in self._known:
            if len(self._known) >= MAX_ADDRESSES:
                self.listing.left_out += 1
                return
            self._known.add(link.url)
            day = max(days.first, self._window.since) if days else date.max
            self.listing.addresses.append(Address(day, link.url, link.hints))

    def _wait_for(self, url: str, depth: int) -> None:
        if url in self._seen:
            return
        if depth > MAX_DEPTH or len(self._seen) >= MAX_SITEMAPS:
            self._fail(url, "TooLarge", f"beyond {MAX_SITEMAPS} sitemaps, or {MAX_DEPTH} below the first")
            return
        self._seen.add(url)
        self.listing.seen.append(url)
        self.listing.waiting.append(Waiting(url, depth))

    def _fail(self, url: str, error: str, message: str) -> None:
        if len(self.listing.failed) < MAX_FAILURES:
            self.listing.failed.append(Failed(url, error, message))


def told(origin: Origin, failed: Failed) -> Drop | Rejected:
    """Tell of a sitemap that could not be read, with its address as the payload of the dead letter."""
    if failed.error == "robots_disallowed":
        return ROBOTS_DISALLOWED
    fault = FAULTS.get(failed.error, Permanent)(failed.message)
    payload = failed.url.encode()
    return dead(origin, fault, locator=failed.url, payload=payload, payload_kind=RejectedPayload.LINK)
