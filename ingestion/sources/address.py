"""An address of which nothing is known: it is fetched, and what comes back says which source it is."""

from collections.abc import Mapping

from msgspec import Struct

from ingestion.article import UNKNOWN, Publisher, SourceRef
from ingestion.errors import Permanent, Transient
from ingestion.source_ports import Disallowed, Fetched, Fetcher, NotModified, Source, SourceMemory, Validators
from ingestion.sources import open_source
from ingestion.sources.catalogue import Entry
from ingestion.sources.documents import host_of
from ingestion.sources.limits import Limits
from ingestion.sources.links import without_fragment
from ingestion.sources.sniff import FEEDS, Form, sniff

Answer = Fetched | NotModified | Disallowed | Permanent | Transient


def from_url(url: str, *, fetcher: Fetcher, memory: SourceMemory, limits: Limits | None = None) -> Source:
    """Open the feed, the sitemap or the page at an address.

    Fetches it once; whatever went wrong there comes out when the source is read.
    """
    url = without_fragment(url)
    source_id = f"url:{url}"
    listing, page = memory.listing(source_id), memory.visited(url)
    known = listing.validators if listing else page.validators if page else None
    answer = _ask(fetcher, url, known)
    kind = _kind(answer, listed=listing is not None)
    entry = Entry(
        ref=SourceRef(id=source_id, kind=kind, url=url),
        publisher=Publisher(id=host_of(url) or UNKNOWN.id),
        urls=(url,),
        recheck_seconds=0,
    )
    return open_source(entry, fetcher=_Answered(fetcher, url, answer), memory=memory, limits=limits)


def _ask(fetcher: Fetcher, url: str, known: Validators | None) -> Answer:
    try:
        return fetcher.fetch(url, known)
    except (Permanent, Transient) as fault:
        return fault


def _kind(answer: Answer, *, listed: bool) -> str:
    if not isinstance(answer, Fetched):
        return "feed" if listed else "page"
    form = sniff(answer.body)
    if form in FEEDS:
        return "feed"
    packed_sitemap = form is Form.GZIP and "sitemap" in answer.url
    names_sitemaps = answer.url.endswith("/robots.txt") and form is Form.TEXT
    return "sitemap" if form is Form.SITEMAP or packed_sitemap or names_sitemaps else "page"


class _Answered(Struct):
    """A `Fetcher` that gives the answer that is there already, once, before it asks again."""

    fetcher: Fetcher
    url: str
    answer: Answer | None

    def fetch(
        self, url: str, known: Validators | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | NotModified | Disallowed:
        """Fetch, or hand over. Raises what the fetcher raises."""
        answer, self.answer = self.answer, None
        if answer is None or url != self.url:
            return self.fetcher.fetch(url, known, headers)
        if isinstance(answer, Permanent | Transient):
            raise answer
        return answer
