"""The DAGs run by Airflow itself: once in one process, and by a real scheduler through the assets."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

REPOSITORY = Path(__file__).parents[2]
LOCAL = REPOSITORY / "dags" / "_local"
ORDER = ("collect_news", "transform_news", "store_news", "index_news", "audit_news", "export_news")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]


def environment(data: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "NEWS_"))}
    return {**kept, "NEWS_DATA_DIR": str(data), **more}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def run_once(data: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(LOCAL / "run_once.py")],
        env=environment(data),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def printed(data: Path) -> str:
    return run_once(data)


def runs(data: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(f"file:{data / 'airflow' / 'airflow.db'}?mode=ro", uri=True) as database:
        return database.execute("SELECT dag_id, state, run_type FROM dag_run").fetchall()


def export_of(data: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((data / "exports" / "articles" / "_manifest.json").read_text())
    return manifest


def test_every_dag_is_run_and_recorded(data: Path, printed: str) -> None:
    assert "balanced" in printed
    assert Counter(dag for dag, state, _ in runs(data) if state == "success") == Counter(ORDER)


def test_what_was_made_is_printed(data: Path, printed: str) -> None:
    (file,) = export_of(data)["files"]

    assert file["path"] in printed
    assert f"{file['bytes']:,}" in printed
    assert "articles found" in printed
    assert "make serve" in printed


def test_a_second_run_does_nothing_twice(data: Path, printed: str) -> None:
    before = export_of(data)
    (total,) = [line.split() for line in run_once(data).splitlines() if line.split()[:1] == ["all"]]

    assert printed
    assert total == ["all", "58", "·", "·", "58", "·", "·", "·", "balanced"]
    assert export_of(data) == before


@pytest.fixture
def api(data: Path, printed: str) -> Iterator[Callable[..., Any]]:
    """Airflow as `make airflow` starts it, on the data of the first run; yields a way to ask its API."""
    assert printed
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = subprocess.Popen(
        [sys.executable, str(LOCAL / "serve.py")],
        env=environment(data, NEWS_AIRFLOW_PORT=str(port), COLUMNS="200", PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    told = next(line for line in started.stdout if "password" in line)
    token = ask(port, "/auth/token", {"username": "admin", "password": told.split()[-1]})["access_token"]
    try:
        yield lambda path, body=None: ask(port, path, body, token)
    finally:
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=240) == 0
        assert processes_with(str(data)) == []


def ask(port: int, path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode() if body else None, headers)
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def processes_with(data: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"NEWS_DATA_DIR={data}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_a_run_of_collect_alone_brings_the_export_about(data: Path, api: Callable[..., Any]) -> None:
    assert api("/api/v2/importErrors")["total_entries"] == 0
    before = Counter(runs(data))
    api("/api/v2/dags/collect_news/dagRuns", {"logical_date": None})
    wanted = {(dag, "success", "asset_triggered") for dag in ORDER[1:]}
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and not wanted <= (Counter(runs(data)) - before).keys():
        time.sleep(1)

    assert wanted <= (Counter(runs(data)) - before).keys()
    assert not [run for run in runs(data) if run[1] == "failed"]
