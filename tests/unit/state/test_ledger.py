from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.article import Tally
from ingestion.errors import Fenced
from ingestion.ports import TopicPartition
from ingestion.state.database import StateDatabase
from ingestion.state.ledger import SqlLedger

LOG = TopicPartition("news.outcomes", 0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    database = StateDatabase(f"sqlite:{tmp_path / 'state.sqlite'}")
    yield SqlLedger(database)
    database.close()


def tally(entered: int, source: str = "a", **outcomes: int) -> Tally:
    return Tally(run_id="run", source_id=source, stage="collect", entered=entered, outcomes=outcomes)


def test_tallies_add_up_per_run_and_source(ledger: SqlLedger) -> None:
    ledger.fold([tally(3), tally(0, new=2), tally(1, source="b")], {LOG: 0}, {LOG: 3})
    ledger.fold([tally(0, unchanged=1)], {LOG: 3}, {LOG: 4})
    a, b = ledger.balances("run")

    assert (a.entered, a.outcomes, a.open_documents) == (3, {"new": 2, "unchanged": 1}, 0)
    assert (b.source_id, b.entered, b.open_documents) == ("b", 1, 1)


def test_a_later_stage_takes_back_what_an_earlier_one_counted(ledger: SqlLedger) -> None:
    ledger.fold([tally(1, new=1)], {LOG: 0}, {LOG: 1})
    ledger.fold([tally(0, new=-1, rejected=1)], {LOG: 1}, {LOG: 2})
    (balance,) = ledger.balances("run")

    assert (balance.outcomes, balance.open_documents) == ({"rejected": 1}, 0)


def test_what_was_folded_cannot_be_folded_again(ledger: SqlLedger) -> None:
    ledger.fold([tally(3)], {LOG: 0}, {LOG: 1})
    with pytest.raises(Fenced):
        ledger.fold([tally(3)], {LOG: 0}, {LOG: 1})

    assert ledger.balances("run")[0].entered == 3
    assert ledger.next_offset(LOG) == 1


def test_outcomes_are_summed_up_by_source_over_the_runs_of_a_time(ledger: SqlLedger) -> None:
    before = datetime.now(UTC)
    other = Tally(run_id="another", source_id="a", stage="transform", entered=1, outcomes={"new": 1})
    ledger.fold([tally(3, new=2, unchanged=1), tally(1, source="b"), other], {LOG: 0}, {LOG: 3})
    after = datetime.now(UTC) + timedelta(seconds=1)

    assert ledger.outcomes(before, after) == {
        "a": {"entered": 4, "new": 3, "unchanged": 1},
        "b": {"entered": 1},
    }
    assert ledger.outcomes(after, after + timedelta(days=1)) == {}
