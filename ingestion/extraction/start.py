"""What a process does before its first document."""

from multiprocessing.synchronize import Semaphore

from ingestion.extraction import confined


def begin(begun: Semaphore) -> None:
    """Note how much memory the process has of its own, and say that it has begun."""
    confined.note_start()
    begun.release()
