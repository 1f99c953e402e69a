"""A look at a source, of which nothing is kept: whether it answers, may be read, and offers something."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from msgspec import Struct

from ingestion.article import Document, Drop, Outcome, Rejected
from ingestion.errors import Permanent, Transient
from ingestion.source_ports import (
    Bookmark,
    Disallowed,
    Fetched,
    Fetcher,
    Link,
    Listing,
    NotModified,
    Source,
    SourceState,
    Visited,
)
from ingestion.sources.ages import newest
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import Origin
from ingestion.sources.feed import FeedReader
from ingestion.sources.front_page import FrontPageReader
from ingestion.sources.limits import Limits
from ingestion.sources.link_rules import LinkChoice
from ingestion.sources.links import unique
from ingestion.sources.sitemap import read_sitemap

FEW_VISITS = 3
"""How many things are taken from a source that is no listing."""


class Probe(Struct, frozen=True, kw_only=True):
    """What came of a look at a source. `items` are links, further sitemaps, or things visited.

    `note` says what a person may want to know although nothing is wrong, `problem` what is wrong.
    """

    source_id: str
    kind: str
    items: int = 0
    newest: datetime | None = None
    robots: str | None = None
    note: str | None = None
    problem: str | None = None


class Forgetful:
    """A `SourceMemory` that keeps nothing."""

    def listing(self, source_id: str) -> Listing | None:
        """Nothing."""
        del source_id
        return None

    def keep_listing(self, source_id: str, listing: Listing) -> None:
        """Forget it."""

    def visited(self, url: str) -> Visited | None:
        """Nothing."""
        del url
        return None

    def visited_many(self, urls: Sequence[str]) -> dict[str, Visited]:
        """Nothing."""
        del urls
        return {}

    def record_visits(self, visited: Sequence[Visited]) -> None:
        """Forget them."""

    def state(self, source_id: str) -> SourceState | None:
        """Nothing."""
        del source_id
        return None

    def keep_state(self, state: SourceState) -> None:
        """Forget it."""

    def bookmark(self, source_id: str, name: str) -> Bookmark | None:
        """Nothing."""
        del source_id, name
        return None

    def keep_bookmarks(self, bookmarks: Sequence[Bookmark]) -> None:
        """Forget them."""


def probe(entry: Entry, fetcher: Fetcher, limits: Limits, opened: Callable[[Entry, Limits], Source]) -> Probe:
    """Look at a source once; faults are told, not raised. `opened` opens what is no listing."""
    try:
        if entry.kind in ("feed", "sitemap", "front_page"):
            return _listing(entry, fetcher.fetch(entry.urls[0]), limits)
        return _visits(entry, opened(entry, Limits(max_bytes=limits.max_bytes, max_visits=FEW_VISITS)))
    except (Permanent, Transient) as fault:
        return Probe(source_id=entry.id, kind=entry.kind, problem=str(fault))


def _listing(entry: Entry, answer: Fetched | NotModified | Disallowed, limits: Limits) -> Probe:
    if not isinstance(answer, Fetched):
        why = answer.rule if isinstance(answer, Disallowed) else "unchanged, said a server that was not asked"
        return Probe(source_id=entry.id, kind=entry.kind, problem=f"robots.txt keeps us out: {why}")
    links, children = _offered(entry, answer, limits)
    choice = LinkChoice(entry.links)
    taken = unique(choice.of(links, answer.url), answer.url, limits.max_links)
    return Probe(
        source_id=entry.id,
        kind=entry.kind,
        items=len(taken) + len(children),
        newest=newest((link.hints for link in (*taken, *children)), answer.fetched_at),
        robots=answer.robots,
        note=_note(entry, answer, len(links), len(taken), len(children)),
        problem=None if taken or children else "answers, but offers nothing",
    )


def _offered(entry: Entry, answer: Fetched, limits: Limits) -> tuple[Sequence[Link], Sequence[Link]]:
    if entry.kind == "sitemap":
        sitemap = read_sitemap(answer.body, limits)
        return sitemap.links, sitemap.children
    origin = Origin(source=entry.ref, publisher=entry.publisher, run_id="check")
    reader = FrontPageReader(entry.links) if entry.kind == "front_page" else FeedReader()
    reading = reader.read(origin, answer)
    texts = (visit.result for visit in reading.asides)
    carried = [Link(url=text.locator, hints=text.hints) for text in texts if isinstance(text, Document)]
    return (*reading.links, *carried), ()


def _note(entry: Entry, answer: Fetched, offered: int, taken: int, children: int) -> str | None:
    notes = []
    if answer.moved_to:
        notes.append(f"moved for good to {answer.moved_to}")
    elif answer.url != entry.urls[0]:
        notes.append(f"answers from {answer.url}")
    if children:
        notes.append(f"an index of {children} sitemaps")
    if entry.links != type(entry.links)() and offered != taken:
        notes.append(f"the rules take {taken} of {offered} links")
    return "; ".join(notes) or None


def _visits(entry: Entry, source: Source) -> Probe:
    results = [visit.result for visit in islice(source.visits("check"), FEW_VISITS)]
    taken = [result for result in results if not isinstance(result, Drop | Rejected)]
    robots = next((one.robots for one in taken if isinstance(one, Document) and one.robots), None)
    return Probe(
        source_id=entry.id,
        kind=entry.kind,
        items=len(taken),
        robots=robots,
        note=f"the first {len(results)} were read" if len(results) == FEW_VISITS else None,
        problem=_first_problem(results) or (None if taken else "answers, but offers nothing"),
    )


def _first_problem(results: Sequence[object]) -> str | None:
    for result in results:
        if isinstance(result, Rejected):
            return result.message
        if isinstance(result, Drop) and result.outcome is Outcome.DROPPED:
            return result.label
    return None
