"""What the system tells about a process, by its id."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def command_of(pid: int) -> list[str]:
    """Give the command line of a process, empty where there is none: it is gone, or a zombie."""
    if PROC.joinpath("self").exists():
        with suppress(OSError):
            return [
                os.fsdecode(part) for part in (PROC / str(pid) / "cmdline").read_bytes().split(b"\0") if part
            ]
        return []
    return _ps(pid, "command=").split()


def resident_bytes(pid: int) -> int | None:
    """Give the memory of a process that is in RAM."""
    if PROC.joinpath("self").exists():
        with suppress(OSError):
            pages = int((PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")
        return None
    told = _ps(pid, "rss=").strip()
    return int(told) * 1024 if told else None


def _ps(pid: int, column: str) -> str:
    """Ask `ps`, as POSIX has it."""
    asked = subprocess.run(  # noqa: S603 - a number and a constant
        ["ps", "-ww", "-o", column, "-p", str(pid)],  # noqa: S607 - wherever the system has it
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout
