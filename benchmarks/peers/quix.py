"""Quix Streams with its own file sink, as its documentation shows it, with larger checkpoints.

quix.py SERVERS SCHEMA FOLDER
"""

import sys

from common import TOPIC, ends
from quixstreams import Application
from quixstreams.sinks.community.file.formats import ParquetFormat
from quixstreams.sinks.community.file.local import LocalFileSink


def main() -> None:
    """Read all partitions up to their ends."""
    servers, _schema_path, folder = sys.argv[1:]
    app = Application(
        broker_address=servers,
        consumer_group=f"quix-{folder.rpartition('/')[2]}",
        auto_offset_reset="earliest",
        commit_every=10_000,
        commit_interval=60.0,
        loglevel="WARNING",
    )
    frame = app.dataframe(app.topic(TOPIC, value_deserializer="json"))
    frame.sink(LocalFileSink(directory=folder, format=ParquetFormat(compression="zstd")))
    app.run(count=sum(ends(servers).values()))


if __name__ == "__main__":
    main()
