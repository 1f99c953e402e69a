"""Opens archives for reading forwards: files on disk, files on web servers, objects in S3."""

import os
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

import httpx

from ingestion.errors import Refused, Unreadable
from ingestion.fetch.guard import Resolver, resolve
from ingestion.fetch.manners import Ruling
from ingestion.fetch.objects import open_object
from ingestion.fetch.policy import FetchPolicy
from ingestion.fetch.ranges import RangeClient
from ingestion.source_ports import Hosts, OpenArchive

OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe that took the place of a file must not hold us up."""


class OpenArchives:
    """`source_ports.Archives`. Safe for several threads; close it at the end."""

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        hosts: Hosts,
        ruling: Callable[[httpx.URL], Ruling] | None = None,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._policy = policy
        self._make_client = partial(
            RangeClient, policy, hosts, ruling=ruling, resolver=resolver, tls=tls, sleep=sleep
        )
        self._made: list[RangeClient] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of all connections."""
        while self._made:
            self._made.pop().close()

    @contextmanager
    def open(self, locator: str, offset_bytes: int = 0) -> Iterator[OpenArchive]:
        """Open for reading forwards. Raises `Unreachable`, `HttpFailure`, `Refused`, `Unreadable`."""
        with closing(self._opened(locator, offset_bytes)) as archive:
            yield archive

    def _opened(self, locator: str, offset_bytes: int) -> "_Closeable":
        scheme, separator, _ = locator.partition("://")
        if not separator:
            return LocalArchive(Path(locator), offset_bytes)
        if scheme.lower() in ("http", "https"):
            return self._client().open(locator, offset_bytes)
        if scheme == "s3":
            return open_object(
                locator,
                offset_bytes,
                connect_seconds=self._policy.connect_timeout_seconds,
                read_seconds=self._policy.read_timeout_seconds,
            )
        raise Refused(f"an archive is a path, or an http, https or s3 address, not {locator!r}")

    def _client(self) -> RangeClient:
        """Make the client at its first use: certificates take a while to load."""
        with self._lock:
            if not self._made:
                self._made.append(self._make_client())
            return self._made[0]


class _Closeable(OpenArchive, Protocol):
    def close(self) -> None: ...


class LocalArchive:
    """`source_ports.OpenArchive` over a file on disk."""

    def __init__(self, path: Path, offset_bytes: int) -> None:
        self._file = _open(path)
        facts = os.fstat(self._file.fileno())
        self.identity = f"{facts.st_size} {facts.st_mtime_ns}"
        self.size_bytes: int | None = facts.st_size
        self.changed_at: datetime | None = datetime.fromtimestamp(facts.st_mtime, UTC)
        self._file.seek(offset_bytes)

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so much of what follows. Raises `Unreadable`."""
        try:
            return self._file.read(size)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror or type(error).__name__}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _open(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error
    except ValueError as error:
        raise Unreadable(f"{path!r} is no path: {error}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable(f"{path} is no file")
    return os.fdopen(descriptor, "rb")
