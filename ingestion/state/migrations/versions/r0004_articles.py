"""What is remembered of articles beside their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    _copies()
    _versions()


def _copies() -> None:
    """The window in which near copies are found."""
    op.create_table(
        "copies",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("log", sa.BigInteger, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("article_id", sa.String(64), nullable=False, index=True),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("links", sa.LargeBinary, nullable=False),
        sa.Column("placed", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("log", "offset", name="one_place_per_record"),
    )
    op.create_table(
        "copy_keys",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("copy_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )


def _versions() -> None:
    """The versions made lately, whole, and the addresses to which one goes back."""
    op.create_table(
        "article_texts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("article_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("article_id", "version", name="one_text_per_version"),
    )
    op.create_table(
        "rechecks",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("article_id", sa.String(64), nullable=False),
        sa.Column("source_id", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False, index=True),
        sa.Column("due_at", TIME),
        sa.Column("changed_at", TIME),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("changes", sa.Integer, nullable=False),
    )
    op.create_index("rechecks_that_are_due", "rechecks", ["source_id", "due_at"])
