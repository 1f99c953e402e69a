"""A feed as a listing of links, and a feed as the texts that it carries itself."""

from collections.abc import Iterator
from datetime import datetime

from ingestion.article import Document, DocumentKind, Drop, Outcome
from ingestion.source_ports import Fetched, Link, Visit
from ingestion.sources.documents import Origin, document
from ingestion.sources.entries import WEB_ADDRESS, Entry, read_entries, read_feed
from ingestion.sources.listing import Reading

NO_LINK = Drop(Outcome.DROPPED, "no_link")
MEDIA_ONLY = Drop(Outcome.DROPPED, "media_only")


class FeedReader:
    """Reads a feed: an entry with a link is visited, one without is taken for what it carries."""

    def read(self, origin: Origin, answer: Fetched) -> Reading:
        """Find the links. Raises `Unreadable`."""
        feed = read_feed(answer.body)
        entries = feed.entries
        links = (Link(url=e.link, item_id=e.item_id, hints=e.hints) for e in entries if e.link)
        return Reading(
            links=tuple(links),
            asides=tuple(
                Visit(result=_without_link(origin, f"{answer.url}#{number}", entry, answer.fetched_at))
                for number, entry in enumerate(entries, start=1)
                if not entry.link
            ),
            asked_seconds=feed.asked.seconds_after(answer.fetched_at),
            ttl_seconds=feed.asked.pause_seconds,
        )


def fragments(origin: Origin, body: bytes, *, locator: str, fetched_at: datetime) -> Iterator[Document]:
    """Turn each entry into a document of what the feed carries of it. Raises `Unreadable`."""
    for number, entry in enumerate(read_entries(body), start=1):
        yield _fragment(origin, f"{locator}#{number}", entry, fetched_at)


def _without_link(origin: Origin, locator: str, entry: Entry, fetched_at: datetime) -> Document | Drop:
    if not (entry.content or "feed.summary" in entry.hints):
        return MEDIA_ONLY if entry.media else NO_LINK
    return _fragment(origin, locator, entry, fetched_at)


def _fragment(origin: Origin, locator: str, entry: Entry, fetched_at: datetime) -> Document:
    link = entry.link if entry.link and WEB_ADDRESS.match(entry.link) else None
    return document(
        origin.named(entry.item_id),
        (entry.content or entry.hints.get("feed.summary", "")).encode(),
        locator=locator,
        kind=DocumentKind.FRAGMENT,
        fetched_at=fetched_at,
        discovered_url=link,
        fetched_url=link,
        content_type="text/html",
        charset="utf-8",
        hints=entry.hints,
    )
