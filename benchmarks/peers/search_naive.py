"""The loop that one writes first: kafka-python, `json`, `helpers.parallel_bulk`, and the offsets after.

search_naive.py SERVERS ADDRESS INDEX
"""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from common import TOPIC, ends
from elasticsearch import Elasticsearch, helpers
from kafka import KafkaConsumer

BATCH = 5000
THREADS = 4


def main() -> None:
    """Read all partitions up to their ends, a batch at a time."""
    servers, address, index = sys.argv[1:]
    remaining, client = sum(ends(servers).values()), Elasticsearch(address)
    consumer = KafkaConsumer(
        TOPIC,
        bootstrap_servers=servers,
        group_id=f"naive-{index}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    while remaining:
        polled = consumer.poll(timeout_ms=1000, max_records=BATCH)
        values = [record.value for records in polled.values() for record in records]
        for ok, item in helpers.parallel_bulk(client, actions(values, index), thread_count=THREADS):
            if not ok:
                raise RuntimeError(item)
        consumer.commit()
        remaining -= len(values)
    consumer.close()


def actions(values: Iterable[bytes], index: str) -> Iterator[dict[str, Any]]:
    """Turn JSON values into what the client's helpers take."""
    for value in values:
        article = json.loads(value)
        yield {"_index": index, "_id": article["article_id"], "_source": article}


if __name__ == "__main__":
    main()
