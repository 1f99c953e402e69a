"""Stories turned into the bytes of pages, feeds and sitemaps."""

from datetime import datetime
from email.utils import format_datetime
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ingestion.newsroom.json_ld import json_ld
from ingestion.newsroom.stories import FOLDER, Extra, Listing, Publication, Story

ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


class Block(NamedTuple):
    """A piece of a body: `role` is paragraph, subheading, quote or list; only a list has several texts."""

    role: str
    texts: tuple[str, ...]


class Item(NamedTuple):
    """One entry of a listing; `address` is the plain one, `link` the one a feed gives."""

    address: str
    link: str
    title: str
    summary: str
    published: datetime
    modified: datetime
    story: Story | None


def blocks(body: str) -> tuple[Block, ...]:
    """Read the light markup of a body: blank lines between blocks, `## `, `> ` and `- ` at their heads."""
    return tuple(_block(chunk) for chunk in body.strip().split("\n\n"))


def _block(chunk: str) -> Block:
    if chunk.startswith("- "):
        return Block("list", tuple(line.removeprefix("- ") for line in chunk.splitlines()))
    for mark, role in (("## ", "subheading"), ("> ", "quote")):
        if chunk.startswith(mark):
            return Block(role, (chunk.removeprefix(mark),))
    return Block("paragraph", (chunk,))


def article(publication: Publication, story: Story) -> bytes:
    """Render a story's page in the encoding it declares."""
    if story.scrape is not None:
        return story.scrape.encode()
    others = [other for other in front_stories(publication) if other.headline != story.headline]
    text = _render(
        publication,
        publication.site.template,
        story=story,
        url=publication.url(story.path),
        blocks=blocks(story.body),
        json_ld=json_ld(publication, story),
        printed=printed_date(publication, story),
        related=others[:3],
        most_read=sorted(others, key=lambda other: other.path[::-1])[:4],
    )
    return text.encode(story.charset, errors="xmlcharrefreplace")


def listing(publication: Publication, what: Listing) -> bytes:
    """Render a feed or a sitemap."""
    text = _render(publication, what.template, self_url=publication.url(what.path), items=items(publication))
    return text.encode()


def plain(publication: Publication, template: str, *, title: str) -> bytes:
    """Render a page that is no article."""
    return _render(publication, template, title=title, stories=front_stories(publication)).encode()


def front_stories(publication: Publication) -> list[Story]:
    """Return the stories that the publisher links from its own pages."""
    return [story for story in publication.stories if not story.feed_only]


def items(publication: Publication) -> list[Item]:
    """List everything a feed offers, newest first."""
    entries = [_story_item(publication, story) for story in publication.stories]
    entries += [_extra_item(publication, extra) for extra in publication.extras]
    return sorted(entries, key=lambda item: item.published, reverse=True)


def _story_item(publication: Publication, story: Story) -> Item:
    return Item(
        address=publication.url(story.path),
        link=publication.url(story.link or story.path),
        title=story.headline,
        summary=story.deck or "",
        published=publication.local(story.published),
        modified=publication.local(story.modified or story.published),
        story=story,
    )


def _extra_item(publication: Publication, extra: Extra) -> Item:
    url, published = publication.url(extra.path), publication.local(extra.published)
    return Item(url, url, extra.title, extra.summary, published, published, None)


def printed_date(publication: Publication, story: Story) -> str:
    """Return the date as the page prints it."""
    printed = publication.site.printed_date.format(d=publication.local(story.published))
    return printed.translate(ARABIC_DIGITS) if story.quirk == "arabic_digits" else printed


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["rfc822"] = format_datetime
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment


_ENVIRONMENT = _environment()


def _render(publication: Publication, template: str, **values: object) -> str:
    site, imprint = publication.site, publication.imprint
    return _ENVIRONMENT.get_template(template + ".j2").render(
        publication=publication, site=site, imprint=imprint, **values
    )
