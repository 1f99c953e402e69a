"""Writes `jars.lock` anew, for changed versions in `java/pom.xml`: `python -m ingestion.stack.relock`."""

import tempfile
from pathlib import Path

from ingestion.stack import jars
from ingestion.stack.parts import LOCK, SERVERS


def relock(lock: Path = LOCK) -> int:
    """Fetch every server and lock what came; gives the number of jars."""
    found = {}
    for server in SERVERS:
        with tempfile.TemporaryDirectory() as folder:
            jars.download(server, Path(folder))
            found[server] = jars.digests(Path(folder))
    jars.write_lock(found, lock)
    return sum(map(len, found.values()))


if __name__ == "__main__":
    print(f"{relock()} jars locked in {LOCK.name}; look at the difference before you commit it")  # noqa: T201
