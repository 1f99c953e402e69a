"""A soak: hundreds of hosts on loopback, read side by side by the real crew, fetcher, state and log.

    python benchmarks/soak.py --seconds 120

A server of its own process stands for all hosts (`*.example`, told apart by their Host header). Each has a
robots.txt, a feed whose newest items change all the time, and pages of about 30 KB; each answer takes a
while, as on a real network. The crew reads every feed again and again until the time is over. Then the
books are compared: what the ledger says, what lies on `news.raw`, and what the server has served.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from ingestion import pipeline
from ingestion.article import Publisher, SourceRef
from ingestion.collecting import opener
from ingestion.settings import Settings, load_settings
from ingestion.source_ports import Batch
from ingestion.sources.catalogue import Entry
from ingestion.sources.crew import Bounds, Crew, Orders
from ingestion.sources.schedule import Planned, Schedule, planned
from ingestion.telemetry.logs import configure_logs
from ingestion.topics import OUTCOMES, RAW
from ingestion.wiring import Wiring

IN_THE_FEED = 40
NEW_A_SECOND = 5.0
PARAGRAPH = "The harbour bridge opens again on Monday, after two years of repairs, the council said. " * 5
SHOW_SECONDS = 10.0


class Newsstand(BaseHTTPRequestHandler):
    """All hosts. The address of a page says which it is; nothing is remembered but how many there were."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    begun = time.monotonic()
    latency_seconds = 0.0
    pages = 0
    counting = threading.Lock()

    def do_GET(self) -> None:
        """Answer, after a while."""
        time.sleep(self.latency_seconds)
        host = self.headers["Host"]
        if self.path == "/served":
            return self._send(200, "text/plain", str(Newsstand.pages))
        if self.path == "/feed.xml":
            return self._send(200, "application/rss+xml", _feed(host, time.monotonic() - self.begun))
        if self.path.startswith("/a/"):
            with self.counting:
                Newsstand.pages += 1
            return self._send(200, "text/html", _page(host, self.path))
        return self._send(404, "text/plain", "nothing here")

    def _send(self, status: int, media_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _feed(host: str, seconds: float) -> str:
    newest = int(seconds * NEW_A_SECOND) + IN_THE_FEED
    items = "".join(
        f"<item><title>Story {n}</title><link>http://{host}/a/{n}</link></item>"
        for n in range(newest, newest - IN_THE_FEED, -1)
    )
    return f'<rss version="2.0"><channel><title>{host}</title>{items}</channel></rss>'


def _page(host: str, path: str) -> str:
    paragraphs = "".join(f"<p>{host} {path} {n}. {PARAGRAPH}</p>" for n in range(60))
    return (
        f"<!doctype html><html><head><title>{path}</title></head><body><article>{paragraphs}</article></body>"
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


def serve(latency_seconds: float) -> None:
    """Be the server; the port is printed, and the end of standard input is the end."""
    Newsstand.latency_seconds = latency_seconds
    with _Server(("127.0.0.1", 0), Newsstand) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
        server.shutdown()


@contextmanager
def served(latency_seconds: float) -> Iterator[int]:
    """Run the server in a process of its own; yield its port."""
    command = [sys.executable, __file__, "--serve", str(latency_seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdin
        assert server.stdout
        yield int(server.stdout.readline())
        server.stdin.close()
        server.wait(timeout=30)


def _pages_served(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/served") as answer:
        return int(answer.read())


class Soaked(NamedTuple):
    """What a soak came to."""

    pages: int
    seconds: float
    readings: int
    cpu_seconds: float
    peak_mib: float
    batches: int
    longest_gap_seconds: float
    failures: int


def entries(hosts: int) -> dict[str, Entry]:
    """One feed a host, to be read again as soon as it may be."""
    made = {}
    for number in range(hosts):
        url = f"http://paper-{number}.example/feed.xml"
        made[f"paper-{number}"] = Entry(
            ref=SourceRef(id=f"paper-{number}", kind="feed", url=url),
            publisher=Publisher(id=f"paper-{number}"),
            urls=(url,),
            cadence_seconds=1,
            slowest_seconds=2,
        )
    return made


class Counter:
    """Counts what passes to the log."""

    def __init__(self) -> None:
        self.pages = self.readings = self.batches = 0
        self.longest_gap_seconds = 0.0

    def counted(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Hand batches on."""
        begun = last = shown = time.monotonic()
        for batch in batches:
            yield batch
            now = time.monotonic()
            self.pages += len(batch.visits)
            self.readings += len(batch.ended)
            self.batches += 1
            self.longest_gap_seconds = max(self.longest_gap_seconds, now - last)
            last = now
            if now - shown >= SHOW_SECONDS:
                shown = now
                print(
                    f"{now - begun:>7.0f} s {self.pages:>9,} pages {_peak_mib():>7.0f} MiB at most",
                    flush=True,
                )


def soak(settings: Settings, hosts: int, seconds: float) -> Soaked:
    """Read for so long."""
    known, counter = entries(hosts), Counter()
    with Wiring(settings) as wiring:
        memory = wiring.source_memory
        begun, cpu = time.monotonic(), time.process_time()

        def again(one: Planned) -> Planned:
            now = datetime.now(UTC)
            plan = planned(known[one.source_id], memory.state(one.source_id), now)
            return replace(plan, due_at=min(plan.due_at, now + timedelta(seconds=2)))

        orders = Orders(
            open_source=opener(wiring, known),
            again=again,
            stop=lambda: time.monotonic() - begun >= seconds,
        )
        schedule = Schedule(planned(entry, None, datetime.now(UTC)) for entry in known.values())
        bounds = Bounds(readers=hosts, batch_records=settings.batch_records, batch_bytes=settings.batch_bytes)
        crew = Crew(schedule, orders, bounds, run_id="soak", interrupt=wiring.interrupt)
        with crew:
            batches = counter.counted(crew.batches())
            pipeline.collect(wiring.walk, batches, "soak", wiring.producer("collect"), memory)
        took = time.monotonic() - begun
        return Soaked(
            pages=counter.pages,
            seconds=took,
            readings=counter.readings,
            cpu_seconds=time.process_time() - cpu,
            peak_mib=_peak_mib(),
            batches=counter.batches,
            longest_gap_seconds=counter.longest_gap_seconds,
            failures=len(crew.failures),
        )


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def balance(settings: Settings) -> tuple[int, int, int]:
    """What entered by the ledger, what has an outcome already, and what lies on `news.raw`."""
    with Wiring(settings) as wiring:
        pipeline.account(wiring.walk, wiring.ledger)
        assert wiring.broker.lag("account", OUTCOMES) == 0
        books = wiring.ledger.balances()
        entered = sum(book.entered for book in books)
        settled = sum(sum(book.outcomes.values()) for book in books)
        return entered, settled, sum(1 for _ in wiring.broker.read(RAW))


def main() -> None:
    """Serve, or soak and print what it came to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--interval", type=float, default=0.2, help="Pause between requests to one host.")
    parser.add_argument("--latency", type=float, default=0.1, help="How long an answer takes.")
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        return serve(asked.serve)
    configure_logs("error")
    with tempfile.TemporaryDirectory(prefix="news-soak-") as folder, served(asked.latency) as port:
        settings = load_settings(
            data_dir=Path(folder),
            fetch={
                "connect_to": {"*.example": f"127.0.0.1:{port}"},
                "min_interval_seconds": asked.interval,
                "hosts_at_once": asked.hosts,
            },
        )
        before = _peak_mib()
        print(
            f"{asked.hosts} hosts, a request to each every {asked.interval} s, answers in {asked.latency} s"
        )
        done = soak(settings, asked.hosts, asked.seconds)
        on_server = _pages_served(port)
        entered, settled, on_topic = balance(settings)
    ceiling = asked.hosts / (asked.interval * 1.125)
    print(f"\npages a second     {done.pages / done.seconds:>10.1f}   (manners allow {ceiling:.0f})")
    print(f"pages, readings    {done.pages:>10,} {done.readings:,}, in {done.batches:,} batches")
    print(f"CPU                {done.cpu_seconds / done.seconds:>10.0%}   of a core,")
    print(f"                   {done.cpu_seconds / max(1, done.pages) * 1000:>10.2f}   ms a page")
    print(f"memory at most     {done.peak_mib:>10.0f}   MiB ({before:.0f} before the first request)")
    print(f"longest batch gap  {done.longest_gap_seconds:>10.1f}   s")
    print(f"sources failing    {done.failures:>10}")
    print(f"entered            {entered:>10,}   by the ledger: {settled:,} settled, {on_topic:,} on {RAW}")
    print(f"served             {on_server:>10,}   pages by the server's own count")
    assert entered == settled + on_topic, "the books do not balance"
    return None


if __name__ == "__main__":
    main()
