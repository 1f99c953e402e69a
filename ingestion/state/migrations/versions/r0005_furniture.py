"""The lines that publishers print on many articles, and which of them were taken off which version."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add them; versions that are there have lost nothing."""
    op.add_column("article_versions", sa.Column("taken_off", sa.LargeBinary))
    op.create_table(
        "publisher_lines",
        sa.Column("span", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("articles", sa.Integer, nullable=False),
        sa.Column("telling", sa.Integer, nullable=False),
        sa.Column("days", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "publisher_articles",
        sa.Column("span", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("publisher_id", sa.String(255), primary_key=True),
        sa.Column("articles", sa.Integer, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
