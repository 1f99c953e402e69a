"""What every side of the lake shares: where the table lies, its shape, and its faults."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from deltalake import BloomFilterProperties, ColumnProperties, DeltaTable, WriterProperties
from deltalake.exceptions import DeltaError, DeltaProtocolError

from ingestion.errors import ConfigurationError, Unavailable
from schemas.arrow import arrow_schema

CONTRACT = "article"
DAY = "ingested_date"
ROW_GROUP = 10_000
FRESH_LEVEL, KEPT_LEVEL = 1, 3
"""Levels of zstd: when rows arrive, where level 3 takes twice the time for a tenth of the size; and when
small files are made into large ones."""

PLAIN_COLUMNS = ("content_hash", "canonical_url", "declared_canonical_url", "discovered_url", "fetched_url")
TEXT_COLUMNS = ("headline", "abstract", "body")
CONFIGURATION = {
    # Without this the log would repeat the first words of bodies, and cut times to milliseconds.
    "delta.dataSkippingStatsColumns": "article_id,version",
    "delta.checkpointInterval": "100",
}


class Location(NamedTuple):
    """Where a lake lies: an address the library knows, and the folder where it is on this machine."""

    uri: str
    folder: Path | None
    options: Mapping[str, str]


def locate(url: str, options: Mapping[str, str] | None = None) -> Location:
    """Read `file:` with an absolute or a relative path, or the address of an object store.

    Raises `ConfigurationError`.
    """
    scheme, colon, rest = url.partition(":")
    if not colon or not rest:
        raise ConfigurationError(f"the lake's address {url!r} needs a scheme, as in file:data/lake or s3://…")
    if scheme != "file":
        return Location(url, None, dict(options or {}))
    folder = Path(rest.removeprefix("//")).absolute()
    return Location(str(folder), folder, {})


def open_table(location: Location) -> DeltaTable | None:
    """Open the table as it stands now; None where there is none yet. Raises `Unavailable`."""
    with faults(location):
        if not DeltaTable.is_deltatable(location.uri, dict(location.options)):
            return None
        return DeltaTable(location.uri, storage_options=dict(location.options))


def create_table(location: Location) -> DeltaTable:
    """Make the empty table, or open the one that another process has just made."""
    with faults(location):
        return DeltaTable.create(
            location.uri,
            schema=lake_schema(),
            mode="ignore",
            partition_by=[DAY],
            configuration=CONFIGURATION,
            storage_options=dict(location.options),
        )


@contextmanager
def faults(location: Location) -> Iterator[None]:
    """Turn the library's faults into ours."""
    try:
        yield
    except DeltaProtocolError as error:
        raise ConfigurationError(f"the table at {location.uri} needs a newer reader: {error}") from error
    except (DeltaError, OSError) as error:
        raise Unavailable(f"the lake at {location.uri}: {error}") from error


def lake_schema() -> pa.Schema:
    """Return the contract's columns in their order, then the day the article came in."""
    doc = "The UTC day of ingested_at; the lake's partition."
    return arrow_schema(CONTRACT).append(pa.field(DAY, pa.date32(), metadata={"doc": doc}))


def writer_properties(level: int = KEPT_LEVEL) -> WriterProperties:
    """Return how Parquet is written: dictionaries for words that recur, none where no two are alike."""
    plain = ColumnProperties(dictionary_enabled=False)
    return WriterProperties(
        compression="ZSTD",
        compression_level=level,
        max_row_group_size=ROW_GROUP,
        dictionary_page_size_limit=256 * 1024,
        default_column_properties=ColumnProperties(dictionary_enabled=True, statistics_enabled="PAGE"),
        column_properties={
            "article_id": _identity_properties(),
            **dict.fromkeys(PLAIN_COLUMNS, plain),
            **dict.fromkeys(TEXT_COLUMNS, _text_properties()),
        },
    )


def _identity_properties() -> ColumnProperties:
    bloom = BloomFilterProperties(set_bloom_filter_enabled=True, fpp=0.01, ndv=ROW_GROUP)
    return ColumnProperties(
        dictionary_enabled=False, statistics_enabled="PAGE", bloom_filter_properties=bloom
    )


def _text_properties() -> ColumnProperties:
    return ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE")
