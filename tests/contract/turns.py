"""A worker of its own process that takes turns at a few hosts: `turns.py STATE INTERVAL COUNT`.

For each turn it prints the host, and between which two times the turn was, by the clock of the machine.
"""

import sys
import time

from ingestion.state.database import StateDatabase
from ingestion.state.hosts import SqlHosts


def main() -> None:
    """Take turns, and wait for each."""
    state, interval_seconds, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    hosts = SqlHosts(StateDatabase(state))
    for number in range(count):
        host = f"host-{number % 3}.example"
        before = time.time()
        wait_seconds = hosts.turn(host, interval_seconds).wait_seconds
        after = time.time()
        time.sleep(wait_seconds)
        print(host, before + wait_seconds, after + wait_seconds, flush=True)  # noqa: T201 - to the test


if __name__ == "__main__":
    main()
