"""What a backfill was asked for, and one bucket of it. Both are kept in the state as JSON."""

from datetime import date

from msgspec import Struct


class Request(Struct, frozen=True, kw_only=True):
    """Sources of the catalogue by id, or addresses of sitemaps; archives; the first and the last day.

    With `undated`, entries of sitemaps that say nothing of their age are read too.
    """

    sources: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    undated: bool = False


class BucketPlan(Struct, frozen=True, kw_only=True):
    """Sources, of one group of hosts, and a slice of days; or archives of one source.

    `takes_undated` is true for one slice only, so that an entry without a date is read once.
    """

    title: str
    sources: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    takes_undated: bool = False
