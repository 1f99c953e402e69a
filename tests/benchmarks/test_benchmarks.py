"""The benchmarks' scripts do what they say, on a few hundred articles."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from benchmarks.articles import articles
from benchmarks.check import Counted, counted
from benchmarks.meter import Cost, measured
from expectations.articles import RULES
from expectations.masks import failures_in
from expectations.narrow import of_table
from ingestion.codec import encode, plain
from ingestion.stack.kafka import KafkaServer
from schemas.arrow import arrow_schema, table_of

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "benchmarks"
COUNT = 300


def test_the_articles_are_the_same_at_every_run_and_of_about_4_kb() -> None:
    first, again = list(articles(COUNT)), list(itertools.islice(articles(2 * COUNT), COUNT))

    assert first == again
    assert 3800 < sum(len(encode(article)) for article in first) / COUNT < 4300
    assert len({article.article_id for article in first}) == COUNT


def test_the_articles_break_no_rule() -> None:
    table: pa.Table = table_of("article", [plain(article) for article in articles(COUNT)])

    assert failures_in(of_table(table), RULES) == {}


def test_a_meter_sees_what_a_command_and_its_children_cost(tmp_path: Path) -> None:
    held = 64 * 1024 * 1024
    child = (
        f"import time; b = b'x' * {held}; t = time.process_time()\nwhile time.process_time() < t + 1: pass"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); sys.exit(3)"
    cost = measured([sys.executable, "-c", parent], log=tmp_path / "log")

    assert cost.returned == 3
    assert cost.cpu_seconds > 0.8
    assert cost.wall_seconds > 0.8
    assert cost.peak_bytes > held


@pytest.mark.servers
@pytest.mark.slow
def test_ours_and_the_plain_loop_leave_every_article_once(
    module_kafka: Callable[..., KafkaServer], tmp_path: Path
) -> None:
    address = module_kafka().url
    run("fill.py", address, "--articles", str(COUNT), log=tmp_path / "fill.log")
    schema = tmp_path / "schema.parquet"
    parquet.write_table(arrow_schema("article").empty_table(), schema)
    servers = address.removeprefix("kafka://").strip("/")
    ours = {"NEWS_BROKER": address, "NEWS_DATA_DIR": str(tmp_path / "ours")}

    assert run("ours.py", "store", "2", log=tmp_path / "ours.log", env=ours).returned == 0
    assert counted(tmp_path / "ours") == Counted(COUNT, COUNT)
    run("peers/naive.py", servers, str(schema), str(tmp_path / "naive"), log=tmp_path / "naive.log")
    assert counted(tmp_path / "naive") == Counted(COUNT, COUNT)


def run(script: str, *arguments: str, log: Path, env: dict[str, str] | None = None) -> Cost:
    command = [sys.executable, str(SCRIPTS / script), *arguments]
    cost = measured(command, log=log, env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})})
    assert cost.returned == 0, log.read_text()
    return cost


@pytest.mark.slow
def test_a_made_archive_is_read_whole_and_removed(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    asked = ("--megabytes", "1", "--distinct", "20", "--processes", "2")
    run("warc.py", str(scratch), *asked, log=tmp_path / "log")

    rows = [line.split(" | ") for line in (tmp_path / "log").read_text().splitlines() if "reading" in line]
    assert [cells[0] for cells in rows] == ["| reading", "| reading", "| reading and parsing"]
    assert len({cells[2] for cells in rows}) == 1
    assert rows[2][3] == rows[2][2]
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("script", ["fill.py", "side_by_side.py"])
def test_a_script_says_how_it_is_called(script: str) -> None:
    command = [sys.executable, str(SCRIPTS / script), "--help"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert "kafka" in done.stdout.lower()
