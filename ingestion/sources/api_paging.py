"""From one page of an API to the next."""

import re
from datetime import datetime
from urllib.parse import urljoin

from ingestion.errors import Unreadable
from ingestion.sources.api_answer import Page
from ingestion.sources.api_facts import ApiFacts, ApiPaging
from ingestion.sources.api_mark import Mark, Window
from ingestion.sources.api_request import first_place, request_url, written

LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
NEXT = re.compile(r";\s*rel\s*=\s*(?:\"[^\"]*\bnext\b[^\"]*\"|next\b)", re.IGNORECASE)


def address(url: str, facts: ApiFacts, mark: Mark) -> str:
    """The address of the page that a mark stands at."""
    paging, window = facts.paging, mark.window
    if paging.by in ("next_url", "link_header") and mark.place:
        return mark.place
    values = {"page_size": str(paging.size), **_place_values(paging, mark.place)}
    if window:
        values["since"] = written(window.since, facts.window.time_format)
        values["until"] = written(_until(paging, mark.place, window), facts.window.time_format)
    return request_url(url, facts, values)


def _place_values(paging: ApiPaging, place: str) -> dict[str, str]:
    if paging.by == "page":
        skipped = int(place) - int(first_place(paging))
        return {"page": place, "offset": str(skipped * paging.size)}
    if paging.by == "offset":
        return {"offset": place}
    return {"cursor": place} if paging.by == "cursor" and place else {}


def _until(paging: ApiPaging, place: str, window: Window) -> datetime:
    return datetime.fromisoformat(place) if paging.by == "until" and place else window.until


def next_place(
    paging: ApiPaging, mark: Mark, page: Page, url: str, headers: dict[str, str], oldest: datetime | None
) -> str | None:
    """Where the page after this one is; None where there is none.

    An empty page ends what is counted. Without a total, a page that is not full does not: some give less
    than they are asked for. Raises `Unreadable` where the next page cannot be named.
    """
    if paging.by == "none":
        return None
    if paging.by == "page":
        return _next_number(paging, mark.place, page)
    if paging.by == "offset":
        return _next_offset(paging, mark.place, page)
    if paging.by == "until":
        return _next_until(paging, mark, page, oldest)
    named = page.next if paging.by != "link_header" else linked(headers.get("link", ""))
    if named and paging.by != "cursor":
        named = _joined(url, named)
    return named if named and named != (mark.place or url) else None


def _next_number(paging: ApiPaging, place: str, page: Page) -> str | None:
    number = int(place)
    read = number - int(first_place(paging)) + 1
    beyond_pages = page.pages is not None and read >= page.pages
    beyond_total = page.total is not None and read * paging.size >= page.total and page.pages is None
    return None if beyond_pages or beyond_total or not page.items else str(number + 1)


def _next_offset(paging: ApiPaging, place: str, page: Page) -> str | None:
    offset = int(place) + len(page.items)
    read = offset - int(first_place(paging))
    beyond_total = page.total is not None and read >= page.total
    return None if beyond_total or not page.items else str(offset)


def _next_until(paging: ApiPaging, mark: Mark, page: Page, oldest: datetime | None) -> str | None:
    if len(page.items) < paging.size or mark.window is None:
        return None
    if oldest is None:
        raise Unreadable("a full page without a date by which to go further back; check api.fields")
    if oldest >= _until(paging, mark.place, mark.window).replace(microsecond=0) and mark.place:
        raise Unreadable(f"{len(page.items)} items of one time, {oldest:%Y-%m-%d %H:%M:%S}: no way past them")
    return oldest.isoformat()


def linked(header: str) -> str | None:
    """The address of relation `next` in a Link header (RFC 8288)."""
    return next((address for address, said in LINK.findall(header) if NEXT.search(said)), None)


def _joined(url: str, named: str) -> str:
    try:
        return urljoin(url, named)
    except ValueError as error:
        raise Unreadable(f"the next page is said to be at {named[:200]!r}, which is no address") from error
