"""What a command costs: wall time, processor time and peak memory of it and all that it starts."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.1
MEMORY_EVERY = 5
"""Looks from one reading of the memory to the next, which is slow for large processes."""


class Cost(NamedTuple):
    """`peak_bytes` is the largest sum of the proportional set sizes (PSS): shared pages count once."""

    returned: int
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def measured(
    command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, limit_seconds: float = 600
) -> Cost:
    """Run a command in a session of its own, and watch every process of that session until it ends."""
    watch = _Watch()
    begun = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the benchmark's own commands
            command,
            stdout=output,
            stderr=output,
            env=None if env is None else dict(env),
            start_new_session=True,
        )
        watcher = threading.Thread(target=watch.until_done, args=(process.pid,), daemon=True)
        watcher.start()
        try:
            returned = process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            _end(process.pid)
            returned = process.wait()
        wall_seconds = time.monotonic() - begun
        watch.done.set()
        watcher.join()
    return Cost(returned, wall_seconds, watch.cpu_seconds, watch.peak_bytes)


class _Watch:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.peak_bytes = 0
        self._ticks: dict[int, int] = {}

    @property
    def cpu_seconds(self) -> float:
        return sum(self._ticks.values()) / TICKS_PER_SECOND

    def until_done(self, session: int) -> None:
        looks = 0
        while not self.done.wait(LOOK_SECONDS):
            processes = _ticks_by_process(session)
            self._ticks |= processes
            if looks % MEMORY_EVERY == 0:
                self.peak_bytes = max(self.peak_bytes, sum(map(_pss_bytes, processes)))
            looks += 1


def _ticks_by_process(session: int) -> dict[int, int]:
    """Map each process of a session to the processor time that it has used itself."""
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == session:
            found[int(entry.name)] = int(fields[11]) + int(fields[12])
    return found


def _pss_bytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it ended meanwhile
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _end(session: int) -> None:
    for process in _ticks_by_process(session):
        os.kill(process, 9)
