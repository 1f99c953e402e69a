"""Lists of archives, as Common Crawl publishes them: `warc.paths.gz`, one path a line."""

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import urljoin

from ingestion.errors import TooLarge, Unreadable
from ingestion.source_ports import Archives
from ingestion.sources.digest import Readable
from ingestion.sources.inflate import gunzip
from ingestion.sources.limits import Limits
from ingestion.sources.packing import GZIP_MAGIC

LIST_NAMES = (".paths", ".paths.gz")
MAX_ARCHIVES = 100_000
DATED_NAME = re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})(?:\d{6})?(?!\d)")


def expanded(archives: Archives, locator: str, limits: Limits) -> Iterator[str]:
    """Yield the archives of a list, or the one archive that is no list.

    Raises `Unreachable`, `HttpFailure`, `Refused`, `Unreadable`, `TooLarge`.
    """
    if not locator.endswith(LIST_NAMES):
        yield locator
        return
    with archives.open(locator) as opened:
        packed = _whole(opened, limits.max_bytes)
    text = gunzip(BytesIO(packed), packed_bytes=len(packed), limits=limits) if _is_gzip(packed) else packed
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    if len(lines) > MAX_ARCHIVES:
        raise TooLarge(f"{locator} lists {len(lines)} archives; the limit is {MAX_ARCHIVES}")
    for line in lines:
        yield _beside(locator, line)


def day_of(locator: str) -> date | None:
    """Read the day in the name of an archive, as in CC-NEWS-20261101020202-00001.warc.gz."""
    name = locator.rpartition("/")[2]
    for year, month, day in DATED_NAME.findall(name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def _whole(opened: Readable, max_bytes: int) -> bytes:
    found = bytearray()
    while piece := opened.read(max_bytes + 1 - len(found)):
        found += piece
        if len(found) > max_bytes:
            raise TooLarge(f"a list of more than {max_bytes} bytes")
    return bytes(found)


def _is_gzip(content: bytes) -> bool:
    return content.startswith(GZIP_MAGIC)


def _beside(locator: str, line: str) -> str:
    """Paths are told from the top of the server or bucket; on disk, from the folder of the list."""
    if "://" in line:
        return line
    if "\0" in line:
        raise Unreadable(f"a path with a zero byte in {locator}")
    if locator.startswith("s3://"):
        return f"s3://{locator.removeprefix('s3://').partition('/')[0]}/{line.lstrip('/')}"
    if "://" in locator:
        return urljoin(locator, f"/{line.lstrip('/')}")
    return str(PurePosixPath(locator).parent / line)
