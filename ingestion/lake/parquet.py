"""One day of the lake as one plain Parquet file, in memory that does not grow with the day."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.lake.manifest import ContractRef
from ingestion.lake.profiles import Profile, Sieve
from ingestion.lake.table import CONTRACT, DAY, ROW_GROUP
from schemas.arrow import arrow_schema

GROUP_BYTES = 256 * 1024 * 1024
"""A row group is closed early at this size in memory: bodies can be of any length."""

IDENTITY = ("article_id", "version", "content_hash", "lineage")
"""The columns that tell which record of the log a row is."""

DICTIONARY_COLUMNS = (
    "publisher.id",
    "publisher.name",
    "publisher.domain",
    "publisher.country",
    "publisher.language",
    "publisher.timezone",
    "source.id",
    "source.kind",
    "source.url",
    "section",
    "genre",
    "language.code",
    "rights.access",
    "extraction.method",
    "lineage.topic",
    "lineage.run_id",
    "lineage.code_version",
)


class Written(NamedTuple):
    """What was written: rows, the rows there were and the digest of their records, and those withheld."""

    rows: int
    lake_rows: int
    records: str
    withheld: dict[str, int]


class Records:
    """A digest of the contract and of a set of rows, the same in whatever order these come."""

    def __init__(self, contract: ContractRef, profile: Profile | None = None) -> None:
        choice = profile.fingerprint if profile else ""
        self._sum = int(contract.fingerprint, 16) + int(choice or "0", 16)
        self.rows = 0

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Count in the rows of a batch that has the columns `IDENTITY`."""
        lineage = batch.column("lineage")
        keys = (
            *(batch.column(name) for name in IDENTITY[:-1]),
            *(pc.struct_field(lineage, name) for name in ("topic", "partition", "offset")),
        )
        for row in zip(*(key.to_pylist() for key in keys), strict=True):
            self._sum += int.from_bytes(sha256(repr(row).encode()).digest())
        self.rows += batch.num_rows

    def digest(self) -> str:
        """Return the digest, in hexadecimal."""
        return f"{self._sum % 2**256:064x}"


def write_day(
    path: Path, batches: Iterable[pa.RecordBatch], contract: ContractRef, profile: Profile
) -> Written:
    """Write those rows of the lake that a profile takes as Parquet, without the partition column."""
    import pyarrow.parquet as pq

    schema = arrow_schema(CONTRACT)
    records, sieve, rows = Records(contract, profile), Sieve(profile), 0
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=list(DICTIONARY_COLUMNS),
        write_page_index=True,
        bloom_filter_options={"article_id": {"ndv": ROW_GROUP, "fpp": 0.01}},
    ) as writer:
        writer.add_key_value_metadata(
            {
                "contract_name": contract.name,
                "contract_version": str(contract.version),
                "contract_fingerprint": contract.fingerprint,
                "rights_profile": profile.name,
            }
        )
        for group in row_groups(_sieved(batches, records, sieve)):
            rows += group.num_rows
            writer.write_table(group.drop([DAY]).cast(schema), row_group_size=ROW_GROUP)
    return Written(rows, records.rows, records.digest(), dict(+sieve.withheld))


def _sieved(batches: Iterable[pa.RecordBatch], records: Records, sieve: Sieve) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        records.add(batch)
        yield sieve.kept(batch)


def row_groups(batches: Iterable[pa.RecordBatch], *, group_bytes: int = GROUP_BYTES) -> Iterator[pa.Table]:
    """Put batches together into tables of 10,000 rows, fewer at the end or where rows are large."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows < ROW_GROUP and size < group_bytes:
            continue
        table = pa.Table.from_batches(waiting)
        yield table.slice(0, ROW_GROUP)
        rest = table.slice(ROW_GROUP)
        waiting, rows, size = rest.to_batches(), rest.num_rows, rest.nbytes
    if rows:
        yield pa.Table.from_batches(waiting)
