"""Every seam on one page: what the pipeline asks of the outside world.

Each seam has two peers (embedded and real) that pass one contract suite, `tests/contract/`.
Faults are those of `errors`: `Unavailable` where trying again may help, `Stop` where not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from ingestion.article import Article, Document, Drop, Publisher, Rejected, SourceRef, Tally

Row = Mapping[str, object]
"""One article as its contract has it: `schemas/article.v1.avsc`, decoded."""


class Columns(Protocol):
    """Articles column by column, in the shape of the same contract: an Arrow table, whoever made it.

    `__arrow_c_stream__` is Arrow's PyCapsule interface, by which any Arrow library takes it uncopied.
    """

    @property
    def num_rows(self) -> int:
        """How many articles there are."""
        ...

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the columns over."""
        ...


class Link(Struct, frozen=True, kw_only=True):
    """An address that a source offers, with what the source said about it."""

    url: str
    item_id: str | None = None
    hints: dict[str, str] = field(default_factory=dict)


class Validators(Struct, frozen=True, kw_only=True):
    """What a server gave to ask "has it changed?" with (RFC 9110, section 13)."""

    etag: str | None = None
    last_modified: str | None = None


class Fetched(Struct, frozen=True, kw_only=True):
    """An answer with a body. `url` is the last one after redirects."""

    url: str
    status: int
    headers: dict[str, str]
    content_type: str | None
    charset: str | None
    body: bytes
    fetched_at: datetime
    validators: Validators
    robots: str | None = None


class NotModified(Struct, frozen=True):
    """The server says that nothing changed."""

    fetched_at: datetime


class Disallowed(Struct, frozen=True):
    """robots.txt keeps us out; `rule` is the decision in words."""

    rule: str


class Fetcher(Protocol):
    """Fetches politely and safely."""

    def fetch(self, url: str, known: Validators | None = None) -> Fetched | NotModified | Disallowed:
        """Follow robots.txt, the host's rate and every limit.

        Raises `Unreachable`, `HttpFailure`, `Refused`, `TooLarge`.
        """
        ...


class Visit(Struct, frozen=True, kw_only=True):
    """One thing a source offered and what came of going there.

    `visited` is remembered once the broker has acknowledged the result.
    """

    result: Document | Article | Drop | Rejected
    visited: "Visited | None" = None


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


class TopicPartition(NamedTuple):
    """One ordered log."""

    topic: str
    partition: int


class Topic(Struct, frozen=True, kw_only=True):
    """A topic as it must exist. `retention_seconds` None keeps records for ever."""

    name: str
    partitions: int
    retention_seconds: int | None


class Message(Struct, frozen=True, kw_only=True):
    """A record to be written. The key decides the partition; equal keys keep their order."""

    topic: str
    key: bytes
    value: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """A record as it was read. `timestamp` is when the log took it, aware UTC."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: dict[str, str]
    timestamp: datetime

    @property
    def at(self) -> TopicPartition:
        """The log it was read from."""
        return TopicPartition(self.topic, self.partition)


Positions = Mapping[TopicPartition, int]
"""The next offset to be read, by partition."""


class Consumer(Protocol):
    """A member of a consumer group. Reads committed records only, each partition in order."""

    def poll(self, *, max_records: int, max_bytes: int, timeout_seconds: float) -> Sequence[Record]:
        """Return the next records, none if none came in time; at least one record if one is there."""
        ...

    def behind(self) -> int:
        """Count the records between the positions and the ends of the assigned partitions."""
        ...

    def committed(self, partition: TopicPartition) -> int:
        """Where the group stands in this log, 0 where it never committed."""
        ...

    def commit(self, positions: Positions) -> None:
        """Move the group on without a transaction. Raises `Rebalanced`."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class Transaction(Protocol):
    """All of it or nothing of it becomes visible, at the end of the `with` block."""

    def send(self, message: Message) -> None:
        """Add a record."""
        ...

    def advance(self, consumer: Consumer, positions: Positions) -> None:
        """Commit the consumer's group positions with the records. Raises `Rebalanced`."""
        ...


