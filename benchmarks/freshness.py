"""From `news.raw` to searchable: how long it takes at a steady rate, against real servers.

    python benchmarks/freshness.py --rate 200 --seconds 60 --cores 2

Kafka, Elasticsearch and `news stream` run on so many cores together. What writes the documents (the
job `collect` with a source that never tires) and what looks for them (a search for the ids that are still
missing, five times a second) run on the others, where there are any. A document's clock starts before
it is sent, and stops when a search returned it.
"""

import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Any

import msgspec
from articles import articles
from elasticsearch import Elasticsearch

from ingestion import pipeline
from ingestion.article import Article, Document, DocumentKind, Publisher, SourceRef
from ingestion.settings import Settings, load_settings
from ingestion.source_ports import Visit
from ingestion.sources.crew import Bounds, Crew, Orders
from ingestion.sources.schedule import Planned, Schedule
from ingestion.stack.elasticsearch import ElasticsearchServer
from ingestion.stack.kafka import KafkaServer
from ingestion.telemetry.logs import configure_logs
from ingestion.wiring import Wiring

TRANSACTION_SECONDS = 0.1
LOOK_SECONDS = 0.2
LOOKED_FOR = 500
"""The oldest of those that are missing, so that looking costs little."""
SHOW_SECONDS = 5.0
WAIT_SECONDS = 120.0
INDEX = "news-articles"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Start everything, feed, look, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=200, help="documents a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=60, help="seconds before, which do not count")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--processes", type=int, default=1, help="workers of each job")
    asked = parser.parse_args()
    configure_logs("warning")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        cores = sorted(os.sched_getaffinity(0))
        asked.pinned = cores[: asked.cores]
        os.sched_setaffinity(0, asked.pinned)  # what is started from here on stays there
        settings, pids = _servers(Path(folder), running)
        service = running.enter_context(_service(settings, asked.processes, Path(folder)))
        os.sched_setaffinity(0, cores[asked.cores :] or cores)
        print(f"service and servers on cores {asked.pinned}, measured from {cores[asked.cores :]}")
        _measure(settings, service, pids, asked)


def _servers(folder: Path, running: ExitStack) -> tuple[Settings, dict[str, int]]:
    kafka, search = KafkaServer(folder / "kafka"), ElasticsearchServer(folder / "elasticsearch")
    for server in (kafka, search):
        server.launch()
        running.callback(server.kill)
    for server in (kafka, search):
        server.wait()
    settings = load_settings(data_dir=folder / "data", broker=kafka.url, search=search.url)
    pids = {"kafka": kafka.pid or 0, "elasticsearch": search.pid or 0}
    return settings, pids


@dataclass
class Service:
    """`news stream`, running."""

    process: subprocess.Popen[str]
    address: str

    def ready(self) -> bool:
        """Ask whether every worker is ready."""
        with suppress(OSError):
            return urllib.request.urlopen(f"{self.address}health/ready").status == 200  # noqa: S310
        return False

    def metrics(self, name: str) -> dict[str, float]:
        """Read the series of one metric, by their labels."""
        page = urllib.request.urlopen(f"{self.address}metrics").read().decode()  # noqa: S310
        found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", page, re.MULTILINE)
        return {labels: float(value) for labels, value in found}


