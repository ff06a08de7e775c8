"""How far a database had come when this machine last saw it: a note in the user's state directory.

A file that is older than its mark is a copy that was restored, or one whose write-ahead log is gone; one without a mark
was made elsewhere. Each may have forgotten calls that were made.
"""

import json
import os
import secrets
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

from campaign.store import disk


def state_directory() -> Path:
    """Where notes about databases and accounts lie (XDG)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "campaign"


class Mark:
    """One database's note. `first_used`: when the database was. Make it before the database is open elsewhere."""

    def __init__(self, database: Path) -> None:
        identity, self.first_used = _first_use(database)
        self.file = state_directory() / f"{identity}.mark"

    def is_behind(self, last_event: int) -> bool:
        """Whether the database has forgotten something; a new one has not."""
        try:
            seen: int = json.loads(self.file.read_text())["last_event"]
        except FileNotFoundError:
            return last_event > 0
        except (OSError, ValueError, KeyError):
            return True
        return last_event < seen

    def distrust(self) -> None:
        """Behind, however far it has come, until it is set again."""
        self.set(sys.maxsize)

    def set(self, last_event: int) -> None:
        """The database has come so far. Raises CampaignError when the disk refuses."""
        with disk.to_write(self.file):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            draft = self.file.with_suffix(".draft")
            draft.write_text(json.dumps({"last_event": last_event}))
            draft.replace(self.file)


def _first_use(database: Path) -> tuple[str, datetime]:
    """The database's own name, given at its first use, and when that was; a copy keeps both.

    Written by a connection of its own, whose end leaves them in the file itself: they outlive a lost log.
    """
    with disk.to_write(database), closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO meta (name, value) "
            "VALUES ('identity', ?), ('first_used', strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) ON CONFLICT DO NOTHING",
            (secrets.token_hex(8),),
        )
        found = dict(connection.execute("SELECT name, value FROM meta WHERE name IN ('identity', 'first_used')"))
    return found["identity"], datetime.fromisoformat(found["first_used"])
