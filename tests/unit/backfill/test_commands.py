"""`news backfill` as a person or a program calls it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingestion.backfill.bucket import BucketReport, BucketState
from ingestion.backfill.jobs import show, summary
from ingestion.backfill.watch import Watch, amount, duration
from ingestion.cli import app
from ingestion.settings import load_settings
from tests.unit.backfill.test_backfill import archive


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path / "data"))


def news(*arguments: str) -> Any:
    done = CliRunner().invoke(app, ["backfill", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_backfill_from_its_start_to_its_end(tmp_path: Path) -> None:
    name = archive(tmp_path, "a", 7)
    assert news("list") == []

    planned = news("start", "--warc", name, "--later")
    backfill_id = planned["backfill"]["backfill_id"]
    paused = news("pause", backfill_id)
    stopped = news("run", backfill_id[-6:])
    resumed = news("resume", backfill_id)
    done = news("run", backfill_id)

    states = [found["backfill"]["state"] for found in (planned, paused, stopped, resumed, done)]
    assert states == ["waiting", "stopped", "stopped", "waiting", "done"]
    assert done["buckets"][0] | {"note": None} == {
        "bucket": 0,
        "title": "a.warc.gz",
        "state": "done",
        "done": Path(name).stat().st_size,
        "total": Path(name).stat().st_size,
        "documents": 7,
        "share": 1.0,
        "note": None,
    }
    assert news("list")[0]["buckets"] == {"done": 1}
    assert news("cancel", backfill_id)["backfill"]["state"] == "done"


def test_people_see_tables(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["backfill", "start", "--warc", archive(tmp_path, "a", 3)])
    listed = CliRunner().invoke(app, ["backfill", "list"])

    assert (done.exit_code, listed.exit_code) == (0, 0)
    assert "a.warc.gz" in done.stdout
    assert "3 articles" in done.stdout
    assert "1 of 1" in listed.stdout


def test_progress_says_articles_rate_and_time_left(tmp_path: Path) -> None:
    from rich.console import Console

    name = archive(tmp_path, "a", 3)
    backfill_id = news("start", "--warc", name, "--later")["backfill"]["backfill_id"]
    settings = load_settings()
    console = Console(width=120, record=True)
    watch = Watch(console, summary(settings, backfill_id), show(settings, backfill_id))

    watch.told(
        BucketReport(
            backfill_id=backfill_id,
            bucket=0,
            title="a.warc.gz",
            state=BucketState.READING,
            done=500,
            total=1_000,
            documents=40,
            documents_per_second=12.5,
            seconds_left=75.0,
        )
    )
    console.print(watch.picture())

    text = console.export_text()
    assert "40 articles" in text
    assert "50% done" in text
    assert "500 of 1,000" in text
    assert "12.5" in text
    assert "0:01:15" in text


def test_amounts_and_durations_are_short() -> None:
    assert [amount(0, None), amount(5, None), amount(0, 0), amount(5, 1234)] == ["·", "5", "·", "5 of 1,234"]
    assert [duration(None), duration(3661.4)] == ["·", "1:01:01"]
