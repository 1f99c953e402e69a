"""When each source is due and why it failed, hosts and their robots.txt, positions, backfills."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add them; what was known of the sources moves along, and all of them are due."""
    for table in ("pages", "listings"):
        op.add_column(table, sa.Column("digest", sa.String(64)))
    _create_source_states()
    _create_hosts()
    _create_backfills()


def _create_source_states() -> None:
    op.create_table(
        "source_states",
        sa.Column("source_id", sa.String(255), primary_key=True),
        sa.Column("attempted_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("interval_seconds", sa.Float, nullable=False),
        sa.Column("succeeded_at", TIME),
        sa.Column("failures_in_a_row", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text),
        sa.Column("cause", sa.String(32)),
        sa.Column("gap_seconds", sa.Float),
        sa.Column("new_item_at", TIME),
        sa.Column("moved_to", sa.Text),
        sa.Column("gone_at", TIME),
    )
    op.execute(
        "INSERT INTO source_states"
        " (source_id, attempted_at, due_at, interval_seconds, succeeded_at, failures_in_a_row, failure)"
        " SELECT source_id, attempted_at, attempted_at, 0, succeeded_at, failures_in_a_row, failure"
        " FROM source_health"
    )
    op.drop_table("source_health")
    op.create_table(
        "bookmarks",
        sa.Column("source_id", sa.String(255), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("kept_at", TIME, nullable=False),
    )


def _create_hosts() -> None:
    op.create_table(
        "hosts",
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("held_until", TIME),
        sa.Column("failures_in_a_row", sa.Integer, nullable=False),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.String(300), primary_key=True),
        sa.Column("body", sa.LargeBinary),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
    )


def _create_backfills() -> None:
    op.create_table(
        "backfills",
        sa.Column("backfill_id", sa.String(255), primary_key=True),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("paused_at", TIME),
    )
    op.create_table(
        "backfill_buckets",
        sa.Column("backfill_id", sa.String(255), primary_key=True),
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("plan", sa.LargeBinary, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("began_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("failure", sa.Text),
    )
