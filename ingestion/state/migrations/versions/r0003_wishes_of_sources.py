"""Which address a source has moved from, and the pause that it asks for itself."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them; both are learned again at the next reading."""
    op.add_column("source_states", sa.Column("moved_from", sa.Text))
    op.add_column("source_states", sa.Column("ttl_seconds", sa.Float))
