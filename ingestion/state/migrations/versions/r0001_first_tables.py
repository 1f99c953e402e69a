"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make them."""
    _create_claims()
    _create_source_memory()
    _create_ledger()


def _create_claims() -> None:
    op.create_table(
        "article_versions",
        sa.Column("article_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("observed_at", TIME, nullable=False),
        sa.Column("topic", sa.String(255), nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("article_id", "topic", "partition", "offset", name="one_version_per_record"),
    )
    op.create_table(
        "fingerprints",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("article_id", sa.String(64), nullable=False),
    )


def _create_source_memory() -> None:
    op.create_table(
        "pages",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("visited_at", TIME, nullable=False),
        sa.Column("failure", sa.Text),
    )
    op.create_table(
        "listings",
        sa.Column("source_id", sa.String(255), primary_key=True),
        sa.Column("links", sa.LargeBinary, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("read_at", TIME, nullable=False),
        sa.Column("failure", sa.Text),
    )
    op.create_table(
        "source_health",
        sa.Column("source_id", sa.String(255), primary_key=True),
        sa.Column("attempted_at", TIME, nullable=False),
        sa.Column("succeeded_at", TIME),
        sa.Column("failures_in_a_row", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text),
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("run_id", sa.String(255), primary_key=True),
        sa.Column("source_id", sa.String(255), primary_key=True),
        sa.Column("outcome", sa.String(255), primary_key=True),
        sa.Column("documents", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "ledger_runs",
        sa.Column("run_id", sa.String(255), primary_key=True),
        sa.Column("first_counted_at", TIME, nullable=False),
    )
    op.create_table(
        "ledger_offsets",
        sa.Column("topic", sa.String(255), primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
