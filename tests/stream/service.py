"""`news stream` as a process of its own, in a world of its own; what goes in, and what comes out."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ingestion.article import DocumentKind
from ingestion.errors import NewsError
from ingestion.outbox import send, send_tallies
from ingestion.ports import Message
from ingestion.settings import Settings, load_settings
from ingestion.tallies import Entry
from ingestion.topics import RAW
from ingestion.wiring import Wiring
from tests.builders import document

PATIENCE_SECONDS = 180.0
WORDS = (  # noqa: SIM905 - read as words
    "harbour bridge ferry council river market winter garden letter window doctor teacher engine village "
    "mountain station factory island kitchen library museum orchard painter quarry railway sailor tunnel"
).split()


class World(NamedTuple):
    """Where a service works: its settings, as the environment has them."""

    data: Path
    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """The same settings, for a look from outside."""
        names = {"NEWS_BROKER": "broker", "NEWS_SEARCH": "search"}
        found = {name: self.environment[key] for key, name in names.items() if key in self.environment}
        sections = {
            "kafka": {"prefix": self.environment.get("NEWS_KAFKA__PREFIX", "")},
            "elasticsearch": {"prefix": self.environment.get("NEWS_ELASTICSEARCH__PREFIX", "")},
        }
        return load_settings(data_dir=self.data, slot="test", partitions=2, **found, **sections)


class Service:
    """One running service."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        self.process = process
        self._errors = errors
        self._address = ""

    @property
    def address(self) -> str:
        """Where health and metrics are; it says so itself."""
        while not self._address:
            assert self.process.stdout
            line = self.process.stdout.readline()
            assert line, self.said
            found = re.search(r"http://\S+/", line)
            self._address = found[0] if found else ""
        return self._address

    @property
    def said(self) -> str:
        """What it wrote on standard error."""
        return self._errors.read_text(encoding="utf-8")

    def ask(self, path: str) -> tuple[int, str]:
        """Ask over HTTP; the status and the body."""
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self) -> bool:
        """Whether it says that it is."""
        return self.ask("health/ready")[0] == 200

    def reasons(self) -> Any:
        """Why it is not."""
        return json.loads(self.ask("health/ready")[1])["reasons"]

    def metric(self, name: str) -> dict[str, float]:
        """The series of a metric, by their labels."""
        page = self.ask("metrics")[1]
        return {
            labels: float(v) for labels, v in re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", page, re.MULTILINE)
        }

    def workers(self) -> dict[str, int]:
        """The pids of its workers, by their names."""
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        found = {}
        for pid in children:
            with suppress(OSError, IndexError):
                arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                found[".".join(arguments[3:5])] = int(pid)
        return found

    def end(self) -> int:
        """Tell it to stop, and wait for it."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(world: World, *arguments: str, **changes: str) -> Iterator[Service]:
    """Start a service; it is killed at the end, if it is there still."""
    world.data.mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    environment = {
        **inherited,
        "NEWS_DATA_DIR": str(world.data),
        "NEWS_PARTITIONS": "2",
        "NEWS_BATCH_RECORDS": "20",
        "NEWS_STREAM__PORT": "0",
        "NEWS_STREAM__STORE_SECONDS": "0.5",
        "NEWS_STORE_BATCH_RECORDS": "40",
        "NEWS_STREAM__WATCH_SECONDS": "1",
        "PYTHONUNBUFFERED": "1",
        **world.environment,
        **changes,
    }
    errors = world.data / "stderr.txt"
    with errors.open("a", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "ingestion", "stream", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        yield Service(process, errors)
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
        assert process.stdout
        process.stdout.close()


def wait_until(condition: Callable[[], bool], what: str = "") -> None:
    """Look again and again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.1)


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def feed(world: World, numbers: range) -> None:
    """Put articles on `news.raw`, each another one, and count them in."""
    with Wiring(world.settings) as wiring:
        producer = wiring.producer("collect")
        for batch in (numbers[at : at + 100] for at in range(0, len(numbers), 100)):
            with producer.transaction() as transaction:
                for number in batch:
                    url = f"http://publisher.example/{number}"
                    body = json.dumps({"headline": f"Number {number}", "body": prose(number), "url": url})
                    made = document(
                        body.encode(), kind=DocumentKind.JSON, locator=url, fetched_url=url, run_id="fed"
                    )
                    send(transaction, made)
                entered = Entry(run_id="fed", source_id="source", enters=True)
                send_tallies(transaction, "collect", [entered] * len(batch))


def feed_rubbish(world: World, count: int) -> None:
    """Put records on `news.raw` that are no documents."""
    with Wiring(world.settings) as wiring, wiring.producer("rubbish").transaction() as transaction:
        for number in range(count):
            transaction.send(Message(topic=RAW, key=str(number).encode(), value=b"rubbish"))


def prose(number: int) -> str:
    """A text that no other number has."""
    chance = random.Random(number)  # noqa: S311 - a text, no secret
    return " ".join(" ".join(chance.choices(WORDS, k=12)).capitalize() + f" {number}." for _ in range(8))


class Products(NamedTuple):
    """What a service has made."""

    lake: Counter[str]
    indexed: Counter[str]
    ledger: dict[str, int]
    open_documents: int


def products(world: World) -> Products:
    """Read all of it."""
    with Wiring(world.settings) as wiring:
        reader = wiring.lake_reader()
        days = [reader.day(day.day).column("canonical_url").to_pylist() for day in reader.days()]
        balances = wiring.ledger.balances()
        ledger: Counter[str] = Counter()
        for balance in balances:
            ledger.update(balance.outcomes)
        return Products(
            lake=Counter(url for day in days for url in day),
            indexed=Counter(str(article.canonical_url) for article in wiring.search.articles()),
            ledger=dict(ledger),
            open_documents=sum(balance.open_documents for balance in balances),
        )


def has_done(world: World, count: int) -> bool:
    """Whether so many articles have arrived everywhere."""
    try:
        made = products(world)
    except NewsError:
        return False  # an index that is being made cannot be asked yet
    whole = made.lake.total() >= count and made.indexed.total() >= count
    return whole and sum(made.ledger.values()) >= count
