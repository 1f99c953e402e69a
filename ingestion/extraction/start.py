"""What a process does before its first document."""

from multiprocessing.synchronize import Semaphore

from ingestion.extraction.limits import bound_memory


def begin(memory_bytes: int, begun: Semaphore) -> None:
    """Bound the memory, and say that the process has begun."""
    bound_memory(memory_bytes)
    begun.release()
