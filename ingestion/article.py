"""The nouns: what enters (`Document`), what leaves (`Article`), and what became of it (`Outcome`).

Field meanings are documented once, in `schemas/*.avsc`; a test holds these classes to them.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field


class Outcome(StrEnum):
    """The one thing that became of a document; every document ends in exactly one."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    REJECTED = "rejected"


class Drop(Struct, frozen=True):
    """A decision to go no further with a document. A value, not a fault."""

    outcome: Outcome
    reason: str

    @property
    def label(self) -> str:
        """How the ledger counts it: the outcome, with its reason where it has one."""
        return f"{self.outcome}/{self.reason}" if self.reason else str(self.outcome)


class DocumentKind(StrEnum):
    """Which parser reads the body of a document."""

    PAGE = "page"
    FRAGMENT = "fragment"
    TEXT = "text"
    JSON = "json"


class Publisher(Struct, frozen=True, kw_only=True):
    """Who published it, as far as the catalogue knows."""

    id: str
    name: str | None = None
    domain: str | None = None
    country: str | None = None
    language: str | None = None
    timezone: str | None = None


UNKNOWN = Publisher(id="unknown")
"""The publisher of what came without an address, as from a file."""


class SourceRef(Struct, frozen=True, kw_only=True):
    """Which source offered it, and under which name."""

    id: str
    kind: str
    url: str | None = None
    item_id: str | None = None


class Document(Struct, frozen=True, kw_only=True):
    """What was fetched, byte for byte. Immutable; travels on `news.raw`."""

    document_id: str
    run_id: str
    source: SourceRef
    publisher: Publisher
    kind: DocumentKind
    locator: str
    discovered_url: str | None = None
    fetched_url: str | None = None
    http_status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    charset: str | None = None
    body: bytes
    hints: dict[str, str] = field(default_factory=dict)
    robots: str | None = None
    fetched_at: datetime


class Precision(StrEnum):
    """How exact a time is as it was printed."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"


class TimezoneBasis(StrEnum):
    """On what ground a time was put into UTC."""

    EXPLICIT = "explicit"
    PUBLISHER = "publisher"
    ASSUMED_UTC = "assumed_utc"


class Moment(Struct, frozen=True, kw_only=True):
    """A time with its evidence. `at` is aware UTC, to the microsecond."""

    at: datetime
    precision: Precision
    timezone_basis: TimezoneBasis
    source: str
    raw: str


class ParagraphRole(StrEnum):
    """What a block of the body is."""

    PARAGRAPH = "paragraph"
    SUBHEADING = "subheading"
    QUOTE = "quote"
    LIST_ITEM = "list_item"


class Paragraph(Struct, frozen=True, kw_only=True):
    """One block of the body, in order."""

    role: ParagraphRole
    text: str


class Image(Struct, frozen=True, kw_only=True):
    """A picture; its caption and credit live here, never in the body."""

    url: str | None = None
    caption: str | None = None
    credit: str | None = None


class Language(Struct, frozen=True, kw_only=True):
    """What the text is written in (BCP 47), and what the publisher declared."""

    code: str
    confidence: float
    declared: str | None = None


class Access(StrEnum):
    """Whether a reader has to pay."""

    FREE = "free"
    METERED = "metered"
    PAYWALLED = "paywalled"
    UNKNOWN = "unknown"


class Permission(StrEnum):
    """What the publisher allows; unknown where nobody says, and unknown is never allowed."""

    ALLOWED = "allowed"
    RESERVED = "reserved"
    UNKNOWN = "unknown"


class RightsStatement(Struct, frozen=True, kw_only=True):
    """One thing that was said about rights, and where."""

    about: str
    value: str
    source: str


class Rights(Struct, frozen=True, kw_only=True):
    """What the publisher said at fetch time about access and reuse; `docs/rights.md` has the rules."""

    access: Access = Access.UNKNOWN
    robots: str | None = None
    meta_robots: str | None = None
    tdm_reservation: bool | None = None
    license: str | None = None
    text_and_data_mining: Permission | None = None
    indexing: Permission | None = None
    archiving: Permission | None = None
    robots_directives: tuple[str, ...] | None = None
    unavailable_after: datetime | None = None
    tdm_policy: str | None = None
    usage_info: str | None = None
    usage_terms: str | None = None
    copyright_holder: str | None = None
    copyright_year: int | None = None
    copyright_notice: str | None = None
    paid_parts: str | None = None
    statements: tuple[RightsStatement, ...] | None = None


class Removed(Struct, frozen=True, kw_only=True):
    """A piece of page furniture that was taken out, and the rule that took it."""

    text: str
    rule: str
    line: int | None = None


class Extraction(Struct, frozen=True, kw_only=True):
    """How the article was read out of the document."""

    method: str
    versions: dict[str, str] = field(default_factory=dict)
    confidence: float | None = None
    warnings: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()


class SyndicationRole(StrEnum):
    """What an article is in its group; said when it came, and never changed."""

    ORIGINAL = "original"
    COPY = "copy"
    REWRITE = "rewrite"


class Syndication(Struct, frozen=True, kw_only=True):
    """The group of copies an article belongs to; `docs/copies.md` has the rules."""

    group_id: str
    role: SyndicationRole
    similarity: float
    containment: float | None = None
    matched_id: str | None = None
    first_seen: datetime | None = None
    original_id: str | None = None
    evidence: tuple[str, ...] | None = None


class ChangeKind(StrEnum):
    """What became of an article since it was seen last; `docs/versions.md` has the rules."""

    UNCHANGED = "unchanged"
    COSMETIC = "cosmetic"
    UPDATE = "update"
    HEADLINE = "headline"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class Change(Struct, frozen=True, kw_only=True):
    """What makes a version another one than the version before it."""

    kind: ChangeKind
    previous_version: int | None = None
    fields: tuple[str, ...] = ()
    words_added: int | None = None
    words_removed: int | None = None
    paragraphs_added: int | None = None
    paragraphs_removed: int | None = None
    notices: tuple[str, ...] = ()


class PubStatus(StrEnum):
    """Whether the publisher still stands by it, in the words of IPTC's ninjs."""

    USABLE = "usable"
    WITHHELD = "withheld"
    CANCELED = "canceled"


