"""The loop that one writes first: kafka-python, `json`, pyarrow, and the offsets after each file.

naive.py SERVERS SCHEMA FOLDER
"""

import sys
from pathlib import Path

from common import TOPIC, columns, ends, rows_of, written
from kafka import KafkaConsumer

BATCH = 10_000


def main() -> None:
    """Read all partitions up to their ends and write a file for every so many records."""
    servers, schema_path, folder = sys.argv[1:]
    schema, remaining = columns(schema_path), sum(ends(servers).values())
    consumer = KafkaConsumer(
        TOPIC,
        bootstrap_servers=servers,
        group_id=f"naive-{Path(folder).name}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    batch: list[bytes] = []
    number = 0
    for record in consumer:
        batch.append(record.value)
        remaining -= 1
        if len(batch) == BATCH or not remaining:
            written(rows_of(batch), schema, Path(folder, f"{number:05d}.parquet"))
            consumer.commit()
            batch, number = [], number + 1
        if not remaining:
            break
    consumer.close()


if __name__ == "__main__":
    main()
