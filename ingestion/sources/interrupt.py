"""Sleep that ends at once when the process is told to stop."""

import threading


class Interrupted(Exception):
    """The sleep was cut short for good; no fault, and nobody's dead letter."""


class Interrupt:
    """Wakes every thread that sleeps by it, now and from now on. Safe for several threads."""

    def __init__(self) -> None:
        self._told = threading.Event()

    def sleep(self, seconds: float) -> None:
        """Sleep for so long. Raises `Interrupted`."""
        if self._told.wait(seconds):
            raise Interrupted

    def tell(self) -> None:
        """End every sleep."""
        self._told.set()
