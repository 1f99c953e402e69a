"""Ports on loopback: which are free, and who has one that is not."""

import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ingestion.stack.processes import command_of

HOST = "127.0.0.1"
OWN_PORTS = range(20_000, 32_000, 2)
"""Below the ports that Linux and macOS hand out to outgoing connections: one of those could take the
port of a server while it is restarted."""

LISTENING = "0A"
"""The state of a listening socket in `/proc/net/tcp` (proc(5))."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def free_port() -> int:
    """Choose a port that is free and whose next one is free too: a server needs two."""
    choices = random.sample(OWN_PORTS, len(OWN_PORTS))
    return next(port for port in choices if is_free(port) and is_free(port + 1))


def holder(port: int) -> str | None:
    """Tell which process listens on a port, as far as the system shows it (proc(5), so only Linux does)."""
    listening = set(_listening(port))
    for entry in Path("/proc").glob("[0-9]*"):
        if listening.intersection(_sockets_of(entry)):
            program = next(iter(command_of(int(entry.name))), "unknown")
            return f"process {entry.name} ({program})"
    return None


def _listening(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.is_file():
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == LISTENING:
                    yield f"socket:[{fields[9]}]"


def _sockets_of(process: Path) -> Iterator[str]:
    """Name what a process has open; files come and go meanwhile, and those of others are not shown."""
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                yield link.readlink().name
