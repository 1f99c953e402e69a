"""Collecting as jobs do it: several publishers side by side, planned, followed, and told to stop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from ingestion import jobs, pipeline
from ingestion.article import Document, DocumentKind, Drop, Outcome, Publisher, SourceRef, Tally
from ingestion.codec import decode
from ingestion.errors import ConfigurationError, Unreachable
from ingestion.newsroom.server import running
from ingestion.settings import Settings, load_settings
from ingestion.source_ports import Batch, Bookmark, Validators, Visit, Visited
from ingestion.state.tables import hosts
from ingestion.topics import OUTCOMES, RAW
from ingestion.wiring import Wiring

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PATIENCE_SECONDS = 60.0
PAPER = """
[publisher]
id = "{name}"
name = "{name}"

[[source]]
id = "{name}"
kind = "feed"
url = "http://{place}"
"""


@pytest.fixture(scope="module")
def newsroom() -> Iterator[str]:
    with running() as address:
        yield str(address)


@pytest.fixture
def settings(newsroom: str, tmp_path: Path) -> Settings:
    return load_settings(
        data_dir=tmp_path / "data",
        catalogue=tmp_path / "catalogue",
        fetch={
            "connect_to": {"down*.example": "127.0.0.1:9", "*.example": newsroom},
            "min_interval_seconds": 0,
            "attempts": 1,
        },
    )


@pytest.fixture
def publish(settings: Settings) -> Callable[..., None]:
    settings.catalogue.mkdir()

    def write(name: str, place: str = "harbour-times.example/rss.xml") -> None:
        text = PAPER.format(name=name, place=place)
        (settings.catalogue / f"{name}.toml").write_text(text, encoding="utf-8")

    return write


def records(settings: Settings, topic: str = RAW) -> int:
    with Wiring(settings) as wiring:
        return sum(1 for _ in wiring.broker.read(topic))


def test_a_publisher_that_is_down_does_not_keep_the_others_back(
    settings: Settings, publish: Callable[..., None]
) -> None:
    publish("down", "down.example")
    publish("times")
    report = jobs.collect(settings, run_id="run")

    assert report.entered.keys() == {"times"}
    assert report.entered["times"] > 5
    assert "down.example" in report.unreachable["down"]
    assert report.postponed == ()


def test_where_nobody_answers_it_is_the_network(settings: Settings, publish: Callable[..., None]) -> None:
    publish("down", "down.example")
    publish("down-too", "down-too.example")

    with pytest.raises(Unreachable, match=r"down.*down-too"):
        jobs.collect(settings, run_id="run")


def test_what_failed_is_remembered_and_due_later(settings: Settings, publish: Callable[..., None]) -> None:
    publish("down", "down.example")
    publish("times")
    jobs.collect(settings, run_id="run")
    with Wiring(settings) as wiring:
        states = wiring.source_memory.states()

    assert states["down"].failures_in_a_row == 1
    assert states["times"].failure is None
    assert all(state.due_at > datetime.now(UTC) for state in states.values())


def test_a_plan_takes_what_is_due_the_oldest_first_and_a_host_into_one_bucket(
    settings: Settings, publish: Callable[..., None]
) -> None:
    for name in ("a", "b", "c"):
        publish(name)
    publish("other", "nordlicht-kurier.example/feed/atom.xml")
    jobs.collect(settings, ["a", "b", "other"], run_id="run")
    assert jobs.plan(settings, only_due=True) == [["c"]]
    with Wiring(settings) as wiring:
        for name, hours in (("b", 2), ("other", 3)):
            state = wiring.source_memory.state(name)
            assert state
            wiring.source_memory.keep_state(replace(state, due_at=datetime.now(UTC) - timedelta(hours=hours)))

    assert jobs.plan(settings, only_due=True) == [["other"], ["b", "c"]]
    assert sorted(map(sorted, jobs.plan(settings))) == [["a", "b", "c"], ["other"]]


def test_an_empty_catalogue_makes_no_bucket_and_no_collection(
    settings: Settings, publish: Callable[..., None]
) -> None:
    del publish

    assert jobs.plan(settings) == []
    assert jobs.collect(settings, run_id="run").entered == {}


def test_what_there_is_no_time_for_is_postponed_and_read_by_the_next_run(
    settings: Settings, publish: Callable[..., None]
) -> None:
    publish("times")
    in_no_time = settings.model_copy(update={"job_seconds": 0.0})
    first = jobs.collect(in_no_time, run_id="first")
    second = jobs.collect(settings, run_id="second")

    assert first.postponed == ("times",)
    assert second.entered["times"] > 5


def test_an_id_that_is_not_in_the_catalogue_is_named(
    settings: Settings, publish: Callable[..., None]
) -> None:
    publish("times")

    with pytest.raises(ConfigurationError, match="nobody"):
        jobs.collect(settings, ["times", "nobody"], run_id="run")


def test_an_input_that_is_named_twice_is_read_once(settings: Settings, tmp_path: Path) -> None:
    text = tmp_path / "mill.txt"
    text.write_text("Old mill turns again\n\nThe wheel of the old mill turned on Sunday.\n", encoding="utf-8")
    report = jobs.collect_input(settings, [str(text), str(text)], run_id="run")

    assert list(report.entered.values()) == [1]
    assert records(settings) == 1


class Paper:
    """A `Source` that looks at the log when it is settled."""

    publisher = Publisher(id="paper")

    def __init__(self, name: str, wiring: Wiring) -> None:
        self.ref = SourceRef(id=name, kind="feed")
        self.seen: list[int] = []
        self._wiring = wiring

    def visits(self, run_id: str) -> Iterator[Visit]:
        """The test makes the batches itself."""
        raise NotImplementedError(run_id)

    def settle(self) -> None:
        """See what is on the log, and what is remembered."""
        self.seen.append(sum(1 for _ in self._wiring.broker.read(RAW)))
        assert self._wiring.source_memory.visited(f"https://{self.ref.id}.example/")
        assert self._wiring.source_memory.bookmark(self.ref.id, "page")


def visit(source: Paper, result: Document | Drop | None = None) -> tuple[Paper, Visit]:
    url = f"https://{source.ref.id}.example/"
    document = Document(
        document_id=source.ref.id,
        run_id="run",
        source=source.ref,
        publisher=source.publisher,
        kind=DocumentKind.TEXT,
        locator=url,
        body=b"text",
        fetched_at=NOON,
    )
    visited = Visited(url=url, validators=Validators(), visited_at=NOON)
    bookmark = Bookmark(source_id=source.ref.id, name="page", position="1", kept_at=NOON)
    return source, Visit(result=result or document, visited=visited, bookmark=bookmark)


def test_one_batch_of_several_sources_is_one_transaction_and_settled_after_it(settings: Settings) -> None:
    with Wiring(settings) as wiring:
        one, other, third = (Paper(name, wiring) for name in ("one", "other", "third"))
        dropped = Drop(Outcome.DROPPED, "robots_disallowed")
        batches = [
            Batch(visits=(visit(one), visit(other), visit(one, dropped)), ended=(other,)),
            Batch(visits=(visit(one), visit(third)), ended=(one,)),
            Batch(visits=()),
        ]
        entered = pipeline.collect(
            wiring.walk, batches, "run", wiring.producer("collect"), wiring.source_memory
        )
        tallies = [decode(record.value, Tally) for record in wiring.broker.read(OUTCOMES)]
        pipeline.account(wiring.walk, wiring.ledger)
        books = {book.source_id: (book.entered, book.open_documents) for book in wiring.ledger.balances()}

    assert entered == Counter({"one": 3, "other": 1, "third": 1})
    assert (one.seen, other.seen, third.seen) == ([4], [2], [])
    assert len(tallies) == 4
    assert books == {"one": (3, 2), "other": (1, 1), "third": (1, 1)}


def environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    return {
        **kept,
        "NEWS_DATA_DIR": str(settings.data_dir),
        "NEWS_CATALOGUE": str(settings.catalogue),
        "NEWS_FETCH__CONNECT_TO": json.dumps(settings.fetch.connect_to),
        "NEWS_FETCH__MIN_INTERVAL_SECONDS": "0",
        "NEWS_FETCH__ATTEMPTS": "1",
        "NEWS_LOG_LEVEL": "info",
    }


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_following_reads_what_is_due_takes_in_new_sources_and_ends_when_told(
    settings: Settings, publish: Callable[..., None], number: signal.Signals
) -> None:
    publish("times")
    publish("down", "down.example")
    service = subprocess.Popen(
        [sys.executable, "-m", "ingestion", "collect", "--follow"],
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: records(settings) > 5)
        before = records(settings)
        publish("kurier", "nordlicht-kurier.example/feed/atom.xml")
        until(lambda: "kurier" in states(settings))
        service.send_signal(number)
        output, log = service.communicate(timeout=PATIENCE_SECONDS)
    finally:
        service.kill()
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]

    assert service.returncode == 0, log
    assert json.loads(output)["documents"] >= before
    assert len(json.loads(output)["runs"]) >= 2
    assert {"follow_begins", "follow_state", "source_failed", "catalogue_changed"} <= {
        event["event"] for event in events
    }
    assert [event["source"] for event in events if event["event"] == "source_failed"] == ["down"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_collection_that_waits_for_its_hosts_ends_at_once_when_told(
    settings: Settings, publish: Callable[..., None], number: signal.Signals, code: int
) -> None:
    publish("times")
    publish("kurier", "nordlicht-kurier.example/feed/atom.xml")
    slowly = {**environment(settings), "NEWS_FETCH__MIN_INTERVAL_SECONDS": "20"}
    job = subprocess.Popen(
        [sys.executable, "-m", "ingestion", "collect"], env=slowly, stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: {"harbour-times.example", "nordlicht-kurier.example"} <= hosts_asked(settings))
        told = time.monotonic()
        job.send_signal(number)
        _, log = job.communicate(timeout=PATIENCE_SECONDS)
    finally:
        job.kill()

    assert job.returncode == code, log
    assert "Traceback" not in log
    assert time.monotonic() - told < 15


def hosts_asked(settings: Settings) -> set[str]:
    with Wiring(settings) as wiring, wiring.state.reading() as connection:
        return set(connection.execute(select(hosts.c.host)).scalars())


def states(settings: Settings) -> dict[str, Any]:
    with Wiring(settings) as wiring:
        return dict(wiring.source_memory.states())
