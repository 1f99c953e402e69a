"""A publisher with an archive of several months, on loopback, that notes what it is asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ingestion.settings import Settings, load_settings

FIRST, LAST = date(2025, 12, 28), date(2026, 3, 3)
PAGES_A_DAY = 2
XML = '<?xml version="1.0"?><{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{1}</{0}>'
CATALOGUE = """
[publisher]
id = "{id}"
[[source]]
id = "{id}-sitemap"
kind = "sitemap"
url = "http://{id}.example/sitemap.xml"
[[source]]
id = "{id}-feed"
kind = "feed"
url = "http://{id}.example/feed.xml"
[[source]]
id = "{id}-api"
kind = "api"
url = "http://{id}.example/api"
[source.api]
mode = "document"
items = "items"
[source.api.parameters]
from = "{{since}}"
to = "{{until}}"
page = "{{page}}"
[source.api.paging]
by = "page"
size = 7
[source.api.window]
time_format = "date"
[source.api.limits]
pages = 2
[source.api.fields]
id = "id"
"""


@dataclass
class Site:
    """What there is, by host and path; `down` hosts refuse everything but robots.txt."""

    pages: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    endpoint: str = ""
    seconds_a_page: float = 0.0

    def add(self, host: str, path: str, body: str) -> None:
        self.pages[host, path] = body

    def asked_paths(self, host: str) -> list[str]:
        return [path for asked, path in self.asked if asked == host and path != "/robots.txt"]


def paper(site: Site, name: str) -> None:
    """Fill a host: an index, a sitemap a month, one without dates, a broken one, and the pages."""
    host = f"{name}.example"
    months: dict[str, list[str]] = {}
    day = FIRST
    while day <= LAST:
        for number in range(PAGES_A_DAY):
            path = f"/news/{day:%Y%m%d}-{number}"
            site.add(host, path, f"<html><title>{name} {day} {number}</title><p>{'Words. ' * 60}</p></html>")
            months.setdefault(f"{day:%Y-%m}", []).append(
                f"<url><loc>http://{host}{path}</loc><lastmod>{day}T09:00:00Z</lastmod></url>"
            )
        day += timedelta(days=1)
    for month, urls in months.items():
        site.add(host, f"/sitemap-{month}.xml", XML.format("urlset", "".join(urls)))
    site.add(host, "/about", f"<html><title>About {name}</title><p>{'Us. ' * 90}</p></html>")
    undated = f"<url><loc>http://{host}/about</loc></url><url><loc>http://{host}/2026/02/11/x</loc></url>"
    site.add(host, "/2026/02/11/x", f"<html><title>{name} x</title><p>{'X y. ' * 90}</p></html>")
    site.add(host, "/sitemap-pages.xml", XML.format("urlset", undated))
    children = [*(f"/sitemap-{month}.xml" for month in months), "/sitemap-pages.xml", "/sitemap-gone.xml"]
    index = "".join(f"<sitemap><loc>http://{host}{path}</loc></sitemap>" for path in children)
    site.add(host, "/sitemap.xml", XML.format("sitemapindex", index))


def items(query: str) -> str:
    """Answer as an API does: an item a day from `from` to `to`, seven to a page, the oldest first."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    first, last = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    start = 7 * (int(asked["page"]) - 1)
    found = [
        {
            "id": f"{day}",
            "title": f"Of {day}",
            "body": f"It was {day}. " * 40,
            "published": f"{day}T10:00:00Z",
        }
        for day in days[start : start + 7]
    ]
    return json.dumps({"items": found})


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    site: Site

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or "").partition(":")[0]
        self.site.asked.append((host, self.path))
        if self.path.startswith("/news/") and self.site.seconds_a_page:
            threading.Event().wait(self.site.seconds_a_page)
        path, _, query = self.path.partition("?")
        body = items(query) if path == "/api" else self.site.pages.get((host, self.path))
        status = 502 if host in self.site.down and self.path != "/robots.txt" else 200 if body else 404
        content = (body or "").encode() if status == 200 else b""
        self.send_response(status)
        kind = (
            "application/json" if path == "/api" else "application/xml" if "sitemap" in path else "text/html"
        )
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(*names: str) -> Iterator[Site]:
    site = Site()
    for name in names:
        paper(site, name)
    answers = type("Answers", (_Answers,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    site.endpoint = f"127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def settings_for(folder: Path, endpoint: str, *names: str, **more: Any) -> Settings:
    catalogue = folder / "catalogue"
    catalogue.mkdir(parents=True, exist_ok=True)
    for name in names:
        (catalogue / f"{name}.toml").write_text(CATALOGUE.format(id=name), encoding="utf-8")
    fetch = {
        "connect_to": {"*.example": endpoint},
        "min_interval_seconds": 0,
        "attempts": 1,
        "read_timeout_seconds": 5,
    }
    return load_settings(data_dir=folder / "data", catalogue=catalogue, partitions=2, fetch=fetch, **more)
