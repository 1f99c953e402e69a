"""What a feed has in print: its times as they stand there, before a parser turned them into UTC.

A time without a zone, or a day without a time, is worth knowing as such; parsers of feeds give both
as if they were exact.
"""

from collections.abc import Sequence

import msgspec
from lxml import etree
from msgspec import Struct

from ingestion.sources.asked import Asked, read_asked
from ingestion.sources.documents import wellformed
from ingestion.sources.feed_rights import FeedRights, read_rights
from ingestion.sources.xml import local_name, namespace, parse_xml, whole_text

ENTRIES = frozenset({"item", "entry"})
FEEDS = frozenset({"channel", "feed"})
PUBLISHED = ("pubdate", "published", "issued", "date", "created", "date_published")
UPDATED = ("updated", "modified", "date_modified")
SUMMARIES = ("description", "summary", "subtitle", "abstract")
IDS = ("guid", "id")


class PrintedEntry(Struct, frozen=True, kw_only=True):
    """One entry as it stands in the feed. `other_titles` are those of modules, as of podcasts."""

    item_id: str | None
    title: str | None
    other_titles: tuple[str, ...]
    published: str | None
    updated: str | None
    has_summary: bool
    rights: FeedRights = FeedRights()


class Printed(Struct, frozen=True, kw_only=True):
    """A feed as it stands."""

    entries: tuple[PrintedEntry, ...] = ()
    language: str | None = None
    asked: Asked = Asked()
    rights: FeedRights = FeedRights()

    def agreeing(self, ids: list[str | None]) -> Sequence[PrintedEntry | None]:
        """Return what is printed for each entry of a parser, None for all where the two do not agree."""
        agrees = len(self.entries) == len(ids) and all(
            entry.item_id is None or item_id is None or entry.item_id == item_id
            for entry, item_id in zip(self.entries, ids, strict=True)
        )
        return self.entries if agrees else [None] * len(ids)


def read_printed(body: bytes) -> Printed:
    """Read what can be read; nothing where that is nothing."""
    return _from_json(body) if body.lstrip()[:1] in (b"{", b"[") else _from_xml(body)


def _from_xml(body: bytes) -> Printed:
    try:
        root = parse_xml(body)
    except etree.XMLSyntaxError:
        return Printed()
    elements = [] if root is None else list(root.iter(etree.Element))
    entries = tuple(
        _printed(_children(element), _other_titles(element), read_rights(element))
        for element in elements
        if local_name(element) in ENTRIES
    )
    languages = (whole_text(element) for element in elements if local_name(element) == "language")
    feeds = (read_rights(element) for element in elements if local_name(element) in FEEDS)
    return Printed(
        entries=entries,
        rights=next(feeds, FeedRights()),
        language=next(filter(None, languages), None),
        asked=Asked() if root is None else read_asked(root),
    )


def _children(element: "etree._Element") -> dict[str, str]:
    """The text of each child by local name, the first of each, those of the entry's own namespace first."""
    texts: dict[str, str] = {}
    for child in sorted(element.iterchildren(etree.Element), key=lambda child: _is_foreign(child, element)):
        texts.setdefault(local_name(child), whole_text(child) or "")
    return texts


def _other_titles(element: "etree._Element") -> tuple[str, ...]:
    foreign = (child for child in element.iterchildren(etree.Element) if _is_foreign(child, element))
    titles = (whole_text(child) for child in foreign if local_name(child) == "title")
    return tuple(wellformed(title) for title in titles if title)


def _is_foreign(child: "etree._Element", element: "etree._Element") -> bool:
    return namespace(child) != namespace(element)


def _from_json(body: bytes) -> Printed:
    try:
        items = msgspec.json.decode(body)["items"]
        return Printed(
            entries=tuple(_printed({k: v for k, v in item.items() if isinstance(v, str)}) for item in items)
        )
    except (msgspec.DecodeError, UnicodeError, RecursionError, TypeError, KeyError, AttributeError):
        return Printed()


def _printed(
    texts: dict[str, str], other_titles: tuple[str, ...] = (), rights: FeedRights | None = None
) -> PrintedEntry:
    return PrintedEntry(
        item_id=_first(texts, IDS),
        title=_first(texts, ("title",)),
        other_titles=other_titles,
        published=_first(texts, PUBLISHED),
        updated=_first(texts, UPDATED),
        has_summary=_first(texts, SUMMARIES) is not None,
        rights=rights or FeedRights(),
    )


def _first(texts: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((wellformed(texts[name]) for name in names if texts.get(name)), None)
