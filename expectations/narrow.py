"""Articles as a narrow table: measures in place of bodies and lists, so that judging them is cheap."""

from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from schemas.plain_arrow import constant

Measure = Literal["value", "chars", "count", "year"]

TIMESTAMP = pa.timestamp("us", tz="UTC")
MICROSECONDS = 1_000_000


class Column(NamedTuple):
    """One column of the narrow table: where it is found in an article, and what is kept of it."""

    name: str
    path: tuple[str, ...]
    type: pa.DataType
    measure: Measure = "value"


COLUMNS: tuple[Column, ...] = (
    Column("article_id", ("article_id",), pa.string()),
    Column("version", ("version",), pa.int32()),
    Column("content_hash", ("content_hash",), pa.string()),
    Column("canonical_url", ("canonical_url",), pa.string()),
    Column("publisher_id", ("publisher", "id"), pa.string()),
    Column("source_id", ("source", "id"), pa.string()),
    Column("document_id", ("lineage", "document_id"), pa.string()),
    Column("headline", ("headline",), pa.string()),
    Column("headline_chars", ("headline",), pa.int32(), "chars"),
    Column("abstract_chars", ("abstract",), pa.int32(), "chars"),
    Column("body_chars", ("body",), pa.int32(), "chars"),
    Column("paragraphs_count", ("paragraphs",), pa.int32(), "count"),
    Column("images_count", ("images",), pa.int32(), "count"),
    Column("authors_count", ("authors",), pa.int32(), "count"),
    Column("removed_count", ("extraction", "removed"), pa.int32(), "count"),
    Column("warnings_count", ("extraction", "warnings"), pa.int32(), "count"),
    Column("comment_count", ("comment_count",), pa.int32()),
    Column("published_at", ("published", "at"), TIMESTAMP),
    Column("published_year", ("published", "at"), pa.int32(), "year"),
    Column("published_precision", ("published", "precision"), pa.string()),
    Column("modified_at", ("modified", "at"), TIMESTAMP),
    Column("fetched_at", ("fetched_at",), TIMESTAMP),
    Column("ingested_at", ("ingested_at",), TIMESTAMP),
    Column("language_code", ("language", "code"), pa.string()),
    Column("language_confidence", ("language", "confidence"), pa.float64()),
    Column("access", ("rights", "access"), pa.string()),
    Column("mining", ("rights", "text_and_data_mining"), pa.string()),
    Column("indexing", ("rights", "indexing"), pa.string()),
    Column("archiving", ("rights", "archiving"), pa.string()),
    Column("extraction_method", ("extraction", "method"), pa.string()),
    Column("extraction_confidence", ("extraction", "confidence"), pa.float64()),
    Column("syndication_similarity", ("syndication", "similarity"), pa.float64()),
    Column("change_kind", ("change", "kind"), pa.string()),
    Column("change_previous_version", ("change", "previous_version"), pa.int32()),
)


class Lead(NamedTuple):
    """A column of whole seconds by which one time lies after another; negative where it lies before."""

    name: str
    later: str
    earlier: str


LEADS: tuple[Lead, ...] = (
    Lead("published_lead_seconds", "published_at", "ingested_at"),
    Lead("modified_lead_seconds", "modified_at", "ingested_at"),
    Lead("fetched_lead_seconds", "fetched_at", "ingested_at"),
)

NAMES: tuple[str, ...] = (*(column.name for column in COLUMNS), *(lead.name for lead in LEADS))
READ: tuple[str, ...] = tuple(dict.fromkeys(column.path[0] for column in COLUMNS))
"""The top-level columns of the contract that a narrow table is made from."""


def of_table(articles: pa.Table) -> pa.Table:
    """Make the narrow table of one that holds the columns `READ`. Bodies are measured, never copied."""
    columns = [_computed(articles, column) for column in COLUMNS]
    return _with_leads(pa.Table.from_arrays(columns, names=[column.name for column in COLUMNS]))


def _computed(articles: pa.Table, column: Column) -> pa.ChunkedArray:
    values = articles.column(column.path[0])
    for step in column.path[1:]:
        values = pc.struct_field(values, step)
    match column.measure:
        case "chars":
            values = pc.utf8_length(values)
        case "count":
            values = pc.list_value_length(values)
        case "year":
            values = pc.year(values)
    return values.cast(column.type)


def _with_leads(table: pa.Table) -> pa.Table:
    for lead in LEADS:
        apart = pc.subtract(table.column(lead.later), table.column(lead.earlier))
        table = table.append_column(lead.name, pc.divide(apart.cast(pa.int64()), constant(MICROSECONDS)))
    return table
