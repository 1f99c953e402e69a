"""The seams towards publishers: what a source, a fetcher and the memory of both owe each other.

Those of the log, the lake and the search are in `ports`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct, field

from ingestion.article import Article, Document, Drop, Publisher, Rejected, SourceRef
from ingestion.errors import Cause


class Link(Struct, frozen=True, kw_only=True):
    """An address that a source offers, with what the source said about it."""

    url: str
    item_id: str | None = None
    hints: dict[str, str] = field(default_factory=dict)


class Validators(Struct, frozen=True, kw_only=True):
    """What a server gave to ask "has it changed?" with (RFC 9110, section 13).

    `digest` is the SHA-256 of the body in hex, for servers that send the same again as if it were new.
    """

    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None


class Fetched(Struct, frozen=True, kw_only=True):
    """An answer with a body. `url` is the last one after redirects.

    `moved_to` is where the server says the address is for good (301, 308). `fresh_seconds` is for how
    long the answer is not worth asking for again (RFC 9111, section 4.2). `hints` is what was learned
    beside the body, as rights that the site states in a file.
    """

    url: str
    status: int
    headers: dict[str, str]
    content_type: str | None
    charset: str | None
    body: bytes
    fetched_at: datetime
    validators: Validators
    robots: str | None = None
    moved_to: str | None = None
    fresh_seconds: float | None = None
    hints: dict[str, str] = field(default_factory=dict)


class NotModified(Struct, frozen=True, kw_only=True):
    """Nothing changed: the server says so, or its body is the one that is known."""

    fetched_at: datetime
    moved_to: str | None = None
    fresh_seconds: float | None = None


class Disallowed(Struct, frozen=True):
    """robots.txt keeps us out; `rule` is the decision in words."""

    rule: str


class Fetcher(Protocol):
    """Fetches politely and safely."""

    def fetch(
        self, url: str, known: Validators | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | NotModified | Disallowed:
        """Follow robots.txt, the host's rate and every limit.

        `headers` may hold credentials: they go to the origin of `url` alone, never along a redirect to
        another one, and into no log. Raises `Unreachable`, `HttpFailure`, `Refused`, `TooLarge`.
        """
        ...


Lane = Literal["live", "backfill"]
LANES: tuple[Lane, ...] = ("live", "backfill")
"""On whose behalf a host is asked, the first before the second."""


class Turn(Struct, frozen=True):
    """A turn at a host in so many seconds; one that is not `taken` is asked for again after them."""

    wait_seconds: float
    taken: bool = True


class Hosts(Protocol):
    """The budget of every host, one for all workers that share it. Safe for several threads."""

    def turn(self, host: str, interval_seconds: float) -> Turn:
        """Take the host's next turn; the one after it comes no earlier than `interval_seconds` later.

        The live lane queues; the backfill lane gets a turn only when no live one is waiting. Raises
        `Unreachable` where the host is to be left alone for longer than a run waits.
        """
        ...

    def answered(self, host: str) -> None:
        """Note that the host is well."""
        ...

    def refused(self, host: str, retry_after_seconds: float | None) -> None:
        """Leave the host alone (429, 503): as long as it said, else longer with every refusal in a row."""
        ...


class RobotsCopy(Struct, frozen=True, kw_only=True):
    """robots.txt of one origin as it was read; `body` None where it could not be had, `note` tells why."""

    body: bytes | None
    note: str
    read_at: datetime
    until: datetime


class RobotsMemory(Protocol):
    """Copies of robots.txt that outlive a process. Safe for several threads."""

    def robots(self, origin: str) -> RobotsCopy | None:
        """Return the copy of an origin such as `https://news.example`, however old it is."""
        ...

    def keep_robots(self, origin: str, copy: RobotsCopy) -> None:
        """Remember it."""
        ...


class OpenArchive(Protocol):
    """Something large that is read forwards.

    `identity` is another one once it has changed: its ETag, or its size and the time of its change.
    `size_bytes` and `changed_at` are None where nobody says.
    """

    @property
    def identity(self) -> str:
        """Which state of it this is."""
        ...

    @property
    def size_bytes(self) -> int | None:
        """How large it is as a whole, packed as it is."""
        ...

    @property
    def changed_at(self) -> datetime | None:
        """When it changed last."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Return at most this much of what follows, nothing at the end.

        Raises `Unreachable` also where it changed while it was read, `Unreadable`.
        """
        ...


class Archives(Protocol):
    """Opens what is too large to be fetched whole: a path, or an http, https or s3 address."""

    def open(self, locator: str, offset_bytes: int = 0) -> AbstractContextManager[OpenArchive]:
        """Open for reading forwards from `offset_bytes`. A connection that breaks is taken up again.

        Raises `Unreachable`, `HttpFailure` (416: it ends before `offset_bytes`), `Refused`, `Unreadable`.
        """
        ...


class Bookmark(Struct, frozen=True, kw_only=True):
    """How far something long was read: an archive at a record, an API at a page. `position` is its own."""

    source_id: str
    name: str
    position: str
    kept_at: datetime


class Visit(Struct, frozen=True, kw_only=True):
    """One thing a source offered and what came of going there.

    `visited` and `bookmark` are remembered once the broker has acknowledged the result.
    """

    result: Document | Article | Drop | Rejected
    visited: "Visited | None" = None
    bookmark: Bookmark | None = None


class Source(Protocol):
    """A publisher's feed, sitemap, folder or archive."""

    @property
    def ref(self) -> SourceRef:
        """Its identity, as it goes on every document."""
        ...

    @property
    def publisher(self) -> Publisher:
        """What the catalogue knows of the publisher."""
        ...

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Yield each thing on offer once. A bad item is yielded as `Rejected`, never raised.

        Raises `Transient` where the source as a whole cannot be reached now.
        """
        ...

    def settle(self) -> None:
        """Remember how far the source was read; called once all its visits are acknowledged."""
        ...


class Batch(Struct, frozen=True, kw_only=True):
    """What came in together, from however many sources: each visit with the source that it is from.

    `ended` are the sources whose last visit is in this batch or was in one before it.
    """

    visits: tuple[tuple[Source, Visit], ...]
    ended: tuple[Source, ...] = ()


class Listing(Struct, frozen=True, kw_only=True):
    """What a feed or sitemap offered when it was last read whole.

    `failure` is the reason in words where nothing could be read of it: the same bytes again are then
    no news, and make no second dead letter.
    """

    links: tuple[Link, ...]
    validators: Validators
    read_at: datetime
    failure: str | None = None


class Visited(Struct, frozen=True, kw_only=True):
    """An address that was visited, and what the server gave to ask with next time.

    `failure` is the reason in words where the visit came to nothing: a feed that offers the same
    dead link for days makes one dead letter, and not one with every reading.
    """

    url: str
    validators: Validators
    visited_at: datetime
    failure: str | None = None


class SourceState(Struct, frozen=True, kw_only=True):
    """How a source has been doing, and when it is to be read again.

    `interval_seconds` is the pause that was chosen after the last attempt, `gap_seconds` the source's own
    rhythm: the mean time between two new items, the recent ones counting more. `new_item_at` is when a
    reading last found something new. `failure` says in words why the last attempt failed, `cause` which
    kind of failure it was; with no failure in a row, only a part of the source failed. `ttl_seconds` is the
    pause that the source itself asks for after every reading. `moved_to` is where the publisher says that
    `moved_from`, the address in the catalogue, is for good; `gone_at` since when it says that it is no
    more (410).
    """

    source_id: str
    attempted_at: datetime
    due_at: datetime
    interval_seconds: float
    succeeded_at: datetime | None = None
    failures_in_a_row: int = 0
    failure: str | None = None
    cause: Cause | None = None
    gap_seconds: float | None = None
    new_item_at: datetime | None = None
    moved_to: str | None = None
    gone_at: datetime | None = None
    moved_from: str | None = None
    ttl_seconds: float | None = None


class Recheck(Struct, frozen=True, kw_only=True):
    """An address where an article was read, and when it is to be visited again; None: no more.

    `checks` counts the visits since, `changes` the versions that were made since; `changed_at` is when it
    changed last, by its own account or by ours.
    """

    url: str
    host: str
    first_seen: datetime
    due_at: datetime | None
    changed_at: datetime | None = None
    checks: int = 0
    changes: int = 0


class Habit(Struct, frozen=True):
    """How often a source's articles were visited again, and how often they had changed."""

    checks: int = 0
    changes: int = 0


