"""What the account allows just now: the limit that the provider tells, and what its refusals have left of the rate"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("allowance", sa.JSON()))
