"""The reading side of the lake: days, batches of bounded size, the versions of one article."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from string import hexdigits
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from ingestion.lake.table import CONTRACT, DAY, ROW_GROUP, faults, lake_schema, locate, open_table
from ingestion.ports import Row
from schemas.arrow import with_defaults

ADDRESSES = ("canonical_url", "discovered_url", "fetched_url")


class DayFiles(NamedTuple):
    """What the lake holds of one day: its data files, their rows and bytes."""

    day: date
    files: tuple[str, ...]
    rows: int
    bytes: int


class LakeReader:
    """One version of the lake, as it stood when this was made. A lake that is not there yet is empty."""

    def __init__(self, url: str, storage_options: Mapping[str, str] | None = None) -> None:
        self._location = locate(url, storage_options)
        self._table: DeltaTable | None = open_table(self._location)

    @property
    def version(self) -> int | None:
        """The version of the Delta table; None where there is none yet."""
        return self._table.version() if self._table else None

    def days(self) -> list[DayFiles]:
        """List what the lake holds of each day, oldest first; asks the log alone."""
        if self._table is None:
            return []
        with faults(self._location):
            actions = pa.table(self._table.get_add_actions(flatten=True))
        found: dict[date, list[dict[str, Any]]] = {}
        for action in actions.select([f"partition.{DAY}", "path", "num_records", "size_bytes"]).to_pylist():
            found.setdefault(action[f"partition.{DAY}"], []).append(action)
        return [_day_files(day, found[day]) for day in sorted(found)]

    def count(self) -> int:
        """Count the rows; asks the log alone."""
        return sum(day.rows for day in self.days())

    def batches(self, day: date, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield one day in batches of at most 10,000 rows, always in the same order."""
        yield from self._scan(pc.field(DAY) == day, [(DAY, "=", day)], columns)

    def day(self, day: date, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one day whole."""
        schema = pa.schema([lake_schema().field(name) for name in columns or lake_schema().names])
        return pa.Table.from_batches(self.batches(day, columns), schema=schema)

    def versions_of(self, article_id: str) -> list[Row]:
        """Return every version of an article as its contract has it, oldest first."""
        found = pa.Table.from_batches(self._scan(pc.field("article_id") == article_id), schema=lake_schema())
        ordered = found.sort_by([("version", "ascending"), ("fetched_at", "ascending")])
        rows: list[Row] = ordered.drop([DAY]).to_pylist(maps_as_pydicts="strict")
        return rows

    def articles_named(self, name: str, shortest_id: int) -> list[str]:
        """Ids of the articles at an address, or whose id begins so, if that has so many characters."""
        is_at = reduce(or_, (pc.field(column) == name for column in ADDRESSES))
        begins = name.lower()
        if len(begins) >= shortest_id and all(char in hexdigits for char in begins):
            is_at |= pc.starts_with(pc.field("article_id"), pattern=begins)
        found = {
            row["article_id"]
            for batch in self._scan(is_at, None, ["article_id"])
            for row in batch.to_pylist()
        }
        return sorted(found)

    def history(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return what the log says of its commits, newest first."""
        with faults(self._location):
            return self._table.history(limit) if self._table else []

    def _scan(
        self,
        condition: pc.Expression,
        pruning: list[tuple[str, str, Any]] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        if self._table is None:
            return
        import pyarrow.dataset as ds

        reading = ds.ParquetFragmentScanOptions(use_buffered_stream=True, pre_buffer=False)
        with faults(self._location):
            dataset = self._table.to_pyarrow_dataset(
                schema=lake_schema(), file_pruning_predicate=pruning, filesystem=self._filesystem()
            )
            batches = dataset.to_batches(
                columns=list(columns) if columns else None,
                filter=condition,
                batch_size=ROW_GROUP,
                batch_readahead=1,
                fragment_readahead=1,
                fragment_scan_options=reading,
            )
            yield from (with_defaults(CONTRACT, batch) for batch in batches)

    def _filesystem(self) -> Any:
        """Arrow's own on this machine: the library's asks Python, and hangs where a process ends mid-scan."""
        import pyarrow.fs

        folder = self._location.folder
        return pyarrow.fs.SubTreeFileSystem(str(folder), pyarrow.fs.LocalFileSystem()) if folder else None


def _day_files(day: date, actions: list[dict[str, Any]]) -> DayFiles:
    return DayFiles(
        day,
        tuple(sorted(action["path"] for action in actions)),
        sum(action["num_records"] for action in actions),
        sum(action["size_bytes"] for action in actions),
    )