class Lineage(Struct, frozen=True, kw_only=True):
    """From which record, run and code an article came."""

    document_id: str
    topic: str
    partition: int
    offset: int
    run_id: str
    code_version: str


class Article(Struct, frozen=True, kw_only=True):
    """The clean record; travels on `news.articles`, rests in the lake and the index."""

    article_id: str = ""
    version: int = 0
    content_hash: str = ""
    canonical_url: str | None = None
    declared_canonical_url: str | None = None
    discovered_url: str | None = None
    fetched_url: str | None = None
    publisher: Publisher
    source: SourceRef
    headline: str
    alternative_headlines: tuple[str, ...] = ()
    abstract: str | None = None
    body: str
    paragraphs: tuple[Paragraph, ...] = ()
    images: tuple[Image, ...] = ()
    comment_count: int | None = None
    authors: tuple[str, ...] = ()
    byline: str | None = None
    credits: tuple[str, ...] = ()
    dateline: str | None = None
    published: Moment | None = None
    modified: Moment | None = None
    fetched_at: datetime
    ingested_at: datetime
    language: Language | None = None
    section: str | None = None
    genre: str | None = None
    keywords: tuple[str, ...] = ()
    rights: Rights = field(default_factory=Rights)
    extraction: Extraction
    provenance: dict[str, str] = field(default_factory=dict)
    syndication: Syndication | None = None
    pub_status: PubStatus = PubStatus.USABLE
    first_seen: datetime | None = None
    change: Change | None = None
    lineage: Lineage


class Gone(Struct, frozen=True, kw_only=True):
    """An address that has nothing more to say: a withdrawal, if an article was read there before.

    `otherwise` is what becomes of the document where none was.
    """

    url: str
    pub_status: PubStatus
    otherwise: Drop
    fetched_at: datetime
    ingested_at: datetime
    lineage: Lineage


class RejectedPayload(StrEnum):
    """What the bytes of a dead letter are, and so how they are replayed."""

    DOCUMENT = "document"
    ARTICLE = "article"
    BYTES = "bytes"
    LINK = "link"


class Rejected(Struct, frozen=True, kw_only=True):
    """A dead letter: what failed, where and why, with the original bytes; on `news.rejected`."""

    rejected_id: str
    stage: str
    error: str
    message: str
    transient: bool
    source: SourceRef
    run_id: str
    locator: str
    payload_kind: RejectedPayload
    payload: bytes | None
    payload_bytes: int
    payload_sha256: str | None
    headers: dict[str, str] = field(default_factory=dict)
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    rejected_at: datetime


class Tally(Struct, frozen=True, kw_only=True):
    """One batch's bookkeeping for one source; rides in the batch's own transaction, on `news.outcomes`.

    `outcomes` maps a `Drop.label` or an `Outcome` to a count; a count is negative only where
    a later stage takes back what an earlier one had counted.
    """

    run_id: str
    source_id: str
    stage: str
    entered: int
    outcomes: dict[str, int]