class Producer(Protocol):
    """Writes transactions. Opening a second one with the same id fences the first."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin; commit on a clean exit, abort on an exception. Raises `Fenced`, `Unavailable`."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Broker(Protocol):
    """The log: topics, partitions, offsets, consumer groups, transactions."""

    def create_topics(self, topics: Sequence[Topic]) -> None:
        """Make those that are missing; leave the others as they are."""
        ...

    def producer(self, transactional_id: str) -> Producer:
        """Open a producer and fence any older one with this id."""
        ...

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        start_at: Callable[[TopicPartition], int | None] | None = None,
    ) -> Consumer:
        """Join a group.

        A newly assigned partition starts at `start_at`, else where the group stands, else at 0.
        """
        ...

    def read(self, topic: str) -> Iterator[Record]:
        """Read all of a topic's committed records, outside of any group."""
        ...

    def lag(self, group: str, topic: str) -> int:
        """Count the records the group has not committed yet."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Gate(Protocol):
    """The row-level expectations, the same before every sink."""

    def failures(self, articles: Columns) -> Mapping[int, tuple[str, ...]]:
        """Map the index of each failing row to the names of the rules it breaks."""
        ...


class Auditor(Protocol):
    """The batch-level expectations."""

    def audit_batch(self, articles: Columns) -> None:
        """Judge and record a batch that passed the gate. Raises `AuditFailed`."""
        ...


class Lake(Protocol):
    """The table of all versions. Exactly once: a commit carries rows and offsets together."""

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Where the lake stands in this log, None if it holds nothing of it."""
        ...

    def append(self, articles: Columns, starts: Positions, ends: Positions) -> None:
        """Commit the articles read from `starts` up to `ends`, and `ends` with them. Durable when it returns.

        The lake is asked again first: raises `Fenced` where it stands beyond `starts`, because another
        writer was faster; `Unavailable` where it cannot be written now.
        """
        ...


class Indexed(Struct, frozen=True):
    """What became of one row in a bulk request; `error` is the server's reason for refusing it."""

    article_id: str
    stale: bool = False
    error: str | None = None


class SearchSink(Protocol):
    """The writing side of full-text search. Idempotent by article id and observation time."""

    def bulk(self, rows: Sequence[Row]) -> Sequence[Indexed]:
        """Write rows, one result each, in order. An older observation never replaces a newer one.

        Durable when it returns. Raises `Unavailable`.
        """
        ...


class RejectionSink(Protocol):
    """Where dead letters are counted by reason. Idempotent by their id."""

    def bulk(self, letters: Sequence[Rejected]) -> Mapping[str, str]:
        """Write them, and map the ids of those refused to why. Raises `Unavailable`."""


class Claims(Protocol):
    """What the stages remember of earlier articles, inside one transaction of the state."""

    def owner_of(self, fingerprint: str, article: Article) -> str:
        """Claim a fingerprint for an article, and return the id of the article that has it."""
        ...

    def version_of(self, article: Article) -> tuple[int, bool]:
        """Return the version of this content, and whether this record is the one that made it."""
        ...


class Memory(Protocol):
    """Opens `Claims`; every claim of the block is kept, or none."""

    def claims(self) -> AbstractContextManager[Claims]:
        """Begin a transaction. Raises `Unavailable`."""
        ...


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


class SourceMemory(Protocol):
    """What was seen of publishers, so that they are asked politely next time."""

    def listing(self, source_id: str) -> Listing | None:
        """What the source offered last."""
        ...

    def keep_listing(self, source_id: str, listing: Listing) -> None:
        """Remember it; called once every visit of the listing is acknowledged."""
        ...

    def visited(self, url: str) -> Visited | None:
        """When and with what answer the address was visited last, by whichever source."""
        ...

    def record_visits(self, visited: Sequence[Visited]) -> None:
        """Remember acknowledged visits."""
        ...

    def record_health(self, source_id: str, failure: str | None) -> None:
        """Note an attempt at the source: None where it went well, else the cause in words."""
        ...


class Ledger(Protocol):
    """Documents in, outcomes out, per run and source."""

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Where the ledger stands in this log, None if it holds nothing of it."""
        ...

    def fold(self, tallies: Sequence[Tally], starts: Positions, ends: Positions) -> None:
        """Add the tallies read from `starts` up to `ends`, and `ends` with them, in one transaction.

        Raises `Fenced` where the ledger stands beyond `starts`.
        """
        ...


class Observer(Protocol):
    """Is told of each numbered step of the walk when it is done."""

    def reached(self, step: str, **facts: object) -> None:
        """`step` is the job and the number, as in `transform.4`."""
        ...
