"""Quix Streams with its own Elasticsearch sink; its mapping is dynamic, as it comes.

search_quix.py SERVERS ADDRESS INDEX
"""

import sys

from common import TOPIC, ends
from quixstreams import Application
from quixstreams.sinks.community.elasticsearch import ElasticsearchSink


def main() -> None:
    """Read all partitions up to their ends."""
    servers, address, index = sys.argv[1:]
    app = Application(
        broker_address=servers,
        consumer_group=f"quix-{index}",
        auto_offset_reset="earliest",
        commit_every=5000,
        commit_interval=60.0,
        loglevel="WARNING",
    )
    frame = app.dataframe(app.topic(TOPIC, value_deserializer="json"))
    frame.sink(ElasticsearchSink(url=address, index=index))
    app.run(count=sum(ends(servers).values()))


if __name__ == "__main__":
    main()
