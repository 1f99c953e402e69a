"""Every seam of the log, the stores and the books on one page; `source_ports` has those towards publishers.

Each seam has two peers (embedded and real) that pass one contract suite, `tests/contract/`.
Faults are those of `errors`: `Unavailable` where trying again may help, `Stop` where not.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from ingestion.article import Article, Document, Drop, Rejected, Syndication, Tally
from ingestion.errors import Permanent

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


TopicId = Callable[[str], str]
"""A topic's name to the id of that very log, as `Broker.topic_id` gives it."""

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

    def topic_id(self, topic: str) -> str:
        """Name this very log: a topic that is deleted and made again, or is elsewhere, has another id.

        Whoever remembers offsets remembers it with them.
        """
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


class Extractor(Protocol):
    """Reads articles out of documents, each within a time and a memory."""

    def extract(self, documents: Sequence[Document]) -> Sequence[Article | Drop | Permanent]:
        """Read each, in order; a fault that is the document's own is an answer. Raises `Unavailable`."""
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


class Placed(Struct, frozen=True, kw_only=True):
    """What the window of copies keeps of an article: where it was placed, and what later ones ask of it.

    `names` are those of its publisher, `credits` those of others; `steps` counts the texts between it and
    the first of its group; `earliest_at` is when the group's earliest known article was published. An
    article of a series of forms filled in alike has no place. `sketch` is a sample of its text.
    """

    article_id: str
    publisher_id: str
    names: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    seen_at: datetime
    published_at: datetime | None = None
    earliest_at: datetime | None = None
    steps: int = 0
    is_series: bool = False
    syndication: Syndication | None = None
    sketch: bytes = b""


class CopyWindow(Protocol):
    """The articles of the last days by their texts; one writer at a time."""

    def recall(self, articles: Sequence[Article]) -> Sequence[Placed | None]:
        """How each of these very records was placed when it was read before."""
        ...

    def earlier(self, articles: Sequence[Article]) -> Sequence[Placed | None]:
        """How the newest earlier record of each article was placed."""
        ...

    def alike(self, articles: Sequence[Article], keys: Sequence[Sequence[int]]) -> Sequence[Sequence[Placed]]:
        """The articles that share keys with each of these, the most first; a bounded number of them."""
        ...

    def keep(self, placed: Sequence[tuple[Article, Sequence[int], Placed]]) -> None:
        """Remember where articles were placed, findable by the keys given; forget what is too old."""
        ...


class Claimed(Struct, frozen=True, kw_only=True):
    """Which version some content of an article is, and whether this record is the one that made it.

    `is_read_again` where it made it when it was read before. `before` is the newest version that was seen
    no later; `first_seen` is when the first of all versions was fetched.
    """

    version: int
    is_made_here: bool
    is_read_again: bool = False
    before: int | None = None
    first_seen: datetime


class Texts(Protocol):
    """The versions of articles that were made lately, whole, and where they were read."""

    def version(self, article_id: str, number: int) -> Article | None:
        """Give a version, None where it is no longer at hand."""
        ...

    def read_at(self, url: str) -> Article | None:
        """The newest version of the article that was read at an address."""
        ...

    def keep(self, article: Article) -> None:
        """Keep a version that was made just now."""
        ...


class Sightings(Struct, frozen=True):
    """On how many articles a line was seen, how many of these speak of the same, a bit for each day."""

    articles: int = 0
    telling: int = 0
    days: int = 0


class Furniture(Protocol):
    """The lines at the ends of each publisher's articles of the last weeks; a line is a number of 64 bits."""

    def taken_off(self, article: Article) -> frozenset[int] | None:
        """The lines taken off when this record, or else the article, was read before; None for a new one."""
        ...

    def seen(self, article: Article, lines: Collection[int]) -> tuple[int, Mapping[int, Sightings]]:
        """How many articles of its publisher are counted, and these lines, as far as they were seen there."""
        ...

    def count(self, article: Article, lines: Mapping[int, bool]) -> None:
        """Count the lines of a new article, and for each whether the article speaks of the same."""
        ...


class Claims(Protocol):
    """What the stages remember of earlier articles, inside one transaction of the state."""

    def expect(self, articles: Sequence[Article]) -> None:
        """Look up at once what will be asked of these; whoever does not call it waits longer for answers."""
        ...

    @property
    def furniture(self) -> Furniture:
        """The lines that publishers print again and again."""
        ...

    @property
    def copies(self) -> CopyWindow | None:
        """The window in which copies are looked for; None where they are not."""
        ...

    def owner_of(self, fingerprint: str, article: Article) -> str:
        """Claim a fingerprint for an article, and return the id of the article that has it."""
        ...

    @property
    def texts(self) -> "Texts":
        """The texts of the versions that were made lately."""
        ...

    def version_of(self, article: Article) -> "Claimed":
        """Claim a version for this content, unless it is known of the article."""
        ...


class Memory(Protocol):
    """Opens `Claims`; every claim of the block is kept, or none."""

    def claims(self) -> AbstractContextManager[Claims]:
        """Begin a transaction. Raises `Unavailable`."""
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
