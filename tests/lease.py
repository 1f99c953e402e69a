"""Servers that live as long as somebody uses them and not longer, also when the users are killed.

Every user holds a shared lock on the lease file of a server's folder. A watcher, a process of its own,
waits for the exclusive lock and then stops the server. The locks belong to a process (fcntl(2), "advisory
record locking"): children do not inherit them, and the system gives them back when it ends. For the same
reason one process must not lease one folder twice at a time.
"""

import fcntl
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from ingestion.stack.server import Server

ROOT = Path(__file__).parents[1]
WATCHING = "watching"
LEASE = "lease"
S = TypeVar("S", bound=Server)

watchers: list[subprocess.Popen[str]] = []
"""Those that this process started; they end after it."""


@contextmanager
def leased(server: S) -> Iterator[S]:
    """Use a server, which is started where it does not run yet."""
    server.folder.mkdir(parents=True, exist_ok=True)
    lease = os.open(server.folder / LEASE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with FileLock(server.folder / "lease.lock"):
            # This waits while a watcher stops the server for want of users.
            fcntl.lockf(lease, fcntl.LOCK_SH)
            if server.pid is None:
                watch(server)
            server.start()
        yield server
    finally:
        os.close(lease)


def watch(server: Server) -> None:
    """Start the watcher of a server, and wait until it runs."""
    kind = type(server)
    watcher = subprocess.Popen(
        [sys.executable, "-m", "tests.lease", kind.__module__, kind.__name__, str(server.folder)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    watchers.append(watcher)
    assert watcher.stdout
    with watcher.stdout as told:
        said = told.readline().strip()
    assert said == WATCHING, f"the watcher of {server.folder} said {said!r}"


def main(module: str, kind: str, folder: str) -> None:
    """Wait until nobody uses the server, then stop it; its logs stay."""
    print(WATCHING, flush=True)  # noqa: T201 - `watch` waits for it
    server = getattr(importlib.import_module(module), kind)(Path(folder))
    with (server.folder / LEASE).open("r+b") as lease:
        fcntl.lockf(lease, fcntl.LOCK_EX)
        server.stop()
        shutil.rmtree(server.data, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
