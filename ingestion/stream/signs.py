"""What a worker tells the supervisor, over a pipe: signs of life with measurements, and its last word."""

from typing import Protocol

import msgspec
from msgspec import Struct

from ingestion.telemetry.metrics import Sample


class Sign(Struct, frozen=True, kw_only=True, tag=True):
    """What it is doing, and for how many seconds this may go on before it must be taken for dead.

    `read_up_to` is a time (POSIX seconds): every record that came before it has been read.
    """

    doing: str
    patience_seconds: float
    ready: bool
    read_up_to: float | None = None
    samples: tuple[Sample, ...] = ()


class LastWord(Struct, frozen=True, kw_only=True, tag=True):
    """A fault that ends the service: its type, by name, and its message."""

    fault: str
    message: str


class Pipe(Protocol):
    """The sending end."""

    def send_bytes(self, data: bytes) -> None:
        """Send one message."""
        ...


def send(pipe: Pipe, message: Sign | LastWord) -> None:
    """Send one message."""
    pipe.send_bytes(msgspec.msgpack.encode(message))


def received(data: bytes) -> Sign | LastWord:
    """Read one message."""
    return msgspec.msgpack.decode(data, type=Sign | LastWord)
