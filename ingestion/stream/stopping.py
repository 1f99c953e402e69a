"""Being told to stop, by SIGTERM or SIGINT, at a moment that suits."""

import signal
import time
from types import FrameType

SLICE_SECONDS = 0.1


class Stopping:
    """How often this process was told to stop, and by which signal last.

    It sleeps in slices: an event that a signal handler sets may be locked by the very thread that the
    signal has interrupted.
    """

    def __init__(self) -> None:
        self.told = 0
        self.signal = 0

    def listen(self) -> None:
        """Take the signals from now on."""
        signal.signal(signal.SIGTERM, self._note)
        signal.signal(signal.SIGINT, self._note)

    def wait(self, seconds: float) -> bool:
        """Sleep for so long, or until told to stop; return whether it was."""
        until = time.monotonic() + seconds
        while not self.told and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, SLICE_SECONDS))
        return bool(self.told)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.signal = number
        self.told += 1
