"""Ours: `store` or `index`, as `news` runs it, in one process or several, until the group has read all.

    ours.py store|index WORKERS

Settings come from the environment, as always; several workers differ in their slot alone. A worker does
its job again while its group lags, as a service would.
"""

import os
import subprocess
import sys

import stamina

from ingestion import pipeline
from ingestion.errors import Unavailable
from ingestion.settings import load_settings
from ingestion.topics import ARTICLES
from ingestion.wiring import Wiring


def main() -> None:
    """Work, or start the workers and wait for them."""
    job, workers = sys.argv[1], int(sys.argv[2])
    if workers == 1:
        work(job)
        return
    started = [
        subprocess.Popen([sys.executable, __file__, job, "1"], env={**os.environ, "NEWS_SLOT": str(slot)})  # noqa: S603
        for slot in range(workers)
    ]
    failed = [worker.wait() for worker in started]
    sys.exit(max(failed))


def work(job: str) -> None:
    """Do the job until nothing waits."""
    with Wiring(load_settings()) as wiring:
        producer = wiring.producer(job)
        while lag(wiring, job):
            if job == "store":
                pipeline.store(wiring.store_walk, wiring.gate, wiring.auditor, wiring.lake, producer)
            else:
                pipeline.index(wiring.walk, wiring.gate, wiring.search, producer)


@stamina.retry(on=Unavailable, attempts=20, timeout=60)
def lag(wiring: Wiring, job: str) -> int:
    """Ask how much waits; a cluster that has had no group yet needs a moment to look after one."""
    return wiring.broker.lag(job, ARTICLES)


if __name__ == "__main__":
    main()
