"""How far an API was read: what its bookmark says, and where reading goes on."""

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ingestion.source_ports import Bookmark, Validators
from ingestion.sources.api_facts import ApiWindow

FAILURES_TO_GIVE_UP = 3
"""So many failures in a row at a later page, and the rest of the pages is given up."""


class Window(Struct, frozen=True, kw_only=True):
    """From when to when an API is asked."""

    since: datetime
    until: datetime


class Span(Struct, frozen=True, kw_only=True):
    """A window to be read once, and the name under which it is remembered how far that went."""

    window: Window
    name: str


class Mark(Struct, frozen=True, kw_only=True):
    """How far an API was read, as it stands in a bookmark.

    `since` is when the newest item is from of the reading that came to its end last. With `window`, a
    reading is under way: `place` is its next page, `newest` the newest item so far, `page_digest` what
    the last page was. `first_url` was asked first, and answered with `validators`.
    """

    since: datetime | None = None
    window: Window | None = None
    place: str = ""
    pages: int = 0
    newest: datetime | None = None
    failures: int = 0
    page_digest: str | None = None
    first_url: str | None = None
    validators: Validators | None = None
    ended: bool = False

    def opened(self, window: Window, place: str) -> "Mark":
        """Begin a reading, or go on with the one under way."""
        if self.window is not None:
            return self
        return Mark(
            since=self.since,
            window=window,
            place=place,
            first_url=self.first_url,
            validators=self.validators,
        )

    def turned(self, place: str, newest: datetime | None, page_digest: str) -> "Mark":
        """Go on to the next page."""
        return replace(
            self, place=place, pages=self.pages + 1, newest=newest, failures=0, page_digest=page_digest
        )

    def closed(self, *, dated: bool) -> "Mark":
        """Come to the end; where items have no dates, the time of asking stands for them."""
        window = self.window
        asked = window.until if window and not dated else None
        since = self.newest or asked or self.since or (window.since if window else None)
        return Mark(since=since, first_url=self.first_url, validators=self.validators, ended=True)


def mark_of(bookmark: Bookmark | None) -> Mark:
    """Read a bookmark; one that nobody can read is as good as none."""
    try:
        return msgspec.json.decode(bookmark.position, type=Mark) if bookmark else Mark()
    except msgspec.DecodeError:
        return Mark()


def position_of(mark: Mark) -> str:
    """Write a mark for a bookmark."""
    return msgspec.json.encode(mark).decode()


def next_window(facts: ApiWindow, since: datetime | None, now: datetime) -> Window:
    """From the newest item known, with the overlap, until now; no further back than the API lets one look."""
    if since is None:
        begins = now - timedelta(seconds=facts.first_seconds)
    else:
        begins = min(since, now) - timedelta(seconds=facts.overlap_seconds)
    if facts.longest_seconds is not None:
        begins = max(begins, now - timedelta(seconds=facts.longest_seconds))
    return Window(since=begins.astimezone(UTC), until=now)
