"""Sources: what the catalogue describes, and the few kinds of code behind it.

| kind       | module          | what it offers                                                      |
|------------|-----------------|---------------------------------------------------------------------|
| feed       | `feed`          | the links of an RSS, RDF, Atom or JSON feed, each fetched           |
| sitemap    | `sitemap_index` | the links of a sitemap, news sitemap or sitemap index, each fetched |
| front_page | `front_page`    | the links of a front or section page that look like articles        |
| page       | `page`          | a fixed list of addresses, each fetched                             |
| api        | `api`           | the items of a JSON API, or the pages that they name                |
| warc       | `warc_source`   | the pages of WARC archives, each read once, record by record        |
| files      | `files_source`  | files and folders on disk: pages, texts, JSON, feeds, WARC, dumps   |

`address.from_url` finds out which kind an address is: feed, sitemap or page.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.source_ports import Archives, Fetcher, Rechecks, Source, SourceMemory
    from ingestion.sources.catalogue import Entry
    from ingestion.sources.limits import Limits
    from ingestion.sources.links import Visitor


def open_source(
    entry: "Entry",
    *,
    fetcher: "Fetcher",
    memory: "SourceMemory",
    limits: "Limits | None" = None,
    archives: "Archives | None" = None,
    rechecks: "Rechecks | None" = None,
) -> "Source":
    """Open the source that a catalogue entry describes; `archives` are needed for the kind warc alone.

    With `rechecks`, one that visits pages goes back to the articles that it brought before.
    """
    from ingestion.sources.api import ApiSource
    from ingestion.sources.files_source import CatalogueFiles
    from ingestion.sources.limits import Limits
    from ingestion.sources.links import Visitor
    from ingestion.sources.revisited import RevisitedSource
    from ingestion.sources.warc_source import WarcSource

    limits = limits or Limits()
    if entry.kind == "api":
        return ApiSource(entry, fetcher, memory, limits)
    if entry.kind == "files":
        return CatalogueFiles(entry, memory, limits)
    if entry.kind == "warc":
        if archives is None:
            raise TypeError(f"{entry.id} is an archive, and nothing is there to open archives with")
        return WarcSource(entry, archives, memory, limits)
    if not limits.max_rechecks:
        rechecks = None
    visitor = Visitor(entry, fetcher, memory, limits, rechecks=rechecks)
    source = _visiting(entry, visitor, memory)
    if rechecks is None:
        return source
    return RevisitedSource(source, visitor, memory, rechecks, limits.max_rechecks)


def _visiting(entry: "Entry", visitor: "Visitor", memory: "SourceMemory") -> "Source":
    from ingestion.sources.feed import FeedReader
    from ingestion.sources.front_page import FrontPageReader
    from ingestion.sources.link_rules import ChosenLinks, LinkChoice
    from ingestion.sources.listing import ListingSource
    from ingestion.sources.page import PageSource
    from ingestion.sources.sitemap_index import SitemapSource

    if entry.kind == "page":
        return PageSource(entry, visitor, memory)
    if entry.kind == "sitemap":
        return SitemapSource(entry, visitor, memory)
    reader = FrontPageReader(entry.links) if entry.kind == "front_page" else FeedReader()
    return ListingSource(entry, ChosenLinks(reader, LinkChoice(entry.links)), visitor, memory)
