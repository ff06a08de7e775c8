"""Which schema a file has, and bringing it up to date: once, by the owner, before anybody reads or writes."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection

from campaign.errors import CampaignError, UsageError
from campaign.store import disk
from campaign.store.sqlite import one_transaction

HEAD = "0010"
"""The newest migration; a test holds it to the folder."""

_MIGRATIONS = Path(__file__).parent / "migrations"


def require(file: Path) -> None:
    """Raises UsageError if there is no such file."""
    if not file.exists():
        raise UsageError(f"There is no database {file}.", "`campaign run LEADS.csv` makes one.")


def check(file: Path) -> None:
    """Raises UsageError if there is no database of today's schema in `file`; never makes or changes one."""
    require(file)
    if _cut_off(file):
        raise UsageError(
            f"Whoever wrote to {file} last was interrupted.",
            "`campaign resume` takes back what is half written, then try again.",
        )
    found = _version(file)
    if found is None:
        raise UsageError(f"There is no campaign in {file} yet.", "`campaign run LEADS.csv` makes one.")
    if found != HEAD:
        _refuse_unless_older(file, found)
        raise UsageError(
            f"{file} was made by an older campaign.", "`campaign resume` brings it up to date, then try again."
        )


def lags(file: Path) -> bool:
    """Whether an older version made it, or whoever made it or wrote to it last was interrupted."""
    if _cut_off(file):
        return True
    found = _version(file)
    return found is None or found < HEAD


def prepare(file: Path) -> bool:
    """Make or migrate `file`, whose lock the caller holds; True if it was made, or empty.

    Raises CampaignError when it is damaged, UsageError when it is somebody else's or newer; nothing is changed then.
    """
    made = not file.exists()
    if made:
        with disk.to_write(file):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    else:
        found = _version(file, mode="rw")  # what a crash left half written is taken back by who may write
        made = found is None
        _refuse_damaged(file)
        if found == HEAD:
            return False
        _refuse_unless_older(file, found)
    upgrade(file)
    return made


def upgrade(file: Path) -> None:
    """All migrations that `file` lacks, in one transaction."""
    from sqlalchemy import URL, create_engine
    from sqlalchemy.exc import DBAPIError

    engine = create_engine(URL.create("sqlite", database=str(file)))
    one_transaction(engine)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except DBAPIError as broken:
        raise CampaignError(
            f"{file} cannot be written: {broken.orig}. Nothing in it was changed.",
            "Free space or make the folder writable, then try again.",
        ) from None
    finally:
        engine.dispose()


def migrate(connection: Connection) -> None:
    """All migrations that the database lacks, inside the caller's transaction."""
    # Alembic takes half a second to import: only who needs it pays.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _cut_off(file: Path) -> bool:
    """Whether something half written must be taken back first, which only who may write can."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT name FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as broken:
        return broken.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK
    return False


def _version(file: Path, mode: str = "ro") -> str | None:
    """The schema's version; None for an empty file. Raises CampaignError when it is damaged or somebody else's."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode={mode}", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                return None
            if "alembic_version" not in tables:
                raise UsageError(f"{file} is a database, but not one of campaign's.", "Name another with --db.")
            found: tuple[str] | None = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return found[0] if found else None
    except sqlite3.DatabaseError as broken:
        raise CampaignError(
            f"{file} cannot be read as a database: {broken}.", "Restore it from a copy, or name another with --db."
        ) from None


def _refuse_damaged(file: Path) -> None:
    """Every page is looked at before anything is built on it: half a gigabyte in a second."""
    with disk.to_read(file), closing(sqlite3.connect(file)) as connection:
        told: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if told != "ok":
        raise CampaignError(
            f"{file} is damaged: {' '.join(told.split())}. Nothing in it was changed.",
            "Restore it from a copy: it asks Exotel for the calls it missed. `campaign verify` tells what is damaged.",
        )


def _refuse_unless_older(file: Path, found: str | None) -> None:
    if found is not None and found > HEAD:
        raise UsageError(f"{file} was made by a newer campaign.", "Install the newer version; nothing was changed.")
