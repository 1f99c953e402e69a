"""A server of our own: started, stopped, killed, frozen, by a pid file in its folder."""

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from os import kill as send_signal
from pathlib import Path
from typing import ClassVar

import msgspec
from filelock import FileLock

from ingestion.errors import ConfigurationError, Stop, Unavailable
from ingestion.stack.loopback import free_port, holder, is_free
from ingestion.stack.processes import command_of

PORT_SECONDS = 2
"""A process that was killed is gone a moment before its sockets are."""

SHOWN_LINES = 20
LOGS = ("console.log", "server.log")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The pid file: which process it is, and how it was started."""

    pid: int
    port: int
    version: str
    started_at: datetime


class Server(ABC):
    """One server process on loopback. Its folder holds its settings, its data, its logs and its pid file.

    Every object that is made for the same folder means the same server, also in another process.
    `quick_start` compiles less of it: it is up sooner, and slower from then on.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    start_seconds: ClassVar[float] = 90
    stop_seconds: ClassVar[float] = 30

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        heap_mib: int = 512,
        settings: Mapping[str, str] | None = None,
        quick_start: bool = False,
    ) -> None:
        self.folder = folder.absolute()
        self.heap_mib = heap_mib
        self.settings = dict(settings or {})
        self.quick_start = quick_start
        record = self.record
        self.port = port or (record.port if record else free_port())
        self._child: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address, as the settings of the pipeline take it."""

    @abstractmethod
    def fetch(self) -> None:
        """Bring what it is made of into the cache; nothing happens where it is there already."""

    @abstractmethod
    def _prepare(self) -> None:
        """Write the settings, and make the data folder ready where it is new."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The program and its arguments; `marker` is one of them."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it really serves, not only listens."""

    @property
    def data(self) -> Path:
        """Where it keeps what it is told."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """Where `server.log` and `console.log` are."""
        return self.folder / "logs"

    @property
    def marker(self) -> str:
        """The argument by which the process is known: a pid alone may have gone to another process."""
        return f"-Dnews.stack.folder={self.folder}"

    @property
    def java_options(self) -> list[str]:
        """What every virtual machine is told."""
        quick = ["-XX:TieredStopAtLevel=1"] if self.quick_start else []
        return [self.marker, "-XX:+UseSerialGC", "-Djava.awt.headless=true", *quick]

    @property
    def record(self) -> Record | None:
        """What the pid file says, None without one."""
        try:
            return msgspec.json.decode(self._pid_file.read_bytes(), type=Record)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise ConfigurationError(f"{self._pid_file} cannot be read: {error}; remove it") from error

    @property
    def pid(self) -> int | None:
        """The process, None where it does not run."""
        record = self.record
        return record.pid if record and self._is_ours(record.pid) else None

    def start(self) -> None:
        """Start it and wait until it answers; where it runs already, only wait. Raises as its halves do."""
        self.launch()
        self.wait()

    def launch(self) -> bool:
        """Start the process, and do not wait for it; False where it runs already, wherever it listens.

        Raises `ConfigurationError` for a port that is taken and for missing tools, and what `fetch` raises.
        """
        self.fetch()
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "start.lock"):
            if self.record and self.pid:
                self.port = self.record.port
                return False
            self._refuse_taken_ports()
            self._prepare()
            self._spawn()
            return True

    def wait(self) -> None:
        """Wait until it answers. Raises `Stop` where it has ended, `Unavailable` where it takes too long."""
        deadline = time.monotonic() + self.start_seconds
        while not self.answers():
            if self.pid is None:
                raise Stop(f"{self.name} did not start.\n{self._tail()}")
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{self.name} does not answer after {self.start_seconds} s.\n{self._tail()}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Let it end by itself, and end it where it does not."""
        self.thaw()
        self._send(signal.SIGTERM)
        if not self._gone_within(self.stop_seconds):
            self.kill()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it as a power cut of the process would (SIGKILL); the data stays."""
        self._send(signal.SIGKILL)
        if not self._gone_within(self.stop_seconds):
            raise Unavailable(
                f"{self.name}, process {self.pid}, is not gone {self.stop_seconds} s after SIGKILL"
            )

    def restart(self) -> None:
        """Start it on the same data and port, after ending it where it runs."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Let it hold still (SIGSTOP): its port takes connections, and nothing answers."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "server.json"

    def _is_ours(self, pid: int) -> bool:
        if self._child and self._child.pid == pid:
            return self._child.poll() is None
        return self.marker in command_of(pid)

    def _refuse_taken_ports(self) -> None:
        for port in (self.port, self.port + 1):
            if not _within(PORT_SECONDS, partial(is_free, port)):
                by = holder(port)
                raise ConfigurationError(
                    f"port {port}, which {self.name} needs, is taken{f' by {by}' if by else ''}; "
                    f"end that, or choose another port (it needs two, side by side)"
                )

    def _spawn(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        # What a server says before its own log is set up; small, and only of the last start.
        with (self.logs / "console.log").open("wb") as console:
            self._child = subprocess.Popen(  # noqa: S603 - the command is ours
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        record = Record(
            pid=self._child.pid, port=self.port, version=self.version, started_at=datetime.now(UTC)
        )
        written = self._pid_file.with_suffix(".new")
        written.write_bytes(msgspec.json.encode(record))
        written.replace(self._pid_file)

    def _send(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            send_signal(pid, number)

    def _gone_within(self, seconds: float) -> bool:
        return _within(seconds, lambda: self.pid is None)

    def _tail(self) -> str:
        """Show the end of what it said, and where the rest is."""
        logs = [log for name in LOGS if (log := self.logs / name).is_file() and log.stat().st_size]
        return "\n".join(map(_tail_of, logs)) or f"It said nothing; its logs would be in {self.logs}."


def _tail_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([f"The end of {log}:", *lines[-SHOWN_LINES:]])


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
