"""How far a database had come when this machine last saw it: a note in the user's state directory.

A file that is older than its mark is a copy that was restored; one without a mark was made elsewhere. Either may have
forgotten calls that were made.
"""

import json
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from campaign.store import disk


def state_directory() -> Path:
    """Where notes about databases and accounts lie (XDG)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "campaign"


class Mark:
    """One database's note."""

    def __init__(self, database: Path) -> None:
        self._file = state_directory() / f"{_identity(database)}.mark"

    def is_behind(self, last_event: int) -> bool:
        """Whether the database has forgotten something; a new one has not."""
        if last_event == 0:
            return False
        try:
            seen: int = json.loads(self._file.read_text())["last_event"]
        except (OSError, ValueError, KeyError):
            return True
        return last_event < seen

    def set(self, last_event: int) -> None:
        """The database has come so far. Raises CampaignError when the disk refuses."""
        with disk.to_write(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_suffix(".draft")
            draft.write_text(json.dumps({"last_event": last_event}))
            draft.replace(self._file)


def _identity(database: Path) -> str:
    """The database's own name, given at its first use; a copy keeps it."""
    with disk.to_write(database), closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO meta (name, value) VALUES ('identity', ?) ON CONFLICT DO NOTHING", (secrets.token_hex(8),)
        )
        found: tuple[str] = connection.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
        return found[0]
