"""The writing side of the lake: rows and log offsets in one Delta commit, so each row is there once."""

from collections.abc import Mapping
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from ingestion.errors import Fenced, Invalid, Unavailable
from ingestion.lake.durable import sync_commit
from ingestion.lake.table import (
    CONTRACT,
    DAY,
    FRESH_LEVEL,
    create_table,
    faults,
    lake_schema,
    locate,
    open_table,
    writer_properties,
)
from ingestion.ports import Columns, Positions, TopicId, TopicPartition
from schemas import latest
from schemas.arrow import arrow_schema
from schemas.plain_arrow import table_from


class DeltaLake:
    """`ports.Lake` over a Delta table, on this machine's disk or on an object store.

    One handle is for one thread. Every step that is decided by where the lake stands reads the log
    first; the commit itself is refused by Delta where another one for the same log partition came
    between.
    """

    def __init__(
        self, url: str, storage_options: Mapping[str, str] | None = None, *, topic_id: TopicId = str
    ) -> None:
        self._location = locate(url, storage_options)
        self._table: DeltaTable | None = None
        self._topic_id = cache(topic_id)

    def next_offset(self, partition: TopicPartition) -> int | None:
        """Where the lake stands in this log, None if it holds nothing of it. Raises `Unavailable`."""
        table = self._refreshed()
        return table.transaction_version(self._application(partition)) if table else None

    def append(self, articles: Columns, starts: Positions, ends: Positions) -> None:
        """Commit articles and `ends` together. A start beyond where the lake stands is taken: logs have gaps.

        Raises `Fenced`, `Unavailable`, and `Invalid` where the columns are not those of the contract.
        """
        moved = {partition: end for partition, end in ends.items() if end != starts[partition]}
        if articles.num_rows and not moved:
            raise ValueError("rows without moved offsets would be stored again by the next replay")
        rows = lake_columns(articles)
        table = self._refreshed()
        self._refuse_older_starts(table, starts, ends)
        if not moved:
            return
        if table is None:
            table = create_table(self._location)
            self._refuse_older_starts(table, starts, ends)  # another process may have made and filled it
        try:
            with faults(self._location):
                self._commit(table, rows, self._commit_properties(moved))
        except Unavailable:
            self._table = None
            self._refuse_older_starts(self._refreshed(), starts, ends)
            raise

    def _refreshed(self) -> DeltaTable | None:
        if self._table is None:
            self._table = open_table(self._location)
        else:
            with faults(self._location):
                self._table.update_incremental()
        return self._table

    def _commit(self, table: DeltaTable, rows: pa.Table, properties: CommitProperties) -> None:
        if not rows.num_rows:
            table.create_write_transaction(
                [], "append", table.schema(), partition_by=[DAY], commit_properties=properties
            )
        else:
            write_deltalake(
                table,
                as_known(rows, pa.schema(table.schema().to_arrow())),
                mode="append",
                schema_mode="merge",
                writer_properties=writer_properties(FRESH_LEVEL),
                commit_properties=properties,
            )
        if self._location.folder:
            sync_commit(self._location.folder, table.version())
        self._table = table

    def _refuse_older_starts(self, table: DeltaTable | None, starts: Positions, ends: Positions) -> None:
        for partition in ends:
            standing = table.transaction_version(self._application(partition)) if table else None
            if standing is not None and standing > starts[partition]:
                raise Fenced(
                    f"the lake stands at {standing} in {partition.topic}-{partition.partition}, beyond "
                    f"{starts[partition]}: another worker has stored these records"
                )

    def _commit_properties(self, moved: Positions) -> CommitProperties:
        contract = latest(CONTRACT)
        return CommitProperties(
            app_transactions=[Transaction(self._application(at), end) for at, end in moved.items()],
            custom_metadata={"contract": f"{contract.name}.v{contract.version}"},
        )

    def _application(self, at: TopicPartition) -> str:
        """Delta's name for who writes: the very log, so that offsets of another one mean nothing here."""
        return f"{at.topic}-{at.partition}@{self._topic_id(at.topic)}"


def lake_columns(articles: Columns) -> pa.Table:
    """Add the day to the contract's columns. Raises `Invalid` where they are others, or lack a value."""
    table = table_from(articles)
    if not table.schema.equals(arrow_schema(CONTRACT)):
        raise Invalid(f"columns that are not those of the contract: {table.schema.to_string()}")
    for field in table.schema:
        if not field.nullable and table.column(field.name).null_count:
            raise Invalid(f"rows that break their contract: {field.name} is null")
    day = pc.cast(table.column("ingested_at"), pa.date32())
    return table.append_column(lake_schema().field(DAY), day)


def as_known(rows: pa.Table, known: pa.Schema) -> pa.Table:
    """Say of columns what the table says, as Delta demands; what is new to it is null in its older rows."""
    fields = [
        field.with_metadata(known.field(field.name).metadata)
        if field.name in known.names
        else field.with_nullable(True)
        for field in rows.schema
    ]
    return pa.Table.from_arrays(rows.columns, schema=pa.schema(fields))
