"""What one document may cost."""

import resource
from dataclasses import dataclass
from pathlib import Path

DATA_FIELD = 5
"""The pages of private memory in `/proc/self/statm` (proc_pid_statm(5))."""


@dataclass(frozen=True, kw_only=True)
class ExtractionLimits:
    """`seconds` of wall time for one document; `memory_bytes` for one process beyond what it starts with."""

    processes: int = 1
    seconds: float = 30.0
    memory_bytes: int = 1024 * 1024 * 1024


def bound_memory(memory_bytes: int) -> None:
    """Let this process have so much more private memory than it has now (RLIMIT_DATA, Linux 4.7 or newer).

    Systems without `/proc` do not count private memory either, and are left without this bound.
    """
    counted = Path("/proc/self/statm")
    if not counted.exists():
        return
    pages = int(counted.read_text(encoding="ascii").split()[DATA_FIELD])
    wanted = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))
