"""Making written files survive a power cut; the Delta library leaves that to the operating system."""

import json
import os
from pathlib import Path
from urllib.parse import unquote


def sync(path: Path) -> None:
    """Force one file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_commit(table: Path, version: int) -> None:
    """Force one commit to the disk: its data files first, then the log entry that names them."""
    entry = table / "_delta_log" / f"{version:020}.json"
    actions = [json.loads(line) for line in entry.read_text(encoding="utf-8").splitlines()]
    files = [table / unquote(action["add"]["path"]) for action in actions if "add" in action]
    folders = dict.fromkeys(file.parent for file in files)
    for path in (*files, *folders, table, entry, entry.parent):
        sync(path)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file as a whole: a reader sees the old one or the new one, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)
