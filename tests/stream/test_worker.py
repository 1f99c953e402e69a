"""One worker without its process: faults, races, signs; and the ties between the processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

import pytest

from ingestion.article import Tally
from ingestion.errors import ConfigurationError, Fenced, Unavailable
from ingestion.ports import Columns, Positions, TopicPartition
from ingestion.settings import Settings, load_settings
from ingestion.stream.measured import MeasuredLedger, SharedLake
from ingestion.stream.member import Member
from ingestion.stream.pauses import CALM_SECONDS, LONGEST_SECONDS, Pauses
from ingestion.stream.places import Place, places
from ingestion.stream.reporter import Reporter
from ingestion.stream.signs import LastWord, Sign, received
from ingestion.telemetry.logs import LogObserver
from ingestion.telemetry.metrics import Sample

AT = TopicPartition("news.outcomes", 0)


class Overtaken:
    """A lake and a ledger that another worker has moved on."""

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Farther than anybody thinks."""
        return 7 if partition == AT else None

    def append(self, articles: Columns, starts: Positions, ends: Positions) -> None:
        """Refuse."""
        raise Fenced(f"{self} refuses {articles} from {starts} to {ends}")

    def fold(self, tallies: Sequence[Tally], starts: Positions, ends: Positions) -> None:
        """Refuse."""
        raise Fenced(f"{self} refuses {tallies} from {starts} to {ends}")


class Books(Overtaken):
    """A ledger that takes everything."""

    def __init__(self) -> None:
        self.taken: list[tuple[Sequence[Tally], Positions, Positions]] = []

    def fold(self, tallies: Sequence[Tally], starts: Positions, ends: Positions) -> None:
        """Take."""
        self.taken.append((tallies, starts, ends))


class Heard:
    """The sending end of a pipe."""

    def __init__(self) -> None:
        self.messages: list[Sign | LastWord] = []

    def send_bytes(self, data: bytes) -> None:
        """Read it at once."""
        self.messages.append(received(data))

    @property
    def last(self) -> Sign:
        """The sign that came last."""
        found = self.messages[-1]
        assert isinstance(found, Sign)
        return found


def settings(**overrides: object) -> Settings:
    return load_settings(**overrides)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def reporter(heard: Heard) -> Reporter:
    return Reporter(Place("store", 1), settings(), pipe=heard, steps=LogObserver())


@pytest.mark.parametrize(
    "lose",
    [
        lambda: SharedLake(Overtaken()).append(None, {AT: 0}, {AT: 1}),  # type: ignore[arg-type]
        lambda: MeasuredLedger(Overtaken(), lambda *_: None).fold([], {AT: 0}, {AT: 1}),
    ],
)
def test_a_sink_that_another_program_moved_on_is_read_anew(lose: Callable[[], None]) -> None:
    with pytest.raises(Unavailable, match="refuses"):
        lose()


def test_outcomes_are_counted_as_they_are_entered() -> None:
    told: list[Sample] = []
    ledger = MeasuredLedger(Books(), lambda *samples: told.extend(samples))
    outcomes = {"rejected/Invalid": 2, "new": -2, "duplicate": 0}
    ledger.fold(
        [Tally(run_id="r", source_id="s", stage="index", entered=0, outcomes=outcomes)], {AT: 0}, {AT: 1}
    )

    assert told == [
        Sample("news_outcomes_total", ("index", "rejected", "Invalid"), 2),
        Sample("news_outcomes_taken_back_total", ("index", "new"), 2),
    ]


def test_a_worker_is_ready_from_its_first_reading_to_its_next_fault(heard: Heard, reporter: Reporter) -> None:
    reporter.doing("opens")
    opened = heard.last.ready
    reporter.reached("drain.read", records=0, size_bytes=0, oldest=None)
    read = heard.last.ready
    reporter.failed(Unavailable("gone"), 3.0)

    assert (opened, read, heard.last.ready) == (False, True, False)
    assert heard.last.doing == "waits after Unavailable: gone"
    assert heard.last.patience_seconds == 3.0
    assert Sample("news_faults_total", ("store", "Unavailable"), 1) in heard.last.samples


@pytest.mark.parametrize(
    ("step", "facts", "refused"),
    [("store.2", {"failures": 3}, 3), ("index_rejected.2", {"refused": {"a": "why"}}, 1)],
)
def test_rows_that_are_refused_are_counted(
    heard: Heard, reporter: Reporter, step: str, facts: Mapping[str, object], refused: int
) -> None:
    reporter.reached(step, **facts)

    assert heard.last.samples == (Sample("news_rows_refused_total", ("store",), refused),)


def test_pauses_grow_up_to_a_limit_and_begin_anew_after_a_calm_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    pauses = Pauses()
    grown = [pauses.next() for _ in range(12)]
    now[0] += CALM_SECONDS + LONGEST_SECONDS + 1

    assert grown[0] <= 0.5
    assert 0.75 <= grown[1] <= 1.0
    assert 0.75 * LONGEST_SECONDS <= grown[-1] <= LONGEST_SECONDS
    assert pauses.next() <= 0.5


def test_each_job_has_its_share_and_each_share_its_slot() -> None:
    asked = settings(slot="blue", search="https://search.example:9200", stream={"processes": 2})
    dealt = places(asked, ["index", "account"])

    assert [place.name for place in dealt] == [
        "index.0",
        "index.1",
        "account.0",
        "index_rejected.0",
        "watch.0",
    ]
    assert [place.slot(asked) for place in dealt[:2]] == ["blue.0", "blue.1"]


def test_an_embedded_index_takes_no_dead_letters() -> None:
    assert [place.name for place in places(settings(), ["index"])] == ["index.0", "watch.0"]


@pytest.mark.parametrize("jobs", [[], ["collect"]])
def test_a_job_that_there_is_not_is_refused(jobs: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="choose from transform,store,index,account"):
        places(settings(), jobs)


def test_a_worker_in_a_long_batch_is_alive_though_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    member = Member(Place("store", 0), settings())
    member.heard(Sign(doing="has a batch in hand", patience_seconds=600, ready=True))
    at_once = (member.why_not_ready(60), member.why_not_alive(60))
    now[0] += 120
    long = (member.why_not_ready(60), member.why_not_alive(60))
    now[0] += 600

    assert at_once == (None, None)
    assert long == ("gives no sign for 120 s: has a batch in hand", None)
    assert member.why_not_alive(60) == "gives no sign for 720 s: has a batch in hand"


CHILD = "import sys; from ingestion.stream.orphans import {0}; {0}({1}); print('up', flush=True); input()"


def test_where_the_kernel_does_not_do_it_a_pipe_tells_of_the_parents_end() -> None:
    ours, theirs = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", CHILD.format("die_with_pipe", ours)], pass_fds=(ours,))
    os.close(ours)
    os.close(theirs)

    assert process.wait(60) == -signal.SIGKILL


def test_a_worker_whose_parent_is_gone_already_ends_at_once() -> None:
    someone_else = os.getppid()
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD.format("die_with_parent", f"{someone_else}, 0")], stdin=subprocess.PIPE
    )

    assert process.wait(60) == -signal.SIGKILL
    assert process.stdin
    process.stdin.close()
