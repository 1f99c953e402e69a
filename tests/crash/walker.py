"""One walk in a process of its own, which can be told to kill itself at the n-th step that it reaches."""

import math
import os
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from ingestion import pipeline
from ingestion.article import Article, Rejected, RejectedPayload
from ingestion.codec import decode
from ingestion.collecting import opener
from ingestion.drain import Budget
from ingestion.ports import Columns, Indexed, Row
from ingestion.settings import Settings, load_settings
from ingestion.sources.catalogue import load_catalogue
from ingestion.sources.crew import Bounds, Crew, Orders
from ingestion.sources.schedule import Schedule, planned
from ingestion.topics import ARTICLES, REJECTED
from ingestion.wiring import Wiring

SOURCES = ("harbour-times-rss", "harbour-times-sitemap", "gaceta-valdebruma-sport")
BATCH_RECORDS = 6


class Killer:
    """`ports.Observer` that ends this process, as `kill -9` would, when it is told of the n-th step."""

    def __init__(self, steps: Path, kill_at: int | None) -> None:
        self._steps = steps
        self._kill_at = kill_at
        self._reached = 0

    def reached(self, step: str, **facts: object) -> None:
        """Note the step; die if it is the one."""
        del facts
        self._reached += 1
        with self._steps.open("a", encoding="utf-8") as file:
            file.write(f"{step}\n")
        if self._reached == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _is_chosen(row: Mapping[str, Any], one_of: int) -> bool:
    return row["version"] == 1 and int(str(row["content_hash"])[:8], 16) % one_of == 0


class StricterGate:
    """The real gate, which also fails some articles, so that `store` has something to quarantine."""

    def __init__(self, gate: Any) -> None:
        self._gate = gate

    def failures(self, articles: Columns) -> Mapping[int, tuple[str, ...]]:
        """Fail every third new article, whatever the batch it comes in; what was updated stays so."""
        rows = pa.table(articles).select(["content_hash", "version"]).to_pylist()
        failed = {number: ("every_third",) for number, row in enumerate(rows) if _is_chosen(row, 3)}
        return {**failed, **self._gate.failures(articles)}


