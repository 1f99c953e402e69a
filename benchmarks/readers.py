"""One extractor over a folder of pages, in this process: prints pages, those read, and the processor time.

    python benchmarks/readers.py NAME FOLDER --part 0

Every second page is read first, unmeasured, so that libraries, models and tables are loaded; the others are
measured, and `--part 1` turns the two about: no page is measured that was seen before. Needs nothing of this
project but for `ours`: the peers run it in an environment of their own.
"""

import argparse
import gzip
import json
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple


class SavedPage(NamedTuple):
    """A page as it was fetched."""

    name: str
    url: str
    fetched_at: datetime
    body: bytes


LOG = logging.getLogger(__name__)
Read = Callable[[SavedPage], bool]
"""Read a page whole; false where nothing came of it."""


def ours() -> Read:
    """`ingestion.parse.parse`: every field of the contract."""
    from ingestion.article import Article  # noqa: PLC0415
    from ingestion.errors import Permanent  # noqa: PLC0415
    from ingestion.parse import parse  # noqa: PLC0415

    def read(page: SavedPage) -> bool:
        try:
            return isinstance(parse(document_of(page)), Article)
        except Permanent:
            return False

    return read


def trafilatura() -> Read:
    """Trafilatura with metadata, otherwise as it comes."""
    from trafilatura import bare_extraction  # noqa: PLC0415

    def read(page: SavedPage) -> bool:
        return bare_extraction(page.body, url=page.url, with_metadata=True) is not None

    return read


def trafilatura_text() -> Read:
    """Trafilatura without metadata: the body alone."""
    from trafilatura import bare_extraction  # noqa: PLC0415

    def read(page: SavedPage) -> bool:
        return bare_extraction(page.body, url=page.url) is not None

    return read


def newspaper4k() -> Read:
    """newspaper4k without its keywords and summaries, which need data of their own, and without images."""
    from newspaper import Article, Config  # noqa: PLC0415

    config = Config()
    config.fetch_images = False

    def read(page: SavedPage) -> bool:
        article = Article(page.url, config=config)
        article.download(input_html=page.body.decode("utf-8", "replace"))
        article.parse()
        return bool(article.text)

    return read


def news_please() -> Read:
    """news-please from HTML that is there, without images."""
    from newsplease import NewsPlease  # noqa: PLC0415

    def read(page: SavedPage) -> bool:
        html = page.body.decode("utf-8", "replace")
        return bool(NewsPlease.from_html(html, url=page.url, fetch_images=False).maintext)

    return read


READERS: dict[str, Callable[[], Read]] = {
    "ours": ours,
    "trafilatura": trafilatura,
    "trafilatura-text": trafilatura_text,
    "newspaper4k": newspaper4k,
    "news-please": news_please,
}


def document_of(page: SavedPage) -> Any:
    """Put a page as a document of this project."""
    from ingestion.article import UNKNOWN, Document, DocumentKind, SourceRef  # noqa: PLC0415

    return Document(
        document_id=page.name,
        run_id="extraction",
        source=SourceRef(id="extraction", kind="page"),
        publisher=UNKNOWN,
        kind=DocumentKind.PAGE,
        locator=page.name,
        fetched_url=page.url,
        body=page.body,
        fetched_at=page.fetched_at,
    )


def saved_pages(folder: Path) -> list[SavedPage]:
    """Load pairs of `NAME.html.gz` and `NAME.json`, which has `url` and `crawl_date`."""
    pages = []
    for path in sorted(folder.glob("*.json")):
        known = json.loads(path.read_text(encoding="utf-8"))
        fetched_at = datetime.fromisoformat(known["crawl_date"]).replace(tzinfo=timezone.utc)  # noqa: UP017
        body = gzip.decompress(path.with_suffix(".html.gz").read_bytes())
        pages.append(SavedPage(path.stem, known["url"], fetched_at, body))
    return pages


def measured(read: Read, warming: Sequence[SavedPage], pages: Sequence[SavedPage]) -> dict[str, float]:
    """Read some pages for warmth, then the others by the clock of this process' processor time."""
    for page in warming:
        _tried(read, page)
    begun = time.process_time()
    done = sum(_tried(read, page) for page in pages)
    return {"pages": len(pages), "read": done, "cpu_seconds": time.process_time() - begun}


def _tried(read: Read, page: SavedPage) -> bool:
    try:
        return read(page)
    except Exception as error:  # noqa: BLE001 - a peer's fault is its result
        LOG.warning("%s: %s", page.name, error)
        return False


def main() -> None:
    """Measure one extractor, and print what it took as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=READERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", type=int, choices=(0, 1), default=0)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    pages = saved_pages(asked.folder)
    took = measured(READERS[asked.name](), pages[1 - asked.part :: 2], pages[asked.part :: 2])
    print(json.dumps(took))


if __name__ == "__main__":
    main()