@contextmanager
def _service(settings: Settings, processes: int, folder: Path) -> Iterator[Service]:
    environment = {
        "NEWS_DATA_DIR": str(settings.data_dir),
        "NEWS_BROKER": settings.broker,
        "NEWS_SEARCH": settings.search,
        "NEWS_STREAM__PORT": "0",
        "NEWS_STREAM__WATCH_SECONDS": "5",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "ingestion", "stream", "--processes", str(processes)]
    with (folder / "stream.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield Service(process, _address(process))
    finally:
        process.terminate()
        print(f"news stream ended with {process.wait(60)}")
        print((folder / "stream.log").read_text(encoding="utf-8"), end="")


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("news stream did not start")


class Feeder:
    """A source that offers so many distinct articles a second, as JSON of about 4 KB."""

    ref = SourceRef(id="steady", kind="api")
    publisher = Publisher(id="steady", name="Steady", language="en")

    def __init__(self, rate: int, seconds: int) -> None:
        self.sent_at: dict[str, float] = {}
        self._rate = rate
        made = articles(2 * rate * seconds)
        self._articles = list(zip(made, made, strict=True))  # two make about 4 KB

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Yield each at its time."""
        begun = time.monotonic()
        for number, (article, more) in enumerate(self._articles):
            due = begun + number / self._rate
            while (left := due - time.monotonic()) > 0:
                time.sleep(left)
            self.sent_at[sha256(_url(article).encode()).hexdigest()] = time.monotonic()
            yield Visit(result=_document(article, more.body, run_id, self))

    def settle(self) -> None:
        """Nothing is remembered."""


class NoMemory:
    """`ports.SourceMemory` that remembers nothing."""

    def __getattr__(self, name: str) -> Any:
        """Take anything."""
        return lambda *_: None


def _url(article: Article) -> str:
    assert article.canonical_url
    return article.canonical_url


def _document(article: Article, more: str, run_id: str, source: Feeder) -> Document:
    now = datetime.now(UTC)
    body = {
        "headline": article.headline,
        "body": f"{article.body}\n\n{more}",
        "url": article.canonical_url,
        "description": article.abstract,
        "author": article.authors[0],
        "datePublished": now.isoformat(),
        "articleSection": article.section,
        "keywords": article.keywords,
    }
    return Document(
        document_id=sha256(f"{_url(article)} {now}".encode()).hexdigest(),
        run_id=run_id,
        source=source.ref,
        publisher=source.publisher,
        kind=DocumentKind.JSON,
        locator=_url(article),
        fetched_url=article.canonical_url,
        http_status=200,
        content_type="application/json",
        charset="utf-8",
        body=msgspec.json.encode(body),
        fetched_at=now,
    )


@dataclass
class Looker:
    """Searches for what is missing, until told to stop."""

    url: str
    feeder: Feeder
    found_at: dict[str, float] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Look again and again."""
        with Elasticsearch(self.url) as client:
            while not self.done.wait(LOOK_SECONDS):
                missing = [id_ for id_ in list(self.feeder.sent_at) if id_ not in self.found_at][:LOOKED_FOR]
                with suppress(Exception):  # the index is made by the first article
                    hits = client.search(
                        index=INDEX,
                        query={"ids": {"values": missing}},
                        size=len(missing),
                        source=False,
                        sort="_doc",
                    )["hits"]["hits"]
                    now = time.monotonic()
                    self.found_at.update({hit["_id"]: now for hit in hits})


def _measure(settings: Settings, service: Service, pids: dict[str, int], asked: argparse.Namespace) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not service.ready() and time.monotonic() < until:
        time.sleep(0.1)
    seconds = asked.warm_up + asked.seconds
    feeder = Feeder(asked.rate, seconds)
    looker = Looker(settings.search, feeder)
    threads = [
        threading.Thread(target=_feed, args=(settings, feeder, asked.rate), daemon=True),
        threading.Thread(target=looker.look, daemon=True),
    ]
    for thread in threads:
        thread.start()
    pids |= _workers(service)
    time.sleep(asked.warm_up)
    before, begun, busy = _cpu(pids), time.monotonic(), _busy_seconds(asked.pinned)
    _show_lags(service, feeder, looker, until=begun + asked.seconds)
    used, elapsed, memory = _cpu(pids), time.monotonic() - begun, _memory(pids)
    busy = _busy_seconds(asked.pinned) - busy
    threads[0].join()
    total = asked.rate * seconds
    deadline = time.monotonic() + WAIT_SECONDS
    while len(looker.found_at) < total and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    looker.done.set()
    print(f"\n{'process':<16}{'CPU s':>8}{'of a core':>11}{'MiB':>7}")
    costs = {name: seconds_ - before[name] for name, seconds_ in used.items()}
    for name, spent in costs.items():
        print(f"{name:<16}{spent:>8.1f}{spent / elapsed:>11.0%}{memory[name]:>7.0f}")
    spent = sum(costs.values())
    print(f"{'together':<16}{spent:>8.1f}{spent / elapsed:>11.0%}{sum(memory.values()):>7.0f}")
    print(f"{'others there':<16}{busy - spent:>8.1f}{(busy - spent) / elapsed:>11.0%}")
    _show(feeder, looker, skip=asked.warm_up * asked.rate)


def _feed(settings: Settings, feeder: Feeder, rate: int) -> None:
    bounds = Bounds(readers=1, batch_records=max(1, int(rate * TRANSACTION_SECONDS)), linger_seconds=math.inf)
    schedule = Schedule([Planned(source_id=feeder.ref.id, host=feeder.ref.id, due_at=datetime.now(UTC))])
    crew = Crew(schedule, Orders(open_source=lambda _: feeder), bounds, run_id="freshness")
    with Wiring(settings.model_copy(update={"slot": "feeder"})) as wiring, crew:
        walk, producer = wiring.walk, wiring.producer("collect")
        pipeline.collect(walk, crew.batches(), "freshness", producer, NoMemory())


def _show_lags(service: Service, feeder: Feeder, looker: Looker, *, until: float) -> None:
    begun = time.monotonic()
    print(f"\n{'second':>6} {'sent':>7} {'missing':>8}   lag")
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SHOW_SECONDS))
        lags = service.metrics("news_lag_records")
        shown = "  ".join(f"{labels.split(chr(34))[1]} {value:.0f}" for labels, value in lags.items())
        missing = len(feeder.sent_at) - len(looker.found_at)
        print(f"{time.monotonic() - begun:>6.0f} {len(feeder.sent_at):>7} {missing:>8}   {shown}", flush=True)


