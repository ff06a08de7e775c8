"""The file: made by the migrations alone, private, refused when it is somebody else's, and opened as it must be."""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError

from campaign.core.keyed import Key
from campaign.core.lead import CampaignState
from campaign.core.records import Account
from campaign.errors import CampaignError, UsageError
from campaign.store import insight, ledger, schema, tables
from campaign.store.sqlite import Database, reading, writing
from tests.builders import NOON, policy
from tests.integration.house import connections_closed

NAMES = ["campaign.db", "my calls.db", "a?b.db", "a#b.db", "100%25.db", "fünf & sechs.db"]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the schema and nothing else; not to be changed."""
    file = tmp_path_factory.mktemp("schema") / "empty.db"
    assert schema.prepare(file)
    return file


@pytest.fixture
def file(empty: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    copy = tmp_path / "campaign.db"
    copy.write_bytes(empty.read_bytes())
    return copy


@pytest.fixture
def connection(file: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def execute(file: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute(statement, values)


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


# --- the schema ------------------------------------------------------------------------------------------------------


def test_the_schema_is_the_sum_of_the_migrations(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, tables.metadata) == []


def test_the_conditions_of_the_partial_indexes_are_the_same_too(connection: Connection) -> None:
    found = {
        index["name"]: (bool(index["unique"]), str(index["dialect_options"]["sqlite_where"]))
        for table in tables.metadata.tables
        for index in inspect(connection).get_indexes(table)
        if "sqlite_where" in index.get("dialect_options", {})
    }
    meant = {
        str(index.name): (index.unique, str(index.dialect_options["sqlite"]["where"]))
        for table in tables.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert found == meant
    assert meant["uq_attempt_live"] == (True, tables.LIVE)


def test_head_is_the_newest_migration_and_there_is_one_line_of_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


COUNTED = {f"{table}_{what}" for table in ("lead", "attempt") for what in ("comes", "goes", "changes")}


def test_whatever_migrations_do_the_counters_are_kept(connection: Connection) -> None:
    found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
    assert set(found) >= COUNTED


def test_what_was_there_before_there_were_counters_is_counted(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{tmp_path / 'older.db'}")
    with engine.begin() as older:
        config.attributes["connection"] = older
        command.upgrade(config, "0003")
        older.execute(
            text(
                "INSERT INTO lead (campaign_id, import_id, source_line, state, outcome, reason, columns_version) "
                "VALUES (1, 1, 2, 'done', 'busy', 'a', 1), (1, 1, 3, 'done', 'busy', 'b', 1), "
                "(1, 1, 4, 'pending', NULL, 'c', 1)"
            )
        )
        command.upgrade(config, "head")
        counted = older.execute(text("SELECT state, outcome, reason, leads FROM lead_count ORDER BY state")).all()
        older.execute(text("UPDATE lead SET state = 'in_flight' WHERE state = 'pending'"))
        moved = older.execute(text("SELECT state, leads FROM lead_count WHERE reason = 'c' ORDER BY state")).all()
    engine.dispose()
    assert [tuple(row) for row in counted] == [("done", "busy", "", 2), ("pending", "", "c", 1)]
    assert [tuple(row) for row in moved] == [("in_flight", 1), ("pending", 0)]


def test_ids_are_never_given_twice(connection: Connection) -> None:
    made: str = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'attempt'")).scalar_one()
    assert "AUTOINCREMENT" in made


@pytest.mark.parametrize("change", ["UPDATE event SET kind = 'other'", "DELETE FROM event"])
def test_events_can_only_be_added(file: Path, change: str) -> None:
    execute(file, "INSERT INTO event (at, kind, data) VALUES ('2026-03-04', 'ended', '{}')")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        execute(file, change)


def attempt_row(file: Path, number_hash: str, state: str, disposition: str | None = None) -> None:
    execute(
        file,
        "INSERT INTO attempt (public_id, campaign_id, account_id, lead_id, number_position, number_hash, attempt_no, "
        "columns_version, state, disposition, reserved_at, error, provider_status) "
        "VALUES (hex(randomblob(8)), 1, 1, abs(random()), 0, ?, 1, 1, ?, ?, '', '', '')",
        number_hash,
        state,
        disposition,
    )


@pytest.mark.parametrize("state", ["sending", "accepted", "unknown"])
def test_the_file_itself_refuses_a_second_live_attempt_of_a_number(file: Path, state: str) -> None:
    attempt_row(file, "a", "accepted", "busy")
    attempt_row(file, "a", "refused")
    attempt_row(file, "a", "reserved")
    attempt_row(file, "a", state)
    attempt_row(file, "b", state)
    for other in ("sending", "accepted", "unknown"):
        with pytest.raises(sqlite3.IntegrityError, match="number_hash"):
            attempt_row(file, "a", other)


# --- making and refusing ---------------------------------------------------------------------------------------------


def test_a_new_file_is_private_and_made_once(tmp_path: Path) -> None:
    file = tmp_path / "campaign.db"
    assert schema.prepare(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not schema.prepare(file)
    schema.check(file)


def test_a_file_whose_making_was_interrupted_is_finished(tmp_path: Path) -> None:
    file = tmp_path / "campaign.db"
    file.touch(0o600)
    with pytest.raises(UsageError, match="no campaign in"):
        schema.check(file)
    schema.prepare(file)
    schema.check(file)


def cut_off(file: Path, folder: Path) -> Path:
    """The file and its journal as a kill leaves them in the middle of a commit."""
    folder.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as writing:
        writing.execute("PRAGMA cache_size = 1")
        writing.execute("BEGIN IMMEDIATE")
        writing.executemany("INSERT INTO meta VALUES (?, ?)", [(str(number), "x" * 200) for number in range(500)])
        for each in file.parent.glob(f"{file.name}*"):
            shutil.copy(each, folder)
    return folder / file.name


def test_what_a_kill_left_half_written_is_taken_back_by_the_next_owner(file: Path, tmp_path: Path) -> None:
    left = cut_off(file, tmp_path / "killed")
    assert left.with_name("campaign.db-journal").exists()
    with pytest.raises(UsageError, match="was interrupted") as told:
        schema.check(left)
    assert "`campaign resume` takes back" in told.value.hint
    assert schema.lags(left)
    assert not schema.prepare(left)
    assert not schema.lags(left)
    schema.check(left)
    with closing(sqlite3.connect(left)) as reading:
        assert reading.execute("SELECT count(*) FROM meta").fetchone() == (0,)


def test_a_file_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "campaign.db"
    for refuse in (schema.require, schema.check):
        with pytest.raises(UsageError, match=r"no database .*campaign\.db"):
            refuse(file)
    assert list(tmp_path.iterdir()) == []


def refused(file: Path, kind: type[CampaignError], match: str) -> None:
    """By both who write and who read, and left as it was."""
    before = file.read_bytes()
    for refuse in (schema.prepare, schema.check):
        with pytest.raises(kind, match=match):
            refuse(file)
    assert file.read_bytes() == before


def test_the_schema_of_a_newer_program_is_refused(file: Path) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '9999'")
    refused(file, UsageError, "newer campaign")


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "photos.db"
    execute(file, "CREATE TABLE photo (name TEXT)")
    refused(file, UsageError, "not one of campaign's")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "leads.db"
    file.write_text("phone,city\n" * 1000)
    refused(file, CampaignError, "cannot be read as a database")


def test_a_damaged_file_is_refused(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[100:4096] = b"\xff" * 3996
    file.write_bytes(data)
    refused(file, CampaignError, "cannot be read as a database")


def test_whichever_page_is_damaged_nothing_is_built_on_it(file: Path) -> None:
    whole, size = file.read_bytes(), 4096
    for page in range(1, len(whole) // size):
        damaged = whole[: page * size] + b"\xa5" * size + whole[(page + 1) * size :]
        file.write_bytes(damaged)
        with pytest.raises(CampaignError, match=r"damaged|cannot be read") as refused:
            schema.prepare(file)
        assert "estore it from a copy" in refused.value.hint
        assert file.read_bytes() == damaged
    file.write_bytes(whole)
    assert not schema.prepare(file)


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    file = tmp_path / "campaign.db"
    file.touch()
    assert schema.prepare(file)


def test_an_older_schema_is_refused_to_who_reads(file: Path) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(UsageError, match="older campaign"):
        schema.check(file)


@pytest.mark.parametrize("name", NAMES)
async def test_any_name_of_a_file_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    schema.prepare(file)
    schema.check(file)
    async with (
        ledger.opened(file, Key(b"key"), lambda _: policy()) as store,
        insight.opened(file) as books,
    ):
        made = await store.open_campaign(
            "spring", Account("https://api.example.test", "example", simulated=False), {}, NOON
        )
        assert await books.campaigns() == [made]
    assert names(tmp_path) == [name]


def test_the_program_may_be_installed_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = Path(schema.__file__).parent / "migrations"
    elsewhere = shutil.copytree(scripts, tmp_path / "100% mine" / "migrations", ignore=shutil.ignore_patterns("*.pyc"))
    monkeypatch.setattr(schema, "_MIGRATIONS", elsewhere)
    assert schema.prepare(tmp_path / "campaign.db")
    schema.check(tmp_path / "campaign.db")


# --- how it is opened ------------------------------------------------------------------------------------------------


async def pragma(database: Database, name: str) -> Any:
    return await database.run(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())


async def test_the_writing_connection_survives_a_power_cut(file: Path) -> None:
    database = writing(file)
    assert await pragma(database, "journal_mode") == "wal"
    assert await pragma(database, "synchronous") == 2, "FULL"
    assert await pragma(database, "foreign_keys") == 1
    assert await pragma(database, "secure_delete") == 1
    await database.close()


async def test_a_write_begins_by_taking_the_file_for_itself(file: Path) -> None:
    begun: list[str] = []
    database = writing(file)
    event.listen(database.engine, "before_cursor_execute", lambda *args: begun.append(args[2]))
    await database.run(lambda connection: connection.execute(text("SELECT 1")))
    await database.close()
    assert begun[0] == "BEGIN IMMEDIATE"


async def test_a_reader_cannot_write(file: Path) -> None:
    database = reading(file)
    assert await pragma(database, "query_only") == 1
    await database.run(lambda connection: connection.exec_driver_sql("PRAGMA query_only = OFF"))
    with pytest.raises(OperationalError, match="readonly"):
        await database.run(lambda connection: connection.exec_driver_sql("INSERT INTO meta VALUES ('a', 'b')"))
    await database.close()


async def test_a_reader_never_makes_a_file(tmp_path: Path) -> None:
    async with connections_closed(), insight.opened(tmp_path / "campaign.db") as books:
        with pytest.raises(CampaignError, match="unable to open"):
            await books.campaigns()
    assert names(tmp_path) == []


async def test_a_reader_beside_the_owner_sees_what_was_committed(file: Path) -> None:
    account = Account("https://api.example.test", "example", simulated=False)
    async with ledger.opened(file, Key(b"key"), lambda _: policy()) as store:
        made = await store.open_campaign("spring", account, {}, NOON)
        schema.check(file)
        async with insight.opened(file) as books:
            await store.set_state(made.id, CampaignState.RUNNING, "", NOON)
            assert [each.state for each in await books.campaigns()] == [CampaignState.RUNNING]
        assert not store.busy
