"""What one document may cost."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DATA_FIELD = 5
"""The pages of private memory in `/proc/self/statm` (proc_pid_statm(5))."""

COUNTED = Path("/proc/self/statm")


@dataclass(frozen=True, kw_only=True)
class ExtractionLimits:
    """`seconds` of wall time for one document; `memory_bytes` for one process beyond what it starts with.

    A pool that answers nothing for `stuck_seconds` beyond twice a document's time is given up for a new one:
    a process that was stopped, or killed, with the pool's lock in hand leaves it locked.
    """

    processes: int = 1
    seconds: float = 30.0
    memory_bytes: int = 1024 * 1024 * 1024
    stuck_seconds: float = 60.0


def private_bytes() -> int:
    """Count the private memory of this process; 0 on systems without `/proc`, which do not bound it."""
    if not COUNTED.exists():
        return 0
    return int(COUNTED.read_text(encoding="ascii").split()[DATA_FIELD]) * resource.getpagesize()


@contextmanager
def bounded_memory(most_bytes: int) -> Iterator[None]:
    """Let this process have so much private memory in all, for a while (RLIMIT_DATA, Linux 4.7 or newer)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if COUNTED.exists():
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes if hard < 0 else min(most_bytes, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
