"""Growing pauses between attempts."""

import random
import time

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 60.0
CALM_SECONDS = 60.0


class Pauses:
    """Pauses that double from one failure to the next, and begin anew after a calm time.

    Own, because the retries of `stamina` sleep through a signal to stop.
    """

    def __init__(self) -> None:
        self._seconds = FIRST_SECONDS
        self._last = time.monotonic()

    def next(self) -> float:
        """How many seconds to wait now, up to a quarter less by chance, so that workers come apart."""
        calm = time.monotonic() - self._last > self._seconds + CALM_SECONDS
        self._last = time.monotonic()
        now = FIRST_SECONDS if calm else self._seconds
        self._seconds = min(2 * now, LONGEST_SECONDS)
        return now * random.uniform(0.75, 1)  # noqa: S311 - no secret
