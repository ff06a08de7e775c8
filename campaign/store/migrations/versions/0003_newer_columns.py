"""How many people of a list were known and stood there otherwise"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("import") as imported:
        imported.add_column(sa.Column("changed", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_lead_columns_import", "lead_columns", ["import_id"])
