"""One document read within its memory, in a process that leaves nothing of it to the next one.

Heaps do not shrink: a process that has read something large would fail at a small document that comes after.
It ends instead of reading on, and says by its exit code why.
"""

import os
from collections.abc import Callable

from ingestion.article import Article, Document, Drop
from ingestion.errors import Permanent
from ingestion.extraction.limits import bounded_memory, private_bytes

Extracted = Article | Drop | Permanent

OUT_OF_MEMORY = 81
"""Exit code of a process that read a document which takes more memory than one may."""

SPENT = 82
"""Exit code of a process that was given a document, but has too little memory left to begin with it."""

SPENT_SHARE = 0.25
"""Of the memory for a document; a process that holds on to more of it reads no other one."""

FULL_SHARE = 0.9
"""Libraries take a lack of memory for a broken document: one that came so near to the bound has met it."""

_start_bytes = 0
_has_read = False


def note_start() -> None:
    """Count what the process has before its first document."""
    global _start_bytes  # noqa: PLW0603 - one process, one start
    _start_bytes = private_bytes()


def read_confined(read: Callable[[Document], Extracted], memory_bytes: int, document: Document) -> Extracted:
    """Read a document; end this process where it takes too much memory, or where too little is left."""
    global _has_read  # noqa: PLW0603 - one process
    if _has_read and private_bytes() - _start_bytes > SPENT_SHARE * memory_bytes:
        os._exit(SPENT)
    _has_read = True
    try:
        with bounded_memory(_start_bytes + memory_bytes):
            found = read(document)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    if not isinstance(found, Article) and private_bytes() - _start_bytes > FULL_SHARE * memory_bytes:
        os._exit(OUT_OF_MEMORY)
    return found
