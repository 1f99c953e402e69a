"""Sources: what the catalogue describes, and the few kinds of code behind it.

| kind    | module    | what it offers                                                      |
|---------|-----------|---------------------------------------------------------------------|
| feed    | `feed`    | the links of an RSS, RDF, Atom or JSON feed, each fetched           |
| sitemap | `sitemap` | the links of a sitemap, news sitemap or sitemap index, each fetched |
| page    | `page`    | a fixed list of addresses, each fetched                             |
| files   | `files`   | files and folders on disk: pages, texts, JSON, feeds, WARC archives |

`address.from_url` finds out which of the first three an address is.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.source_ports import Fetcher, Source, SourceMemory
    from ingestion.sources.catalogue import Entry
    from ingestion.sources.limits import Limits


def open_source(
    entry: "Entry", *, fetcher: "Fetcher", memory: "SourceMemory", limits: "Limits | None" = None
) -> "Source":
    """Open the source that a catalogue entry describes."""
    from ingestion.sources.feed import FeedReader
    from ingestion.sources.limits import Limits
    from ingestion.sources.links import Visitor
    from ingestion.sources.listing import ListingSource
    from ingestion.sources.page import PageSource
    from ingestion.sources.sitemap import SitemapReader

    limits = limits or Limits()
    visitor = Visitor(entry, fetcher, memory, limits)
    if entry.kind == "page":
        return PageSource(entry, visitor, memory)
    reader = SitemapReader(fetcher, limits) if entry.kind == "sitemap" else FeedReader()
    return ListingSource(entry, reader, visitor, memory)
