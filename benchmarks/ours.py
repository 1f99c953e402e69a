"""One worker of ours: `store` or `index`, as `news` runs it, again and again until its group has read all.

    ours.py store|index

Settings come from the environment, as always. A worker that was dealt no partition yet asks again, as a
service would.
"""

import sys

from ingestion import pipeline
from ingestion.settings import load_settings
from ingestion.topics import ARTICLES
from ingestion.wiring import Wiring


def main() -> None:
    """Do the job until nothing waits."""
    (job,) = sys.argv[1:]
    with Wiring(load_settings()) as wiring:
        producer = wiring.producer(job)
        while wiring.broker.lag(job, ARTICLES):
            if job == "store":
                pipeline.store(wiring.walk, wiring.gate, wiring.auditor, wiring.lake, producer)
            else:
                pipeline.index(wiring.walk, wiring.gate, wiring.search, producer)


if __name__ == "__main__":
    main()
