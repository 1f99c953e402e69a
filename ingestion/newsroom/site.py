"""Every address of the sample newsroom and what it holds."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from msgspec import Struct

from ingestion.newsroom import render
from ingestion.newsroom.stories import Publication, Story, publications


class Resource(Struct, frozen=True, kw_only=True):
    """What lies at an address. `then` is what a visitor who already holds this one finds instead."""

    content_type: str
    body: bytes
    etag: str | None = None
    last_modified: datetime | None = None
    then: "Resource | None" = None


class Redirect(Struct, frozen=True):
    """A permanent move to another address."""

    url: str


Paths = Mapping[str, Resource | Redirect]


def build() -> dict[str, Paths]:
    """Render everything once: by host, then by path."""
    return {publication.imprint.domain: dict(_addresses(publication)) for publication in publications()}


def _addresses(publication: Publication) -> Iterator[tuple[str, Resource | Redirect]]:
    yield "/robots.txt", _resource("text/plain; charset=utf-8", _robots(publication))
    yield "/", _page(render.plain(publication, "front.html", title=publication.imprint.name))
    for story in publication.stories:
        yield story.path, _story(publication, story)
    yield from _listings(publication)
    for extra in publication.extras:
        if extra.template:
            page = render.plain(publication, extra.template, title=extra.title)
            yield extra.path, _page(page, extra.published)
    for old, new in publication.site.redirects.items():
        yield old, Redirect(publication.url(new))


def _story(publication: Publication, story: Story) -> Resource:
    revised = story.revised()
    body = render.article(publication, story)
    # The page in another encoding declares it in its meta element alone.
    content_type = "text/html; charset=utf-8" if story.charset == "utf-8" else "text/html"
    return _resource(
        "text/plain; charset=utf-8" if story.scrape is not None else content_type,
        body,
        last_modified=story.modified or story.published,
        then=_story(publication, revised) if revised else None,
    )


def _listings(publication: Publication) -> Iterator[tuple[str, Resource]]:
    newest = max(story.modified or story.published for story in publication.stories)
    for listing in publication.listings:
        body = render.listing(publication, listing)
        if listing.validators:
            yield listing.path, _resource(listing.content_type, body, last_modified=newest)
        else:
            yield listing.path, Resource(content_type=listing.content_type, body=body)


def _page(body: bytes, last_modified: datetime | None = None) -> Resource:
    return _resource("text/html; charset=utf-8", body, last_modified=last_modified)


def _resource(
    content_type: str,
    body: bytes,
    *,
    last_modified: datetime | None = None,
    then: Resource | None = None,
) -> Resource:
    return Resource(
        content_type=content_type,
        body=body,
        etag=f'"{sha256(body).hexdigest()[:24]}"',
        last_modified=last_modified.astimezone(UTC) if last_modified else None,
        then=then,
    )


def _robots(publication: Publication) -> bytes:
    lines = ["User-agent: *"]
    lines += [f"Disallow: {path}" for path in publication.site.disallow] or ["Disallow:"]
    if publication.site.crawl_delay_seconds is not None:
        lines.append(f"Crawl-delay: {publication.site.crawl_delay_seconds}")
    sitemaps = (what.path for what in publication.listings if what.template == "sitemap.xml")
    lines += [f"\nSitemap: {publication.url(path)}" for path in sitemaps]
    return ("\n".join(lines) + "\n").encode()
