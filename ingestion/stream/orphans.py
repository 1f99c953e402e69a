"""A worker ends with its supervisor, also where that was killed."""

import ctypes
import os
import signal
import sys
from threading import Thread

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent ends."""


def die_with_parent(parent: int, pipe: int) -> None:
    """End this process at once when its parent ends. `pipe` is read from, and ends with the parent.

    At once is well: a worker may be killed at any moment.
    """
    if sys.platform == "linux":
        _die_by_kernel()
    else:
        Thread(target=die_with_pipe, args=(pipe,), daemon=True).start()
    if os.getppid() != parent:  # it ended before this was set up
        _die()


def die_with_pipe(pipe: int) -> None:
    """Wait until nobody holds the other end any more, and end."""
    while os.read(pipe, 1):
        pass
    _die()


def _die_by_kernel() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
