"""Dead letters, for people: the newest, one whole, a table."""

from collections import deque
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.article import Rejected
from ingestion.codec import decode
from ingestion.errors import ConfigurationError
from ingestion.settings import Settings
from ingestion.topics import REJECTED
from ingestion.wiring import Wiring


class Letter(Struct, frozen=True, kw_only=True):
    """A dead letter without its payload."""

    rejected_id: str
    rejected_at: datetime
    stage: str
    error: str
    message: str
    source_id: str
    run_id: str
    locator: str
    payload_bytes: int
    payload_kept: bool


def newest(settings: Settings, limit: int) -> list[Letter]:
    """List dead letters, newest first."""
    with Wiring(settings) as wiring:
        records = deque(wiring.broker.read(REJECTED), maxlen=limit)
    return [_letter(decode(record.value, Rejected)) for record in reversed(records)]


def one(settings: Settings, beginning: str) -> dict[str, Any]:
    """Find the newest dead letter whose id begins so. Raises `ConfigurationError` where there is none."""
    with Wiring(settings) as wiring:
        found = [
            letter
            for record in wiring.broker.read(REJECTED)
            if (letter := decode(record.value, Rejected)).rejected_id.startswith(beginning)
        ]
    if not found:
        raise ConfigurationError(f"no dead letter's id begins with {beginning}; `news rejected` lists them")
    whole: dict[str, Any] = msgspec.to_builtins(found[-1])
    return whole


def print_letters(console: Console, letters: list[Letter]) -> None:
    """Print a table, or that there is nothing to print."""
    if not letters:
        console.print("no dead letters")
        return
    table = Table("id", "stage", "fault", "where", "bytes", title="Dead letters, newest first")
    for letter in letters:
        size = f"{letter.payload_bytes:,}" + ("" if letter.payload_kept else " (digest only)")
        table.add_row(
            letter.rejected_id[:12],
            letter.stage,
            escape(f"{letter.error}: {letter.message}"),
            escape(letter.locator),
            size,
        )
    console.print(table)


def _letter(rejected: Rejected) -> Letter:
    return Letter(
        rejected_id=rejected.rejected_id,
        rejected_at=rejected.rejected_at,
        stage=rejected.stage,
        error=rejected.error,
        message=rejected.message,
        source_id=rejected.source.id,
        run_id=rejected.run_id,
        locator=rejected.locator,
        payload_bytes=rejected.payload_bytes,
        payload_kept=rejected.payload is not None,
    )
