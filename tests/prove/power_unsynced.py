"""`campaign` with a database that is not synced at every commit: run in its place, to see that `power` notices."""

import sys
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[2])

from sqlalchemy import event  # noqa: E402  after the path is right
from sqlalchemy.engine import Engine  # noqa: E402

from campaign.__main__ import main  # noqa: E402


@event.listens_for(Engine, "begin")
def _before_each_transaction(connection: Any) -> None:
    """SQLite takes the wish only between transactions: this one is asked before the product's own."""
    connection.exec_driver_sql("PRAGMA synchronous = NORMAL")


main()
