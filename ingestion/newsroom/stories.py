"""The sample newsroom's texts, as `articles/*.toml` has them, with the publishers of `catalogue/`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, structs

FOLDER = Path(__file__).parent
CATALOGUE = FOLDER / "catalogue"

Quirk = Literal["arabic_digits", "broken_json_ld", "entities_in_json_ld"]


class Picture(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photograph with its caption; `credit` is printed apart from it."""

    path: str
    caption: str
    credit: str


class Revision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a second visit finds changed: a new headline, a correction notice, replaced words."""

    headline: str
    modified: datetime
    correction: str
    replace: dict[str, str]


class Story(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One article. `link` is the address a listing gives where that is not the plain path."""

    path: str
    headline: str
    deck: str | None = None
    authors: tuple[str, ...] = ()
    byline: str | None = None
    agency: str | None = None
    dateline: str | None = None
    published: datetime
    modified: datetime | None = None
    time_attribute: str | None = None
    section: str
    keywords: tuple[str, ...] = ()
    image: Picture | None = None
    comments: int | None = None
    free: bool = True
    charset: str = "utf-8"
    quirk: Quirk | None = None
    link: str | None = None
    feed_only: bool = False
    correction: str | None = None
    revision: Revision | None = None
    body: str = ""
    scrape: str | None = None

    def revised(self) -> "Story | None":
        """Return the story as the second visit finds it, None where it never changes."""
        if self.revision is None:
            return None
        body = self.body
        for old, new in self.revision.replace.items():
            body = body.replace(old, new)
        return structs.replace(
            self,
            headline=self.revision.headline,
            modified=self.revision.modified,
            correction=self.revision.correction,
            body=body,
            revision=None,
        )


class Copy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second address with the words of another story of the same publisher."""

    path: str
    of: str


class Extra(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a listing offers that is no story; without a template the address answers 404."""

    path: str
    title: str
    summary: str
    published: datetime
    template: str | None = None


class Listing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feed or sitemap; without validators it never answers 304."""

    path: str
    template: str
    content_type: str
    validators: bool = True


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a publisher's pages are made. `printed_date` is a format string over a local time `d`."""

    template: str
    tagline: str
    printed_date: str
    direction: Literal["ltr", "rtl"] = "ltr"
    json_ld: Literal["alone", "graph", "list"] = "alone"
    disallow: tuple[str, ...] = ()
    crawl_delay_seconds: float | None = None
    redirects: dict[str, str] = {}


class Texts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of `articles/`."""

    site: Site
    listing: tuple[Listing, ...] = ()
    story: tuple[Story, ...]
    copy: tuple[Copy, ...] = ()
    extra: tuple[Extra, ...] = ()


class Imprint(Struct, frozen=True, kw_only=True):
    """Who a publisher is, as its catalogue entry says."""

    id: str
    name: str
    domain: str
    country: str
    language: str
    timezone: str


class _Entry(Struct, frozen=True):
    publisher: Imprint


class Publication(Struct, frozen=True, kw_only=True):
    """A publisher with all its stories, newest first; copies are stories too."""

    imprint: Imprint
    site: Site
    listings: tuple[Listing, ...]
    stories: tuple[Story, ...]
    extras: tuple[Extra, ...]

    def url(self, path: str) -> str:
        """Return the absolute address of a path, percent-encoded (RFC 3986)."""
        return f"http://{self.imprint.domain}{quote(path, safe='/?&=#')}"

    def local(self, moment: datetime) -> datetime:
        """Return the time on the newsroom's wall."""
        return moment.astimezone(ZoneInfo(self.imprint.timezone))


def publications() -> tuple[Publication, ...]:
    """Load every publisher of the sample, in the order of their ids."""
    return tuple(_publication(path.stem) for path in sorted(CATALOGUE.glob("*.toml")))


def _publication(publisher_id: str) -> Publication:
    entry = msgspec.toml.decode((CATALOGUE / f"{publisher_id}.toml").read_bytes(), type=_Entry)
    texts = msgspec.toml.decode((FOLDER / "articles" / f"{publisher_id}.toml").read_bytes(), type=Texts)
    stories = sorted((*texts.story, *_copies(texts)), key=lambda story: story.published, reverse=True)
    return Publication(
        imprint=entry.publisher,
        site=texts.site,
        listings=texts.listing,
        stories=tuple(stories),
        extras=texts.extra,
    )


def _copies(texts: Texts) -> Iterator[Story]:
    by_path = {story.path: story for story in texts.story}
    for copy in texts.copy:
        yield structs.replace(by_path[copy.of], path=copy.path, link=None, feed_only=True)
