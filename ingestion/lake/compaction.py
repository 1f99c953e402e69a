"""Putting many small files of the lake together, and taking away those that nothing points to."""

from collections.abc import Mapping
from typing import NamedTuple

from ingestion.lake.durable import sync_commit
from ingestion.lake.table import faults, locate, open_table, writer_properties

TARGET_BYTES = 256 * 1024 * 1024
RETENTION_HOURS = 7 * 24


class Compacted(NamedTuple):
    """What a compaction did. `files_deleted` counts old files that are gone from the storage."""

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

    Files that were replaced longer ago than the retention are deleted, so a reader that began
    earlier loses them. Safe beside a writer. Raises `Unavailable`.
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
        deleted = table.vacuum(
            retention_hours=retention_hours, dry_run=False, enforce_retention_duration=False
        )
        table.create_checkpoint()
        return Compacted(before, len(table.file_uris()), len(deleted), table.version())