def _show(feeder: Feeder, looker: Looker, *, skip: int) -> None:
    counted = list(feeder.sent_at)[skip:]
    waits = sorted(looker.found_at[id_] - feeder.sent_at[id_] for id_ in counted if id_ in looker.found_at)
    sent = [feeder.sent_at[id_] for id_ in counted]
    cuts = quantiles(waits, n=100, method="inclusive")
    rate = (len(sent) - 1) / (sent[-1] - sent[0])
    print(f"\n{len(counted)} articles at {rate:.1f} a second, found: {len(waits)}")
    print(f"searchable after: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, longest {waits[-1]:.2f} s")


def _workers(service: Service) -> dict[str, int]:
    parent = service.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    found = {"supervisor": parent}
    for pid in children:
        command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
        found[".".join(command[3:5])] = int(pid)
    return found


def _cpu(pids: dict[str, int]) -> dict[str, float]:
    fields = {n: Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split() for n, p in pids.items()}
    return {name: (int(stat[11]) + int(stat[12])) / TICKS_PER_SECOND for name, stat in fields.items()}


def _busy_seconds(cores: list[int]) -> float:
    """Processor time that these cores have spent on anything at all (proc(5), stat)."""
    lines = dict(line.split(maxsplit=1) for line in Path("/proc/stat").read_text().splitlines())
    ticks = 0
    for core in cores:
        user, nice, system, _, _, *interrupts = map(int, lines[f"cpu{core}"].split()[:8])
        ticks += user + nice + system + sum(interrupts)
    return ticks / TICKS_PER_SECOND


def _memory(pids: dict[str, int]) -> dict[str, float]:
    pages = {name: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for name, pid in pids.items()}
    return {name: count * PAGE_BYTES / 2**20 for name, count in pages.items()}


if __name__ == "__main__":
    main()
