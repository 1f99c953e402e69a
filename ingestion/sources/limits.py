"""How much one run takes from one source."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`max_visits` per source and run; what is left over is taken by the next run.

    `max_rechecks` of published articles are visited again, per source, run and host.

    `max_bytes` bounds one file, record or decoded body; `max_ratio` how many times larger than the
    compressed form it may be. `max_sitemaps` and `max_sitemap_depth` bound a sitemap index.
    """

    max_visits: int = 1_000
    max_rechecks: int = 50
    max_links: int = 50_000
    max_sitemaps: int = 50
    max_sitemap_depth: int = 2
    max_bytes: int = 20 * 1024 * 1024
    max_ratio: int = 200
