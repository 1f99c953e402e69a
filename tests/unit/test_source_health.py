"""`news sources health` and `watch_sources`, over a catalogue, a state and a ledger that are really there."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console
from sqlalchemy import update

from ingestion import jobs
from ingestion.article import Tally
from ingestion.errors import Cause, SourcesInTrouble
from ingestion.ports import TopicPartition
from ingestion.settings import Settings, load_settings
from ingestion.source_health import HealthRow, health_rows, print_health, watched
from ingestion.source_ports import SourceState
from ingestion.sources.verdict import Verdict
from ingestion.state.database import StateDatabase
from ingestion.state.ledger import SqlLedger
from ingestion.state.sources import SqlSourceMemory
from ingestion.state.tables import ledger_runs

NOW = datetime.now(UTC)
LOG = TopicPartition("news.outcomes", 0)
TOML = """
[publisher]
id = "paper"
name = "The [Paper]"
"""
SOURCE = """
[[source]]
id = "{id}"
kind = "feed"
url = "http://{id}.example/rss"
{more}
"""
IDS = ("well", "blocked", "broken", "frozen", "moved", "quiet", "young")


def hours(count: float) -> datetime:
    return NOW - timedelta(hours=count)


def kept(source_id: str, **changes: object) -> SourceState:
    facts: dict[str, object] = {
        "source_id": source_id,
        "attempted_at": hours(0.1),
        "due_at": hours(-0.2),
        "interval_seconds": 900.0,
        "succeeded_at": hours(0.1),
        "gap_seconds": 3600.0,
        "new_item_at": hours(1),
        **changes,
    }
    return SourceState(**facts)  # type: ignore[arg-type]


STATES = (
    kept("well"),
    kept(
        "blocked",
        cause=Cause.BLOCKED,
        failure="HttpFailure: 403",
        failures_in_a_row=9,
        succeeded_at=hours(99),
    ),
    kept("broken", cause=Cause.DNS, failure="no [such] host", failures_in_a_row=4, succeeded_at=None),
    kept("frozen", new_item_at=hours(24 * 20)),
    kept("moved", moved_to="http://new.example/rss", moved_from="http://moved.example/rss"),
    kept("quiet"),
    kept("young", cause=Cause.CLIENT_ERROR, failure="404", failures_in_a_row=1, succeeded_at=hours(2)),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    more = {"quiet": "[source.expect]\narticles_per_day = 50", "off": "enabled = false"}
    sources = "".join(SOURCE.format(id=name, more=more.get(name, "")) for name in (*IDS, "unread", "off"))
    (folder / "paper.toml").write_text(TOML + sources)
    found = load_settings(data_dir=tmp_path / "data", catalogue=folder)
    (tmp_path / "data").mkdir()
    database = StateDatabase(found.state)
    memory = SqlSourceMemory(database)
    for state in STATES:
        memory.keep_state(state)
    fill_ledger(database, days=4)
    database.close()
    return found


def fill_ledger(database: StateDatabase, days: int) -> None:
    ledger = SqlLedger(database)
    for age in range(days):
        run, tallies = f"run-{age}", []
        for source_id in ("well", "quiet"):
            outcomes = {"new": 6, "unchanged": 3, "dropped/not_an_article": 1}
            tallies.append(
                Tally(run_id=run, source_id=source_id, stage="collect", entered=10, outcomes=outcomes)
            )
        ledger.fold(tallies, {LOG: age}, {LOG: age + 1})
        with database.transaction() as connection:
            connection.execute(
                update(ledger_runs)
                .where(ledger_runs.c.run_id == run)
                .values(first_counted_at=hours(24 * age + 1))
            )


def by_id(rows: list[HealthRow]) -> dict[str, HealthRow]:
    return {row.source_id: row for row in rows}


def printed(rows: list[HealthRow]) -> str:
    console = Console(file=io.StringIO(), width=150)
    print_health(console, rows, NOW)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_every_enabled_source_is_judged_and_the_worst_comes_first(settings: Settings) -> None:
    rows = health_rows(settings, NOW)

    assert [(row.source_id, row.verdict) for row in rows] == [
        ("broken", Verdict.BROKEN),
        ("young", Verdict.BROKEN),
        ("blocked", Verdict.BLOCKED),
        ("frozen", Verdict.FROZEN),
        ("moved", Verdict.MOVED),
        ("quiet", Verdict.QUIET),
        ("unread", Verdict.NEW),
        ("well", Verdict.WELL),
    ]


def test_a_row_has_what_the_state_and_the_ledger_know(settings: Settings) -> None:
    rows = by_id(health_rows(settings, NOW))

    assert (rows["well"].documents, rows["well"].articles, rows["well"].articles_per_day) == (40, 24, 6.0)
    assert (rows["quiet"].articles_per_day, rows["quiet"].expected_per_day) == (6.0, 50.0)
    assert rows["quiet"].seen == "6 articles a day, where 50 are expected"
    assert (rows["broken"].cause, rows["broken"].failures_in_a_row) == (Cause.DNS, 4)
    assert rows["moved"].url == "http://new.example/rss"
    assert (rows["unread"].attempted_at, rows["unread"].articles_per_day) == (None, None)


def test_the_table_is_readable_and_says_what_to_do(settings: Settings) -> None:
    text = printed(health_rows(settings, NOW))

    assert text.index("broken") < text.index("well")
    assert "no [such] host (4 times; it was never read)" in " ".join(text.split())
    assert "6.0 of 50" in text
    assert "2 broken  1 blocked  1 frozen  1 moved  1 quiet  1 new  1 well" in text


def test_without_a_source_there_is_a_sentence() -> None:
    assert "no source" in printed([])


def test_programs_get_it_as_json(settings: Settings) -> None:
    decoded = msgspec.json.decode(msgspec.json.encode(health_rows(settings, NOW)))

    assert {row["source_id"]: row["verdict"] for row in decoded}["frozen"] == "frozen"
    assert decoded[0]["cause"] == "dns"


def test_trouble_that_has_lasted_stops_the_watch_and_is_named_with_its_cause(settings: Settings) -> None:
    with pytest.raises(SourcesInTrouble) as told:
        jobs.watch_sources(settings)

    message = str(told.value)
    assert message.startswith("3 of 8 sources have been in trouble for 2 days or could never be read:")
    assert "\n- broken, broken: no [such] host (4 times; it was never read); its host name" in message
    assert "\n- blocked, blocked: 403 (9 times; since " in message
    assert "\n- frozen, frozen: it answers, but has had nothing new for 20 days" in message
    assert "young" not in message


def test_young_trouble_is_reported_and_stops_nothing(settings: Settings) -> None:
    rows = [row for row in health_rows(settings, NOW) if row.source_id in ("young", "well", "moved")]
    report = watched(rows, 48 * 3600, NOW)

    assert (report.sources, report.verdicts) == (3, {"broken": 1, "moved": 1, "well": 1})
    assert report.in_trouble == {"young": f"broken: 404 (once; since {hours(2):%Y-%m-%d %H:%M} UTC)"}
    with pytest.raises(SourcesInTrouble, match="young"):
        watched(rows, 3600, NOW)


def test_one_that_was_never_read_has_four_attempts(settings: Settings) -> None:
    (row,) = (row for row in health_rows(settings, NOW) if row.source_id == "broken")
    report = watched([replace(row, failures_in_a_row=3)], 3600, NOW)

    assert report.verdicts == {"broken": 1}
    for failures in (0, 4):
        with pytest.raises(SourcesInTrouble, match="broken"):
            watched([replace(row, failures_in_a_row=failures)], 3600, NOW)


def test_a_great_many_in_trouble_are_not_all_named(settings: Settings) -> None:
    (row,) = (row for row in health_rows(settings, NOW) if row.source_id == "broken")
    with pytest.raises(SourcesInTrouble) as told:
        watched([row] * 120, 3600, NOW)

    assert "\nand 100 more\n" in str(told.value)
    assert len(str(told.value).splitlines()) == 23
