"""Ours: `store` or `index`, as `news` runs it, in one process or several, until the group has read all.

    ours.py store|index WORKERS

Settings come from the environment, as always; several workers differ in their slot alone. A worker does
its job again while its group lags, as a service would.
"""

import importlib
import multiprocessing
import sys

import stamina

from ingestion import pipeline
from ingestion.errors import Unavailable
from ingestion.settings import load_settings
from ingestion.topics import ARTICLES
from ingestion.wiring import Wiring

LIBRARIES = {
    "store": ("expectations.masks", "ingestion.broker.kafka.broker", "ingestion.lake.delta", "pyruhvro"),
    "index": ("expectations.masks", "ingestion.broker.kafka.broker", "ingestion.search.elasticsearch.index"),
}


def main() -> None:
    """Load the libraries once, start the workers, and wait for them."""
    job, workers = sys.argv[1], int(sys.argv[2])
    for library in LIBRARIES[job]:
        importlib.import_module(library)
    if workers == 1:
        work(job, "0")
        return
    started = [
        multiprocessing.get_context("fork").Process(target=work, args=(job, str(slot)))
        for slot in range(workers)
    ]
    for worker in started:
        worker.start()
    for worker in started:
        worker.join()
    sys.exit(max(worker.exitcode or 0 for worker in started))


def work(job: str, slot: str) -> None:
    """Do the job until nothing waits."""
    with Wiring(load_settings(slot=slot)) as wiring:
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
