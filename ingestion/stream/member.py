"""A worker as the supervisor sees it: its process, its signs, and what they mean."""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from signal import SIGKILL, SIGTERM

import structlog

from ingestion.settings import Settings
from ingestion.stream.pauses import Pauses
from ingestion.stream.places import Place
from ingestion.stream.signs import LastWord, Sign, received

EXIT_SECONDS = 10.0
"""A worker that has closed its pipe has done its work; what is left of its process may take so long."""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
log = structlog.get_logger(__name__)


class Member:
    """One worker, started again and again."""

    def __init__(self, place: Place, settings: Settings) -> None:
        self.place = place
        self.restarts = 0
        self.read_up_to: float | None = None
        self._settings = settings
        self._pauses = Pauses()
        self._process: subprocess.Popen[bytes] | None = None
        self._forget()

    def _forget(self) -> None:
        self.pipe: Connection | None = None
        self.starts_at = time.monotonic()
        self._signed_at = time.monotonic()
        self._sign = Sign(doing="starts", patience_seconds=0, ready=False)

    @property
    def pid(self) -> int | None:
        """Its process, None while it has none."""
        process = self._process  # other threads ask, too
        return process.pid if process else None

    def start(self) -> None:
        """Start the process. Only from the main thread: the child ends with the thread that made it."""
        self._forget()
        self.pipe, theirs = Pipe(duplex=False)
        with theirs:
            command = [sys.executable, "-m", "ingestion.stream.worker", self.place.job, str(self.place.share)]
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [*command, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # so that Ctrl-C reaches the supervisor alone
            )
        stdin = self._process.stdin
        assert stdin
        with suppress(BrokenPipeError):  # it has ended already, which is seen soon
            stdin.write(pickle.dumps(self._settings))  # left open: its end tells of ours
            stdin.flush()
        log.info("worker_started", worker=self.place.name, pid=self._process.pid)

    def messages(self) -> Iterator[Sign | LastWord]:
        """Take what it has told since it was asked last. Raises `EOFError` where it has ended."""
        while self.pipe and self.pipe.poll():
            message = received(self.pipe.recv_bytes())
            if isinstance(message, Sign):
                self.heard(message)
            yield message

    def heard(self, sign: Sign) -> None:
        """Take note of a sign."""
        self._sign, self._signed_at = sign, time.monotonic()
        self.read_up_to = sign.read_up_to or self.read_up_to

    def ended(self) -> int:
        """Take leave of the process; return its exit code, or the number of a signal below zero."""
        assert self._process
        if self.pipe:
            self.pipe.close()
        if self._process.stdin:
            self._process.stdin.close()
        try:
            code = self._process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        self._process, self.pipe = None, None
        return code

    def start_later(self, code: int) -> None:
        """Have it started again, after a pause that grows."""
        pause_seconds = self._pauses.next()
        self.restarts += 1
        self.starts_at = time.monotonic() + pause_seconds
        self._sign = Sign(
            doing=f"ended with {code} and is started again", patience_seconds=pause_seconds, ready=False
        )
        self._signed_at = time.monotonic()
        log.error("worker_ended", worker=self.place.name, exit_code=code, pause_seconds=pause_seconds)

    def tell_to_stop(self) -> None:
        """Let it finish its batch and leave."""
        if self._process:
            self._process.send_signal(SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        if self._process:
            self._process.send_signal(SIGKILL)

    def why_not_ready(self, silence_seconds: float) -> str | None:
        """Say why it is not ready, None where it is."""
        silent = time.monotonic() - self._signed_at
        if not self._sign.ready:
            return self._sign.doing
        if silent > silence_seconds:
            return f"gives no sign for {silent:.0f} s: {self._sign.doing}"
        return None

    def why_not_alive(self, silence_seconds: float) -> str | None:
        """Say why it must be taken for dead, None where it lives: what it does may take its time."""
        silent = time.monotonic() - self._signed_at
        if silent > silence_seconds + self._sign.patience_seconds:
            return f"gives no sign for {silent:.0f} s: {self._sign.doing}"
        return None


def memory_bytes(pid: int) -> int | None:
    """Resident memory of a process (proc(5), statm), None where that cannot be told."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    return None


def cpu_seconds(pid: int) -> float | None:
    """Processor time of a process (proc(5), stat), None where that cannot be told."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
    return None
