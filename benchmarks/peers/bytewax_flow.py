"""Bytewax with its Kafka source, and a Parquet sink written for this, as it ships none.

bytewax_flow.py SERVERS SCHEMA FOLDER
"""

import sys
from pathlib import Path
from typing import Any

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main
from common import TOPIC, columns, rows_of, written

BATCH = 10_000


class _Files(StatelessSinkPartition[bytes]):
    def __init__(self, schema: Any, folder: Path) -> None:
        self._schema, self._folder = schema, folder
        self._batch: list[bytes] = []
        self._number = 0

    def write_batch(self, items: list[bytes]) -> None:
        self._batch.extend(items)
        while len(self._batch) >= BATCH:
            self._write(self._batch[:BATCH])
            self._batch = self._batch[BATCH:]

    def close(self) -> None:
        self._write(self._batch)

    def _write(self, batch: list[bytes]) -> None:
        written(rows_of(batch), self._schema, self._folder / f"{self._number:05d}.parquet")
        self._number += 1


class _ParquetSink(DynamicSink[bytes]):
    def __init__(self, schema: Any, folder: Path) -> None:
        self._schema, self._folder = schema, folder

    def build(self, _step: str, _index: int, _count: int) -> _Files:
        return _Files(self._schema, self._folder)


def main() -> None:
    """Read all partitions up to their ends."""
    servers, schema_path, folder = sys.argv[1:]
    flow = Dataflow("articles")
    source = KafkaSource([servers], [TOPIC], tail=False, batch_size=1000)
    values = op.map("value", op.input("kafka", flow, source), lambda message: message.value)
    op.output("files", values, _ParquetSink(columns(schema_path), Path(folder)))
    run_main(flow)


if __name__ == "__main__":
    main()