class Rechecks(Protocol):
    """The addresses where articles were read, for visiting them again. Safe for several threads."""

    def due(self, source_id: str, now: datetime, limit: int) -> Sequence[Recheck]:
        """Those of a source whose time has come: those that have changed before, then the youngest."""
        ...

    def planned(self, urls: Sequence[str]) -> Collection[str]:
        """Those of these addresses where an article was read lately, due or not."""
        ...

    def habit(self, source_id: str) -> Habit:
        """How often rechecks of a source found a change lately."""
        ...

    def keep(self, rechecks: Sequence[Recheck]) -> None:
        """Remember when to visit them next, and how often they were; called once visits are acknowledged."""
        ...


class SourceMemory(Protocol):
    """What was seen of publishers, so that they are asked politely next time. Safe for several threads."""

    def listing(self, source_id: str) -> Listing | None:
        """What the source offered last."""
        ...

    def keep_listing(self, source_id: str, listing: Listing) -> None:
        """Remember it; called once every visit of the listing is acknowledged."""
        ...

    def visited(self, url: str) -> Visited | None:
        """When and with what answer the address was visited last, by whichever source."""
        ...

    def visited_many(self, urls: Sequence[str]) -> Mapping[str, Visited]:
        """The same of many addresses at once; those that were never visited are left out."""
        ...

    def record_visits(self, visited: Sequence[Visited]) -> None:
        """Remember acknowledged visits."""
        ...

    def state(self, source_id: str) -> SourceState | None:
        """How the source has been doing, None before its first reading."""
        ...

    def keep_state(self, state: SourceState) -> None:
        """Remember it; called once every visit of the reading is acknowledged."""
        ...

    def bookmark(self, source_id: str, name: str) -> Bookmark | None:
        """How far something long was read."""
        ...

    def keep_bookmarks(self, bookmarks: Sequence[Bookmark]) -> None:
        """Remember acknowledged positions; of several of one name, the last."""
        ...