class StricterIndex:
    """The real index, which refuses some articles as a strict mapping would."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink

    def bulk(self, rows: Sequence[Row]) -> Sequence[Indexed]:
        """Refuse every fourth new article, whatever the batch it comes in."""
        refused = {number for number, row in enumerate(rows) if _is_chosen(row, 4)}
        written = iter(self._sink.bulk([row for number, row in enumerate(rows) if number not in refused]))
        return [
            Indexed(str(row["article_id"]), error="strict mapping") if number in refused else next(written)
            for number, row in enumerate(rows)
        ]


class NoAudit:
    """Batch audits judge and change nothing; they have tests of their own."""

    def audit_batch(self, articles: Columns) -> None:
        """Say nothing."""


class World(NamedTuple):
    """Where a walk takes place: on files of its own, or under names of its own on real servers."""

    broker: str = ""
    search: str = ""

    def settings(self, data: Path, newsroom: str = "") -> Settings:
        """The settings of the walk whose data lie in this folder; the folder names it on the servers."""
        fetch = {"connect_to": {"*.example": newsroom}, "min_interval_seconds": 0} if newsroom else {}
        name = sha256(str(data).encode()).hexdigest()[:16]
        return load_settings(
            data_dir=data,
            partitions=2,
            fetch=fetch,
            broker=self.broker,
            search=self.search,
            kafka={"prefix": f"{name}."},
            elasticsearch={"prefix": f"{name}-"},
        )


EMBEDDED = World()


def walk(
    data: Path, newsroom: str, kill_at: int | None = None, world: World = EMBEDDED, readers: int = 1
) -> None:
    """Collect, transform, store, index and account, in batches of a few records."""
    settings = world.settings(data, newsroom)
    data.mkdir(parents=True, exist_ok=True)
    with Wiring(settings, Killer(data / "steps.txt", kill_at)) as wiring:
        budget = Budget(batch_records=BATCH_RECORDS)
        whole = pipeline.Walk(broker=wiring.broker, observer=wiring.observer, budget=budget)
        gate = StricterGate(wiring.gate)
        _collect(whole, wiring, readers)
        pipeline.transform(whole, wiring.extractor, wiring.memory, wiring.producer("transform"))
        pipeline.store(whole, gate, NoAudit(), wiring.lake, wiring.producer("store"))
        pipeline.index(whole, gate, StricterIndex(wiring.search), wiring.producer("index"))
        pipeline.account(whole, wiring.ledger)


def collect_only(data: Path, newsroom: str, world: World) -> None:
    """Do the first job of the walk."""
    with Wiring(world.settings(data, newsroom)) as wiring:
        budget = Budget(batch_records=BATCH_RECORDS)
        _collect(pipeline.Walk(broker=wiring.broker, observer=wiring.observer, budget=budget), wiring)


def _collect(whole: pipeline.Walk, wiring: Wiring, readers: int = 1) -> None:
    """Read the sources side by side; with one reader, one by one, so that the steps come in one order."""
    producer = wiring.producer("collect")
    entries = {entry.id: entry for entry in load_catalogue(wiring.settings.catalogue)}
    now = datetime.now(UTC)
    plans = [planned(entry, None, now) for name, entry in entries.items() if name in SOURCES]
    linger = math.inf if readers == 1 else 0.02
    bounds = Bounds(readers=readers, batch_records=BATCH_RECORDS, linger_seconds=linger)
    orders = Orders(open_source=opener(wiring, entries))
    for some in [[plan] for plan in plans] if readers == 1 else [plans]:
        with Crew(Schedule(some), orders, bounds, run_id="run") as crew:
            pipeline.collect(whole, crew.batches(), "run", producer, wiring.source_memory)


class Outcome(NamedTuple):
    """What a walk leaves behind, without what may differ: times and offsets.

    Articles are told by their content: of one text at two addresses, which of them is the duplicate is
    a matter of which partition was read first.
    """

    lake: Counter[tuple[str, int]]
    indexed: Counter[tuple[str, int]]
    articles: Counter[tuple[str, int]]
    letters_of_collect: frozenset[str]
    letters_of_later_steps: Counter[tuple[str, str]]
    ledger: dict[str, int]
    seen_again_after_a_crash: dict[str, int]
    open_documents: int


def _content(letter: Rejected) -> str:
    """What it was that failed: the content of the article, or the address of the document."""
    if letter.payload_kind is RejectedPayload.ARTICLE and letter.payload is not None:
        return decode(letter.payload, Article).content_hash
    return letter.locator


def outcome(data: Path, world: World = EMBEDDED) -> Outcome:
    """Read every product of a finished walk."""
    with Wiring(world.settings(data)) as wiring:
        rows = [
            row
            for day in wiring.lake_reader().days()
            for row in wiring.lake_reader().day(day.day).to_pylist()
        ]
        articles = [decode(record.value, Article) for record in wiring.broker.read(ARTICLES)]
        letters = [decode(record.value, Rejected) for record in wiring.broker.read(REJECTED)]
        balances = wiring.ledger.balances()
        ledger: Counter[str] = Counter()
        for balance in balances:
            ledger.update(balance.outcomes)
        once = {name: ledger[name] for name in ("new", "updated")}
        repeatable = {n: count for n, count in ledger.items() if n.startswith(("duplicate", "dropped/"))}
        return Outcome(
            lake=Counter((row["content_hash"], row["version"]) for row in rows),
            indexed=Counter((a.content_hash, a.version) for a in wiring.search.articles()),
            articles=Counter((a.content_hash, a.version) for a in articles),
            letters_of_collect=frozenset(x.rejected_id for x in letters if x.stage == "collect"),
            letters_of_later_steps=Counter((x.stage, _content(x)) for x in letters if x.stage != "collect"),
            ledger=once,
            seen_again_after_a_crash=repeatable,
            open_documents=sum(balance.open_documents for balance in balances),
        )
