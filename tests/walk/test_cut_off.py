"""Pages that make a library hang, or eat memory, on their way through the whole walk; a process killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SENTENCE = "The ferry between the two towns is back after a winter in the yard, its owners said on Monday. "
STORY = "".join(f"<p>Paragraph {number}. {SENTENCE * 2}</p>" for number in range(6))
PATIENCE_SECONDS = 120.0
LIMITS = {"NEWS_EXTRACTION__SECONDS": "3", "NEWS_EXTRACTION__MEMORY_BYTES": "100000000"}


def page(title: str, extra: str = "") -> str:
    story = STORY.replace("ferry", f"ferry {title}")
    heading = f"<title>{title} returns</title><article><h1>{title} returns</h1>"
    return f"<html lang=en>{heading}{extra}{story}</article>"


def attributes(count: int) -> str:
    """One element with so many attributes: libxml2 compares each with all before it."""
    return f"<p {' '.join(f'a{number}=x' for number in range(count))}>"


HANGING = page("Hanging", attributes(400_000))
HUNGRY = page("Hungry", "".join(f"<p {' '.join(f'a{n}=x' for n in range(50))}>" for _ in range(12_000)))


def environment(data: Path, **settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    return {**clean, "NEWS_DATA_DIR": str(data), "NEWS_EXTRACTION__PROCESSES": "2", **settings}


def news(data: Path, *arguments: str, **settings: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "ingestion", *arguments, "--json"],
        env=environment(data, **settings),
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    for number in (1, 3, 5):
        (folder / f"{number}.html").write_text(page(f"Ferry {number}"), encoding="utf-8")
    return folder


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is bounded on Linux alone")
def test_pages_that_hang_or_eat_memory_become_dead_letters_and_the_rest_goes_on(
    tmp_path: Path, inbox: Path
) -> None:
    (inbox / "2.html").write_text(HANGING, encoding="utf-8")
    (inbox / "4.html").write_text(HUNGRY, encoding="utf-8")
    data = tmp_path / "data"
    first = news(data, "run", str(inbox), **LIMITS)
    letters = {letter["locator"]: letter for letter in news(data, "rejected")}
    (inbox / "6.html").write_text(page("Ferry 6"), encoding="utf-8")
    second = news(data, "run", str(inbox / "6.html"), **LIMITS)

    assert first["ledger"]["documents"] == 5
    assert first["ledger"]["outcomes"] == {**first["ledger"]["outcomes"], "new": 3, "rejected": 2}
    assert sum(first["ledger"]["outcomes"].values()) == 5
    assert {name: letter["error"] for name, letter in letters.items()} == {
        "2.html": "Unreadable",
        "4.html": "TooLarge",
    }
    assert "longer than 3 s" in letters["2.html"]["message"]
    assert "bytes of memory" in letters["4.html"]["message"]
    # The bytes are those of the record on `news.raw`, with the document whole in it.
    assert letters["2.html"]["payload_bytes"] > len(HANGING)
    assert letters["4.html"]["payload_bytes"] > len(HUNGRY)
    assert all(letter["payload_kept"] for letter in letters.values())
    assert second["ledger"]["outcomes"]["new"] == 1
    assert second["written"]["lake_rows"] == 4


def test_a_process_that_is_killed_while_it_reads_costs_no_document(tmp_path: Path, inbox: Path) -> None:
    (inbox / "2.html").write_text(page("Slow", attributes(60_000)), encoding="utf-8")
    data = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-m", "ingestion", "run", str(inbox), "--json"],
        env=environment(data),
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as run:
        killed = next(busy(run.pid), None)
        if killed:
            os.kill(killed, signal.SIGKILL)
        output, _ = run.communicate(timeout=PATIENCE_SECONDS)
    ledger = json.loads(output)["ledger"]

    assert killed, "no process was seen at work"
    assert run.returncode == 0
    assert ledger["outcomes"]["new"] == 4 == ledger["documents"]


def busy(leader: int) -> Iterator[int]:
    """Yield a reading process of a session that has worked for half a second, until the session ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        members = {process: fields for process, *fields in processes(leader)}
        if leader not in members:
            return
        for process, (parent, ticks) in members.items():
            # The server that they are forked from is a child of the leader, they are its children.
            if leader not in (parent, process) and ticks > 0.5 * os.sysconf("SC_CLK_TCK"):
                yield process
        time.sleep(0.02)


def processes(session: int) -> Iterator[tuple[int, int, int]]:
    """Yield each process of a session that lives, with its parent and its ticks of processor time (Linux)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                yield int(stat.parent.name), int(fields[1]), int(fields[11]) + int(fields[12])
