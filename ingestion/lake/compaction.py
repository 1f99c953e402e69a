"""Putting many small files of the lake together, and taking away those that nothing points to."""

from collections.abc import Mapping
from typing import NamedTuple

from deltalake import DeltaTable

from ingestion.lake.durable import sync_commit
from ingestion.lake.table import faults, locate, open_table, writer_properties

TARGET_BYTES = 256 * 1024 * 1024
RETENTION_HOURS = 7 * 24


class Compacted(NamedTuple):
    """What a compaction did. `files_deleted` counts replaced files and those of writers that were killed."""

    files_before: int
    files_after: int
    files_deleted: int
    version: int | None


def compact(
    url: str,
    storage_options: Mapping[str, str] | None = None,
    *,
    target_bytes: int = TARGET_BYTES,
    retention_hours: int = RETENTION_HOURS,
) -> Compacted:
    """Rewrite each day's small files into large ones; rows and log offsets stay as they are.

    Files that were replaced, or left by a killed writer, longer ago than the retention are deleted: a
    reader that began earlier loses them, and a writer whose commit takes longer. Raises `Unavailable`.
    """
    location = locate(url, storage_options)
    table = open_table(location)
    if table is None:
        return Compacted(0, 0, 0, None)
    with faults(location):
        before = len(table.file_uris())
        table.optimize.compact(
            target_size=target_bytes, max_concurrent_tasks=1, writer_properties=writer_properties()
        )
        if location.folder and len(table.file_uris()) != before:
            sync_commit(location.folder, table.version())
        deleted = _vacuum(table, retention_hours)
        table.create_checkpoint()
        return Compacted(before, len(table.file_uris()), deleted, table.version())


def _vacuum(table: DeltaTable, retention_hours: int) -> int:
    """Delete what nothing points to; a look comes first, as every vacuum is two entries in the log."""
    if not _vacuumed(table, retention_hours, dry_run=True):
        return 0
    return len(_vacuumed(table, retention_hours, dry_run=False))


def _vacuumed(table: DeltaTable, retention_hours: int, *, dry_run: bool) -> list[str]:
    return table.vacuum(
        retention_hours=retention_hours, dry_run=dry_run, enforce_retention_duration=False, full=True
    )
