"""Stream a large archive of news pages: pages a second for reading alone, and for reading and parsing.

    PYTHONPATH=. python benchmarks/warc.py SCRATCH_FOLDER --megabytes 2000

The archive is made first, of pages invented here, as Common Crawl's CC-News files are: one gzip member a
record, a request before each response. It is removed at the end. A few thousand pages differ; they are
repeated until the file is large enough, each time as bytes of its own to the reader.
"""

import argparse
import gzip
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ingestion.article import Article, Document, SourceRef
from ingestion.errors import Permanent
from ingestion.parse import parse
from ingestion.sources.documents import UNKNOWN, Origin
from ingestion.sources.limits import Limits
from ingestion.sources.warc import Archived, Place, WarcReader

WORDS = (  # noqa: SIM905 - read as words
    "harbour council bridge ferry market winter garden letter window doctor teacher engine village station "
    "factory island kitchen library museum orchard painter quarry railway sailor tunnel minister court vote "
    "budget school hospital police storm river match season price union strike border talks energy housing"
).split()
LIMITS = Limits()
NOW = datetime(2026, 11, 2, tzinfo=UTC)


class Cost(NamedTuple):
    """What one process did, and what it took."""

    pages: int
    articles: int
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def sentence(chance: random.Random) -> str:
    """A sentence of words that make no sense."""
    count = chance.randint(8, 24)
    words = [chance.choice(WORDS) + chance.choice(("", "", "s", "ing", "ed")) for _ in range(count)]
    return " ".join(words).capitalize() + "."


def page(number: int) -> bytes:
    """A page of 80 to 160 KB, most of it furniture and scripts, as news pages are."""
    chance = random.Random(number)  # noqa: S311 - words, not secrets
    title = sentence(chance)
    paragraphs = "".join(
        f"<p>{' '.join(sentence(chance) for _ in range(chance.randint(2, 5)))}</p>"
        for _ in range(chance.randint(6, 24))
    )
    links = "".join(
        f'<li class="item item-{n}"><a href="/section/{chance.choice(WORDS)}/{chance.getrandbits(32):x}">'
        f"{sentence(chance)}</a></li>"
        for n in range(chance.randint(60, 160))
    )
    keys = range(chance.randint(900, 2200))
    script = ",".join(f'"{chance.choice(WORDS)}{n}":"{chance.getrandbits(64):x}"' for n in keys)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="article"><meta property="og:title" content="{title}">'
        f'<meta property="article:published_time" content="2026-11-{chance.randint(1, 28):02}T08:00:00Z">'
        f"<script>window.state={{{script}}}</script></head><body><nav><ul>{links}</ul></nav>"
        f"<main><article><h1>{title}</h1>{paragraphs}</article></main>"
        f"<aside><ul>{links}</ul></aside><footer>About us. Contact.</footer></body></html>"
    ).encode()


def member(number: int) -> bytes:
    """A request and its response, each packed by itself."""
    body = page(number)
    url = f"http://paper-{number % 97}.example/{number}"
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: x\r\nContent-Length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )
    request = f"GET /{number} HTTP/1.1\r\nHost: paper-{number % 97}.example\r\n\r\n".encode()
    return b"".join(
        gzip.compress(_record(url, kind, block, number), compresslevel=6)
        for kind, block in (("request", request), ("response", answer))
    )


def _record(url: str, kind: str, block: bytes, number: int) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-11-02T10:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{kind}-{number}>\r\nContent-Type: application/http; msgtype={kind}\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def write(path: Path, size_bytes: int, cores: int, distinct: int) -> list[tuple[int, int]]:
    """Write the archive; return, for each share of a core, its first byte and how many pages it holds."""
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        members = list(pool.map(member, range(distinct), chunksize=50))
    starts = [0]
    with path.open("wb") as file:
        while file.tell() < size_bytes:
            file.write(members[(len(starts) - 1) % distinct])
            starts.append(file.tell())
    pages = len(starts) - 1
    cuts = [pages * share // cores for share in range(cores + 1)]
    return [(starts[first], last - first) for first, last in pairwise(cuts)]


def documents(path: Path, start: int) -> Iterator[Document]:
    """Read documents as a source does, from a byte on."""
    origin = Origin(source=SourceRef(id="crawl", kind="warc"), publisher=UNKNOWN, run_id="benchmark")
    with path.open("rb") as opened:
        opened.seek(start)
        archived = Archived(locator=path.name, reopen=partial(_reopened, path), changed_at=NOW)
        for found in WarcReader(origin, LIMITS).read_from(archived, opened, Place(offset_bytes=start)):
            if isinstance(found.result, Document):
                yield found.result


@contextmanager
def _reopened(path: Path, offset_bytes: int) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        file.seek(offset_bytes)
        yield file


def measure(path: Path, start: int, pages: int, *, parsing: bool) -> Cost:
    """Read so many pages, and parse them if wanted."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak of the parent process
    began, cpu = time.monotonic(), time.process_time()
    read = articles = 0
    for read, document in enumerate(documents(path, start), start=1):
        if parsing:
            try:
                articles += isinstance(parse(document), Article)
            except Permanent:
                continue
        if read == pages:
            break
    return Cost(read, articles, time.monotonic() - began, time.process_time() - cpu, _peak_bytes())


def _peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def told(name: str, costs: list[Cost]) -> str:
    """One row of the table."""
    pages = sum(cost.pages for cost in costs)
    wall, cpu = max(cost.wall_seconds for cost in costs), sum(cost.cpu_seconds for cost in costs)
    articles = sum(cost.articles for cost in costs)
    peak = max(cost.peak_bytes for cost in costs) / 1e6
    return (
        f"| {name} | {len(costs)} | {pages:,} | {articles:,} | {wall:.1f} | {pages / wall:,.0f} "
        f"| {pages / cpu:,.0f} | {peak:.0f} |"
    )


def main() -> None:
    """Make the archive, read it, read and parse it, remove it."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("folder", type=Path, help="scratch folder with room for the archive")
    arguments.add_argument("--megabytes", type=int, default=2000, help="size of the archive, packed")
    arguments.add_argument("--distinct", type=int, default=3000, help="pages that differ")
    arguments.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path: Path = given.folder / "CC-NEWS-20261102100000-00001.warc.gz"
    try:
        shares = write(path, given.megabytes * 1_000_000, given.processes, given.distinct)
        print(f"{path.stat().st_size / 1e6:,.0f} MB, {sum(pages for _, pages in shares):,} pages")
        print("| | processes | pages | articles | wall s | pages/s | pages/s of a core | peak MB of one |")
        print("|---|---|---|---|---|---|---|---|")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            whole = pool.submit(measure, path, 0, sum(pages for _, pages in shares), parsing=False)
            print(told("reading", [whole.result()]), flush=True)
        for parsing, name in ((False, "reading"), (True, "reading and parsing")):
            with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
                started = [pool.submit(measure, path, *share, parsing=parsing) for share in shares]
                print(told(name, [found.result() for found in started]), flush=True)
    finally:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
