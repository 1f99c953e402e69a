"""What may be asked of the index and what comes back, the same for every peer."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta, Struct, field

from ingestion.article import Article, ChangeKind, Moment, PubStatus

MAX_SIZE = 200


class Mistake(Struct, frozen=True):
    """Why what was asked cannot be answered, in words for the person who asked."""

    message: str


OTHER_ORDER = Mistake("This page belongs to another order of the results; start again from the first page.")


class Word(Struct, frozen=True, tag=True):
    """A word in any of its inflected forms; one that holds several tokens is a phrase."""

    text: str


class Phrase(Struct, frozen=True, tag=True):
    """Words side by side, in order, as they are."""

    text: str


class Excluded(Struct, frozen=True, tag=True):
    """Everything that does not match."""

    node: "Node"


class AllOf(Struct, frozen=True, tag=True):
    """Every one of these."""

    nodes: "tuple[Node, ...]"


class AnyOf(Struct, frozen=True, tag=True):
    """At least one of these."""

    nodes: "tuple[Node, ...]"


class Match(Struct, frozen=True, tag=True):
    """A field has this value, compared without case and accents."""

    field: "Facet"
    value: str


Node = Word | Phrase | Excluded | AllOf | AnyOf | Match


class Facet(StrEnum):
    """What can be counted and, but for the day, filtered by; the value is its name in a query."""

    PUBLISHER = "publisher"
    SOURCE = "source"
    LANGUAGE = "language"
    SECTION = "section"
    GENRE = "genre"
    AUTHOR = "author"
    CREDIT = "credit"
    ACCESS = "access"
    MINING = "mining"
    GROUP = "group"
    ROLE = "role"
    DAY = "day"


class Filters(Struct, frozen=True, kw_only=True):
    """Values by field: one of the values of a field, and so for each field that has any."""

    publishers: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    mining: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def of(self, facet: Facet) -> tuple[str, ...]:
        """The values asked for in a field."""
        values: tuple[str, ...] = getattr(self, ATTRIBUTES[facet])
        return values

    def having(self, facet: Facet, *values: str) -> "Filters":
        """Ask for further values of a field."""
        return self.setting(facet, tuple(dict.fromkeys((*self.of(facet), *values))))

    def setting(self, facet: Facet, values: tuple[str, ...]) -> "Filters":
        """Ask for exactly these values of a field."""
        return msgspec.structs.replace(self, **{ATTRIBUTES[facet]: values})


ATTRIBUTES: Mapping[Facet, str] = {
    Facet.PUBLISHER: "publishers",
    Facet.SOURCE: "sources",
    Facet.LANGUAGE: "languages",
    Facet.SECTION: "sections",
    Facet.GENRE: "genres",
    Facet.AUTHOR: "authors",
    Facet.CREDIT: "credits",
    Facet.ACCESS: "access",
    Facet.MINING: "mining",
    Facet.GROUP: "groups",
    Facet.ROLE: "roles",
}
"""Where `Filters` keeps the values of a field."""


class Sort(StrEnum):
    """The order of the hits; unknown dates come last, whichever way."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Cursor(Struct, frozen=True, array_like=True):
    """The last hit of a page: its sort value, its tie-breaker, and how many hits came up to it."""

    sort: Sort
    value: Int64 | float | None
    tie: Int64 | str
    seen: Annotated[int, Meta(ge=1, le=1_000_000)]

    def encode(self) -> str:
        """Write it for an address."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor | Mistake":
        """Read it from an address."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            return msgspec.json.decode(urlsafe_b64decode(padded), type=cls)
        except (msgspec.MsgspecError, Base64Error, ValueError):
            return Mistake("This page marker is not one of ours; start again from the first page.")


class Query(Struct, frozen=True, kw_only=True):
    """A question. `terms` is what `syntax.parse` made of `text`, None for everything.

    `published_from` is inclusive. `published_to` is exclusive where it is a time, and includes the
    whole day where it is a date; days are UTC. Times are aware.
    """

    text: str = ""
    terms: Node | None = None
    filters: Filters = Filters()
    published_from: datetime | date | None = None
    published_to: datetime | date | None = None
    sort: Sort = Sort.RELEVANCE
    size: int = 20
    cursor: Cursor | None = None
    facets: tuple[Facet, ...] = ()
    highlight: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError(f"a page has 0 to {MAX_SIZE} hits, not {self.size}")
        if self.cursor is not None and self.cursor.sort not in {self.sort, self.order}:
            raise ValueError(f"a cursor of the order {self.cursor.sort} in a query of the order {self.order}")
        for bound in (self.published_from, self.published_to):
            if isinstance(bound, datetime) and bound.tzinfo is None:
                raise ValueError(f"a time without a zone: {bound}")

    @property
    def order(self) -> Sort:
        """The order in effect: without words to find there is no relevance, so the newest come first."""
        return ranked(self.sort, self.terms)

    @property
    def since(self) -> datetime | None:
        """The earliest time of publication, inclusive, UTC."""
        return _instant(self.published_from)

    @property
    def until(self) -> datetime | None:
        """The end of the time of publication, exclusive, UTC."""
        end = _instant(self.published_to)
        if end is None or isinstance(self.published_to, datetime):
            return end
        return end + timedelta(days=1) if end.date() < date.max else datetime.max.replace(tzinfo=UTC)


