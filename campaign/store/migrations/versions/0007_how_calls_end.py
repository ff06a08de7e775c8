"""How the last calls of a campaign ended: what decides whether it must be paused before its list is spent"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("last_ends", sa.Text(), nullable=True))
