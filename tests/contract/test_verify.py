"""`campaign verify` finds what was tampered with, names it, and finds nothing where nothing was."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from campaign.cli.verify import verify_campaigns
from campaign.core.checks import Check
from campaign.core.guard import Send
from campaign.core.records import Owner
from campaign.errors import CampaignError, Occupied
from campaign.settings import parse
from campaign.store import lock
from campaign.wiring.proving import auditing
from tests.builders import NOON
from tests.contract import small_ledger


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ledger") / "campaign.db"
    asyncio.run(small_ledger.write(file))
    return file


@pytest.fixture
def database(untouched: Path, tmp_path: Path) -> Path:
    copyfile(untouched, tmp_path / "campaign.db")
    return tmp_path / "campaign.db"


def tamper(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        assert connection.execute(statement).rowcount != 0, "nothing was tampered with"
        connection.commit()


async def checked(database: Path) -> list[Check]:
    async with auditing(database) as audit:
        [campaign] = await audit.campaigns()
        return [*await audit.of_campaign(campaign.id), *await audit.of_database()]


def broken(checks: Sequence[Check]) -> dict[str, str]:
    return {check.what: check.first for check in checks if check.breaches}


async def test_an_untouched_ledger_holds_and_every_check_has_looked_at_something(database: Path) -> None:
    checks = await checked(database)
    assert broken(checks) == {}
    assert all(check.count for check in checks)


async def test_the_figures_are_those_of_the_ledger(database: Path) -> None:
    figures = {check.what: check for check in await checked(database)}
    assert figures["lines"].count == 8
    assert figures["lines"].parts == {"new": 7, "known": 0, "rejects": 1}
    assert figures["leads"].count == sum(figures["leads"].parts.values()) == 7
    assert figures["attempts"].count == sum(figures["attempts"].parts.values()) == 8
    assert figures["one at a time"].count == 6
    assert figures["channels"].count == 7


SETTING = "UPDATE policy_version SET settings = json_set(settings, '$.{}', {})"
TAMPERED = {
    "a file that brought fewer known lines": ("UPDATE import SET known = 3", "lines", "leads.csv: 3 known, 0"),
    "a reject that is gone": ("DELETE FROM reject", "lines", "leads.csv: 0 rejects, 1 when it was loaded"),
    "a file that is gone from sight": ("UPDATE import SET visible_at = NULL", "lines", "1 files were loaded, 0"),
    "a line that is a lead and a reject": ("UPDATE reject SET source_line = 2", "lines", "line 2 is there 2 times"),
    "a call at a number before its turn": (
        "UPDATE attempt SET number_position = 1 WHERE id = 1",
        "numbers in order",
        "attempt 1 went to number 2 of its lead, the turn was that of number 1",
    ),
    "a lead that is gone": ("DELETE FROM lead WHERE id = 7", "lines", "leads.csv: 6 new, 7 when it was loaded"),
    "a counter that is wrong": (
        "UPDATE lead_count SET leads = 9 WHERE outcome = 'completed'",
        "counters",
        "leads done completed: 9 by the counter,",
    ),
    "a count of calls that is gone": ("DELETE FROM attempt_count", "counters", "0 by the counter"),
    "a lead done without an outcome": ("UPDATE lead SET outcome = NULL WHERE id = 1", "leads", "lead 1 is done with"),
    "a lead whose outcome was changed": (
        "UPDATE lead SET outcome = 'busy' WHERE id = 1",
        "events",
        "line 2 of leads.csv: outcome is busy, the events say completed",
    ),
    "a lead that is due again": (
        "UPDATE lead SET state = 'pending', outcome = NULL, final_at = NULL WHERE id = 1",
        "events",
        "state is pending, the events say done",
    ),
    "a call that ended otherwise": (
        "UPDATE attempt SET disposition = 'failed' WHERE id = 1",
        "events",
        "line 2 of leads.csv, attempt 1: disposition is failed, the events say completed",
    ),
    "a call that was to another number": (
        "UPDATE attempt SET number_hash = 'x' WHERE id = 1",
        "events",
        "attempt 1: number_hash is x",
    ),
    "a call that is gone": ("DELETE FROM attempt WHERE id = 1", "events", "the events know it, the table does not"),
    "events that are gone": (
        "DELETE FROM event WHERE attempt_id = 1",
        "events",
        "line 2 of leads.csv: state is done, the events say pending",
    ),
    "a sending that is not in the events": (
        "DELETE FROM event WHERE kind = 'sent' AND attempt_id = 1",
        "events",
        "(accepted) does not follow what attempt 1 was",
    ),
    "an event of another kind": ("UPDATE event SET kind = 'xx' WHERE kind = 'refused'", "events", "cannot be read"),
    "a refusal of a call that was accepted": (
        "UPDATE attempt SET refusal = 'later' WHERE id = 1",
        "attempts",
        "attempt 1 is accepted and refused",
    ),
    "a reservation that was sent": (
        "UPDATE attempt SET state = 'reserved', disposition = NULL WHERE id = 1",
        "attempts",
        "attempt 1 is reserved and was sent",
    ),
    "an end that nobody told": ("UPDATE attempt SET ended_at = NULL WHERE id = 1", "attempts", "and over, with no end"),
    "a state that cannot have that end": (
        "UPDATE attempt SET state = 'sending' WHERE id = 1",
        "attempts",
        "attempt 1 is sending and completed",
    ),
    "one call of two attempts": (
        "UPDATE attempt SET call_sid = (SELECT call_sid FROM attempt WHERE id = 1) WHERE id = 2",
        "attempts",
        "attempts 1 and 2 have the same call",
    ),
    "settings that are not there": ("UPDATE attempt SET policy_version = 9 WHERE id = 1", "attempts", "settings 9"),
    "more calls to a lead than allowed": (SETTING.format("retry.max_attempts", 1), "calls per lead", "is call 2 of"),
    "calls outside the hours": (SETTING.format("window.hours", "'01:00-02:00'"), "calling hours", "outside"),
    "calls too soon after one another": (SETTING.format("retry.min_gap", "'1h'"), "gap", "1140 s after the end"),
    "too many calls a day": (SETTING.format("retry.per_day", 1), "calls a day", "is call 2 to its number"),
    "too many calls at once": (SETTING.format("pace.channels", 1), "channels", "was call 2 at once, 1 are allowed"),
    "two calls of a number at once": (
        "UPDATE attempt SET ended_at = '2026-03-05T00:00:00.000000Z' WHERE id = 2",
        "one at a time",
        "was sent while attempt 2 to the same number was alive",
    ),
    "events about nobody": (
        "UPDATE event SET lead_id = 99 WHERE kind = 'refused'",
        "stray events",
        "is about a lead that is not there",
    ),
    "a row that points nowhere": ("UPDATE attempt SET account_id = 9 WHERE id = 1", "references", "row 1 of attempt"),
    "settings that cannot be read": ("UPDATE policy_version SET settings = '{\"pace\": 1}'", "limits", "pace"),
}


@pytest.mark.parametrize("case", TAMPERED)
async def test_what_was_tampered_with_is_found_and_named(database: Path, case: str) -> None:
    statement, what, words = TAMPERED[case]
    tamper(database, statement)
    assert words in broken(await checked(database)).get(what, f"{what} holds")


async def test_a_call_that_no_event_made_is_found(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "CREATE TEMP TABLE copy AS SELECT * FROM attempt WHERE id = 1;"
            "UPDATE copy SET id = 99, attempt_no = 2, public_id = 'x', call_sid = NULL;"
            "INSERT INTO attempt SELECT * FROM copy;"
        )
    first = broken(await checked(database))["events"]
    assert first == "line 2 of leads.csv, attempt 99: the table has it, no event made it"


async def test_two_live_attempts_of_one_number_are_found_where_the_index_is_gone(database: Path) -> None:
    tamper(database, "DROP INDEX uq_attempt_live")
    tamper(database, "UPDATE attempt SET disposition = NULL, ended_at = NULL WHERE lead_id = 2")
    assert "alive or in doubt" in broken(await checked(database))["one at a time"]


async def test_a_damaged_page_is_found(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        [size] = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_event_number_hash'"
        [page] = connection.execute(query).fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))
    assert broken(await checked(database))["pages"]


async def test_an_index_that_lacks_a_row_is_found(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(number_hash)', '(kind)') WHERE name = 'ix_event_number_hash'"
        )
        connection.commit()
    assert "missing from index ix_event_number_hash" in broken(await checked(database))["pages"]


async def test_a_call_that_was_entered_afterwards_is_not_judged(database: Path) -> None:
    tamper(database, SETTING.format("window.hours", "'01:00-02:00'"))
    [hours] = [check for check in await checked(database) if check.what == "calling hours"]
    assert (hours.count, hours.breaches) == (8, 7)


async def test_a_call_by_hand_before_ours_counts_for_the_gap(database: Path) -> None:
    tamper(database, "UPDATE event SET id = -id WHERE kind = 'stranger'")  # it was known before any call
    tamper(database, "UPDATE stranger SET created_at = '2026-03-04T06:29:00.000000Z'")
    assert broken(await checked(database)) == {
        "gap": "attempt 1 was sent 60 s after the end of another to its number, the gap is 0:05:00"
    }


async def test_it_reads_beside_a_writer_and_sees_one_instant(database: Path) -> None:
    async with auditing(database) as audit:
        [campaign] = await audit.campaigns()
        tamper(database, "UPDATE lead SET outcome = 'busy' WHERE id = 1")
        assert broken(await audit.of_campaign(campaign.id)) == {}


def run(database: Path, *, provider: bool = False, name: str | None = None) -> int:
    with pytest.raises(SystemExit) as ended:
        verify_campaigns(name, provider=provider, simulate=False, config=None, db=database)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command_ends_with_0_and_a_figure_for_each_check(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    assert run(database) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["lines", "8"] and line.endswith("ok") for line in lines)
    assert lines[-1] == "Everything holds."


def test_the_command_ends_with_1_and_the_first_breach_of_each_kind(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    tamper(database, "UPDATE lead SET outcome = 'busy'")
    assert run(database, name="spring") == 1
    out = capsys.readouterr().out
    assert out.count("first: ") == 3
    assert "BROKEN: leads, counters, events." in out


def test_no_number_is_printed(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    tamper(database, "UPDATE attempt SET disposition = 'failed', number_hash = 'x' WHERE id = 1")
    run(database)
    assert "98123" not in capsys.readouterr().out


def test_the_provider_is_not_asked_beside_an_owner(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(database.parent)
    with lock.held(lock.lock_file(database), Owner(1, NOON), "The database"), pytest.raises(Occupied) as refused:
        verify_campaigns(None, provider=True, simulate=False, config=None, db=database)
    assert refused.value.exit_code == 6


def test_what_is_no_ledger_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign.db").write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(CampaignError, match="cannot be read as a database"):
        verify_campaigns(None, provider=False, simulate=False, config=None, db=tmp_path / "campaign.db")


async def test_guards_that_let_everything_pass_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = small_ledger.SETTINGS.model_dump(mode="json")
    tables["retry"] |= {"per_day": 1, "min_gap": "1h"}
    tables["pace"]["channels"] = 1
    monkeypatch.setattr("campaign.core.guard.may_send", lambda *_: Send())
    await small_ledger.write(tmp_path / "campaign.db", parse(tables, "the test"))
    assert broken(await checked(tmp_path / "campaign.db")).keys() == {"gap", "calls a day", "channels"}