def ranked(sort: Sort, terms: Node | None) -> Sort:
    """The order in effect for an order that was asked for."""
    return Sort.NEWEST if sort is Sort.RELEVANCE and not _is_ranked(terms) else sort


def _is_ranked(node: Node | None) -> bool:
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            return any(map(_is_ranked, nodes))
        case _:
            return isinstance(node, Word | Phrase)


def _instant(bound: datetime | date | None) -> datetime | None:
    if bound is None:
        return None
    if isinstance(bound, datetime):
        return bound.astimezone(UTC)
    return datetime.combine(bound, time(), tzinfo=UTC)


class Hit(Struct, frozen=True, kw_only=True):
    """One article found. `highlights` maps headline and body to passages of safe HTML with `<mark>`."""

    article_id: str
    score: float | None
    headline: str
    abstract: str | None
    opening: str
    url: str | None
    publisher_id: str
    publisher_name: str | None
    language: str | None
    section: str | None
    genre: str | None
    authors: tuple[str, ...]
    credits: tuple[str, ...]
    access: str
    published: Moment | None
    fetched_at: datetime
    version: int
    pub_status: str = "usable"
    change: str | None = None
    group_id: str | None = None
    role: str | None = None
    highlights: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        article: Article,
        *,
        score: float | None = None,
        highlights: Mapping[str, tuple[str, ...]] | None = None,
    ) -> "Hit":
        """Take from an article what a list of results shows."""
        return cls(
            article_id=article.article_id,
            score=score,
            headline=article.headline,
            abstract=article.abstract,
            opening=_opening(article.body),
            url=article.canonical_url or article.fetched_url,
            publisher_id=article.publisher.id,
            publisher_name=article.publisher.name,
            language=article.language.code if article.language else None,
            section=article.section,
            genre=article.genre,
            authors=article.authors,
            credits=article.credits,
            access=str(article.rights.access),
            published=article.published,
            fetched_at=article.fetched_at,
            version=article.version,
            pub_status=str(article.pub_status),
            change=str(article.change.kind) if article.change else None,
            group_id=article.syndication.group_id if article.syndication else None,
            role=str(article.syndication.role) if article.syndication else None,
            highlights=dict(highlights or {}),
        )

    @property
    def standing(self) -> str | None:
        """What a reader has to know first: that it was withdrawn, or that it was corrected last."""
        if self.pub_status != PubStatus.USABLE:
            return "withdrawn"
        return "corrected" if self.change == ChangeKind.CORRECTION else None


OPENING_CHARACTERS = 280


def _opening(body: str) -> str:
    first = " ".join(body[: OPENING_CHARACTERS * 2].split())
    if len(first) <= OPENING_CHARACTERS:
        return first
    cut = first[:OPENING_CHARACTERS]
    return (cut.rsplit(" ", 1)[0] if " " in cut[OPENING_CHARACTERS // 2 :] else cut) + "…"


class FacetCount(Struct, frozen=True):
    """How many articles have a value; for `Facet.DAY` the value is an ISO date."""

    value: str
    count: int


class Page(Struct, frozen=True, kw_only=True):
    """One page of hits; `next_cursor` is None on the last one.

    A facet's counts leave its own filter aside: they say what choosing another value would find.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: dict[Facet, tuple[FacetCount, ...]]
    next_cursor: Cursor | None
    took_seconds: float


class Searcher(Protocol):
    """The reading side of full-text search. Safe to use from several threads."""

    def search(self, query: Query) -> Page:
        """Answer a question. Raises `Unavailable`."""
        ...

    def get(self, article_id: str) -> Article | None:
        """The newest version of an article, whole. Raises `Unavailable`."""
        ...

    def count(self) -> int:
        """Count the articles in the index. Raises `Unavailable`."""
        ...

    def values(self, facet: Facet, *, size: int = 100) -> tuple[FacetCount, ...]:
        """The most frequent values of a field over the whole index. Raises `Unavailable`."""
        ...
