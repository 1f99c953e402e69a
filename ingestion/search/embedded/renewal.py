"""An index that an earlier version of this program made, made anew from the articles that it holds."""

import json
import shutil
from pathlib import Path
from typing import Any

import tantivy

from ingestion.errors import Unavailable
from ingestion.search.embedded.answer import article_at
from ingestion.search.embedded.fields import ROW, TIE, document_of, register_tokenizers, schema

META = "meta.json"


def opened(path: Path, *, memory: int) -> Any:
    """Open an index, or make it; one with other fields is made anew beside itself and takes its place.

    Killed anywhere, the next one ends it. Raises `ValueError` and `OSError` where the folder holds something
    else or cannot be written, `Unavailable` where another process is writing to it.
    """
    old = path.with_name(f".{path.name}.old")
    if old.exists() and not path.exists():
        old.rename(path)
    shutil.rmtree(old, ignore_errors=True)
    path.mkdir(parents=True, exist_ok=True)
    try:
        return tantivy.Index(schema(), str(path))
    except ValueError:
        if not _is_ours(path):
            raise
    _renew(path, old, memory)
    return tantivy.Index(schema(), str(path))


def _is_ours(path: Path) -> bool:
    try:
        fields = json.loads((path / META).read_bytes())["schema"]
        names = {field["name"] for field in fields}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return {ROW, TIE, "article_id"} <= names


def _renew(path: Path, old: Path, memory: int) -> None:
    before = tantivy.Index.open(str(path))
    try:
        lock = before.writer(heap_size=memory, num_threads=1)
    except ValueError as error:
        told = f"the index in {path} is of another version, and is being written: {error}"
        raise Unavailable(told) from error
    try:
        if _has_fields_of_today(path):
            return
        new = path.with_name(f".{path.name}.new")
        for stale in (new, old):
            shutil.rmtree(stale, ignore_errors=True)
        _copy(before, new, memory)
        path.rename(old)
        new.rename(path)
    finally:
        lock.wait_merging_threads()
    shutil.rmtree(old, ignore_errors=True)


def _has_fields_of_today(path: Path) -> bool:
    """Whether another process was faster; the lock is asked for after the index was opened."""
    try:
        tantivy.Index(schema(), str(path))
    except ValueError:
        return False
    return True


def _copy(before: Any, new: Path, memory: int) -> None:
    new.mkdir()
    index = tantivy.Index(schema(), str(new))
    register_tokenizers(index)
    searcher = before.searcher()
    found = searcher.search(tantivy.Query.all_query(), limit=max(searcher.num_docs, 1), count=False)
    writer = index.writer(heap_size=memory, num_threads=1)
    for _, address in found.hits:
        writer.add_document(document_of(article_at(searcher, address)))
    writer.commit()
    writer.wait_merging_threads()
