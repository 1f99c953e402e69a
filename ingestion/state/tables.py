"""The tables of the state, on SQLite and PostgreSQL alike. `migrations/` brings a database here."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

HEAD = "0005"
"""The newest migration; a test holds it to `migrations/versions/`."""


class Utc(TypeDecorator[datetime]):
    """Aware UTC in and out; SQLite itself would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; hand on UTC."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a naive time cannot be stored: {value}")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put the zone back on."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

article_versions = Table(
    "article_versions",
    metadata,
    Column("article_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("content_hash", String(64), nullable=False),
    Column("observed_at", Utc, nullable=False),
    Column("topic", String(255), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("taken_off", LargeBinary),
    UniqueConstraint("article_id", "topic", "partition", "offset", name="one_version_per_record"),
)

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("article_id", String(64), nullable=False),
)

publisher_lines = Table(
    "publisher_lines",
    metadata,
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("articles", Integer, nullable=False),
    Column("telling", Integer, nullable=False),
    Column("days", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

publisher_articles = Table(
    "publisher_articles",
    metadata,
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("publisher_id", String(255), primary_key=True),
    Column("articles", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    sqlite_with_rowid=False,
)

copies = Table(
    "copies",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("log", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("article_id", String(64), nullable=False, index=True),
    Column("seen_at", Utc, nullable=False),
    Column("links", LargeBinary, nullable=False),
    Column("placed", LargeBinary, nullable=False),
    UniqueConstraint("log", "offset", name="one_place_per_record"),
)

copy_keys = Table(
    "copy_keys",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("copy_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

article_texts = Table(
    "article_texts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("article_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("text", LargeBinary, nullable=False),
    UniqueConstraint("article_id", "version", name="one_text_per_version"),
)

rechecks = Table(
    "rechecks",
    metadata,
    Column("url", Text, primary_key=True),
    Column("article_id", String(64), nullable=False),
    Column("source_id", String(255), nullable=False),
    Column("host", String(255), nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False, index=True),
    Column("due_at", Utc),
    Column("changed_at", Utc),
    Column("checks", Integer, nullable=False),
    Column("changes", Integer, nullable=False),
    Index("rechecks_that_are_due", "source_id", "due_at"),
)

pages = Table(
    "pages",
    metadata,
    Column("url", Text, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("digest", String(64)),
    Column("visited_at", Utc, nullable=False),
    Column("failure", Text),
)

listings = Table(
    "listings",
    metadata,
    Column("source_id", String(255), primary_key=True),
    Column("links", LargeBinary, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("digest", String(64)),
    Column("read_at", Utc, nullable=False),
    Column("failure", Text),
)

source_states = Table(
    "source_states",
    metadata,
    Column("source_id", String(255), primary_key=True),
    Column("attempted_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("interval_seconds", Float, nullable=False),
    Column("succeeded_at", Utc),
    Column("failures_in_a_row", Integer, nullable=False),
    Column("failure", Text),
    Column("cause", String(32)),
    Column("gap_seconds", Float),
    Column("new_item_at", Utc),
    Column("moved_to", Text),
    Column("gone_at", Utc),
    Column("moved_from", Text),
    Column("ttl_seconds", Float),
)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("source_id", String(255), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("position", Text, nullable=False),
    Column("kept_at", Utc, nullable=False),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("next_at", Utc, nullable=False),
    Column("held_until", Utc),
    Column("failures_in_a_row", Integer, nullable=False),
)

robots = Table(
    "robots",
    metadata,
    Column("origin", String(300), primary_key=True),
    Column("body", LargeBinary),
    Column("note", Text, nullable=False),
    Column("read_at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)

backfills = Table(
    "backfills",
    metadata,
    Column("backfill_id", String(255), primary_key=True),
    Column("request", Text, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("paused_at", Utc),
)

backfill_buckets = Table(
    "backfill_buckets",
    metadata,
    Column("backfill_id", String(255), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("plan", LargeBinary, nullable=False),
    Column("total", BigInteger),
    Column("done", BigInteger, nullable=False),
    Column("entered", BigInteger, nullable=False),
    Column("began_at", Utc),
    Column("ended_at", Utc),
    Column("failure", Text),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("run_id", String(255), primary_key=True),
    Column("source_id", String(255), primary_key=True),
    Column("outcome", String(255), primary_key=True),
    Column("documents", BigInteger, nullable=False),
)

ledger_runs = Table(
    "ledger_runs",
    metadata,
    Column("run_id", String(255), primary_key=True),
    Column("first_counted_at", Utc, nullable=False),
)

ledger_offsets = Table(
    "ledger_offsets",
    metadata,
    Column("topic", String(255), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)
