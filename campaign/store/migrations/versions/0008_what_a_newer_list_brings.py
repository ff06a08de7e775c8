"""What a newer list brings beside columns: more numbers for a person, and another priority"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lead_number", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("lead_columns", sa.Column("priority", sa.Integer(), nullable=True))
