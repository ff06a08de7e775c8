"""Whether the first calls of a campaign were looked at, after which it went on or was paused"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("tried_out", sa.Boolean(), nullable=True))
