"""From a request to buckets: sources of a group of hosts and a slice of days, or a few archives."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import ceil
from urllib.parse import urlsplit

from ingestion.backfill.request import BucketPlan, Request
from ingestion.errors import ConfigurationError
from ingestion.sources.catalogue import Entry
from ingestion.sources.warc_lists import day_of

ARCHIVES_IN_A_BUCKET = 4
MAX_BUCKETS = 500
"""More tasks than this make a scheduler slow and a list unreadable."""

SLICED_BUCKETS = 200
LISTED_HOSTS = 3


def planned(
    request: Request, entries: Sequence[Entry], archives: Sequence[str], *, groups: int
) -> list[BucketPlan]:
    """Plan sources in slices of days, the hosts of a slice beside one another, and archives a few at a time.

    `archives` are those that were asked for themselves; those of `entries` come besides. Raises
    `ConfigurationError` where the request is none, or too large.
    """
    dated = [entry for entry in entries if entry.kind != "warc"]
    buckets = list(_of_days(request, dated, groups)) if dated else []
    for entry in entries:
        if entry.kind == "warc":
            own = [*map(str, entry.paths), *entry.urls]
            buckets += _of_archives(request, own, source=entry.id)
    buckets += _of_archives(request, archives)
    if not buckets:
        raise ConfigurationError(
            "there is nothing to read: no archive has a day in the range, or none was named"
        )
    if len(buckets) > MAX_BUCKETS:
        raise ConfigurationError(
            f"{len(buckets)} buckets are more than {MAX_BUCKETS}; ask for fewer days, sources or archives"
        )
    return buckets


def _of_days(request: Request, entries: Sequence[Entry], groups: int) -> Iterator[BucketPlan]:
    since, until = request.since, request.until
    if since is None or until is None:
        raise ConfigurationError("a range of days is needed for sitemaps and APIs; give --from and --to")
    if since > until:
        raise ConfigurationError(f"the first day, {since}, is after the last, {until}")
    by_host = list(_grouped(entries, groups))
    for number, (first, last) in enumerate(slices(since, until, most=max(1, SLICED_BUCKETS // len(by_host)))):
        for group in by_host:
            yield BucketPlan(
                title=f"{_hosts(group)} {_span(first, last)}",
                sources=tuple(entry.id for entry in group),
                since=first,
                until=last,
                takes_undated=request.undated and number == 0,
            )


def slices(since: date, until: date, *, most: int) -> list[tuple[date, date]]:
    """Cut a range at the beginnings of months, into at most so many slices of whole months."""
    months = (until.year - since.year) * 12 + until.month - since.month + 1
    step = ceil(months / most)
    firsts = [since, *(_month(since, n) for n in range(step, months, step))]
    lasts = [first - timedelta(days=1) for first in firsts[1:]] + [until]
    return list(zip(firsts, lasts, strict=True))


def _month(since: date, later: int) -> date:
    years, month = divmod(since.month - 1 + later, 12)
    return date(since.year + years, month + 1, 1)


def _grouped(entries: Sequence[Entry], groups: int) -> Iterator[list[Entry]]:
    """All sources of one host in one group, so that a host is asked by one bucket at a time."""
    hosts: dict[str, list[Entry]] = {}
    for entry in entries:
        hosts.setdefault(urlsplit(entry.urls[0]).netloc, []).append(entry)
    dealt: list[list[Entry]] = [[] for _ in range(min(groups, len(hosts)))]
    for number, of_host in enumerate(hosts.values()):
        dealt[number % len(dealt)] += of_host
    yield from dealt


def _of_archives(request: Request, archives: Sequence[str], source: str | None = None) -> list[BucketPlan]:
    wanted = [archive for archive in archives if _is_wanted(request, archive)]
    chunks = [wanted[at : at + ARCHIVES_IN_A_BUCKET] for at in range(0, len(wanted), ARCHIVES_IN_A_BUCKET)]
    return [
        BucketPlan(
            title=_files(chunk),
            sources=(source,) if source else (),
            archives=tuple(chunk),
            since=request.since,
            until=request.until,
        )
        for chunk in chunks
    ]


def _is_wanted(request: Request, archive: str) -> bool:
    """Judge by the day in its name; one without a day is read. Crawls reach into the day after."""
    day = day_of(archive)
    after = request.since is None or day is None or day >= request.since
    before = request.until is None or day is None or day <= request.until + timedelta(days=1)
    return after and before


def _hosts(group: Sequence[Entry]) -> str:
    hosts = list(dict.fromkeys(urlsplit(entry.urls[0]).netloc for entry in group))
    more = f" and {len(hosts) - LISTED_HOSTS} more" if len(hosts) > LISTED_HOSTS else ""
    return ", ".join(hosts[:LISTED_HOSTS]) + more


def _span(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def _files(archives: Sequence[str]) -> str:
    names = [archive.rpartition("/")[2] for archive in archives]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
