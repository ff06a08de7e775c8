"""`campaign explain` over a real ledger: any spelling of a number, every campaign that has it, and what comes next."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.__main__ import main
from campaign.cli.main import app
from campaign.core.attempt import Disposition, Refusal, ResolvedBy
from campaign.core.events import Accepted, Asked, Ended, InDoubt, NotPlaced, Refused
from campaign.core.guard import HoldBack
from campaign.core.lead import CampaignState, Outcome, PhoneNumber
from campaign.core.records import (
    ForgottenCall,
    Intent,
    NewImport,
    NewLead,
    Owner,
    Reject,
    RejectReason,
    Release,
    Stranger,
)
from campaign.errors import SettingsError, UsageError
from campaign.store import keyfile, lock, schema
from tests.builders import CALL, NOON, NUMBER, minutes, seconds
from tests.integration.happening import OTHER_CALL, POLICY, Desk, nothing, write


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database with its key, made once: the migrations take longer than any test."""
    file = tmp_path_factory.mktemp("empty") / "campaign.db"
    schema.prepare(file)
    keyfile.load(file, None, make=True)
    return file


@pytest.fixture
def database(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = shutil.copytree(empty.parent, tmp_path / "home")
    monkeypatch.chdir(home)
    return home / empty.name


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def say(*spelling: str) -> str:
        app(["explain", *spelling, "--db", "campaign.db"], standalone_mode=False)
        return capsys.readouterr().out

    return say


Explain = Callable[..., str]


@pytest.mark.parametrize("spelling", ["98123 00001", "+91 98123 00001", "098123-00001", "+919812300001", "9812300001"])
def test_any_spelling_finds_the_number(database: Path, explain: Explain, spelling: str) -> None:
    write(database, nothing)
    said = explain(spelling)
    assert said.startswith("+919812300001\n")
    assert "spring: line 2 of leads.csv; times of Asia/Kolkata" in said


def test_a_number_may_be_typed_with_its_spaces(database: Path, explain: Explain) -> None:
    write(database, nothing)
    assert "spring: line 2" in explain("98123", "00001")


def test_a_second_line_with_the_number_is_told_as_a_duplicate(database: Path, explain: Explain) -> None:
    write(database, nothing)
    assert "spring: line 4 of leads.csv was rejected as duplicate: the same number as on line 2" in explain(
        "9812300001"
    )


def test_a_value_that_is_no_number_is_found_among_the_rejects(database: Path, explain: Explain) -> None:
    write(database, nothing)
    assert "spring: line 5 of leads.csv was rejected as invalid number: check the digits" in explain("12345")


def test_a_number_that_was_never_heard_of_ends_with_2_and_says_what_to_do(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, nothing)
    monkeypatch.setattr(sys, "argv", ["campaign", "explain", "98123 00009"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "+919812300009 is on no list here and was never called." in (told := capsys.readouterr().err)
    assert "`campaign list`" in told


def test_what_is_no_number_ends_with_2_and_shows_how_to_write_one(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["campaign", "explain", "Asha"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "98123 00001" in capsys.readouterr().err


def test_without_a_database_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["campaign", "explain", "9812300001"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert not list(tmp_path.iterdir())


def test_explaining_changes_nothing(database: Path, explain: Explain) -> None:
    write(database, lambda desk: desk.ring(NOON, Disposition.BUSY))
    before = database.read_bytes()
    explain("9812300001")
    assert database.read_bytes() == before


def test_a_call_is_told_from_its_turn_to_what_was_decided_and_when_it_comes_next(
    database: Path, explain: Explain
) -> None:
    write(database, lambda desk: desk.ring(NOON, Disposition.BUSY))
    said = explain("9812300001")
    told = [
        "12:00:00  The list leads.csv was loaded: 1 new, 0 known already, 2 rejected.",
        "12:00:00  Calling began, or went on.",
        "12:00:00  Its turn came: attempt 1 was prepared.",
        "12:00:00  Attempt 1: the request to call was sent under version 1 of the settings",
        f"12:00:01  Attempt 1: the provider accepted it, as the call {CALL}.",
        "12:00:20  Attempt 1 ended: busy (“busy”, told by a callback). Decided: to be called again from Wed 04",
        "Mar 2026 12:10:20 on, 10 min later (busy, call 1 of 4).",
        "Nobody is dialling; `campaign resume spring --simulate` goes on.",
        "Next: it is called at Wed 04 Mar 2026 12:10:20, if somebody is dialling then",
    ]
    assert [said.index(each) for each in told] == sorted(said.index(each) for each in told)


def test_a_doubt_is_told_with_its_answers_and_when_the_next_one_is_asked_for(database: Path, explain: Explain) -> None:
    async def doubtful(desk: Desk) -> None:
        reserved = await desk.send()
        await desk.record(
            reserved, InDoubt(NOON + seconds(30), "time-out"), Asked(NOON + minutes(7), 0, controlled=True)
        )

    write(database, doubtful)
    said = explain("9812300001")
    assert "Attempt 1 is in doubt (time-out)" in said
    assert "The provider was asked at Wed 04 Mar 2026 12:07:00: not in the list, control call seen." in said
    assert "It is asked next at Wed 04 Mar 2026 12:13:30, if somebody is dialling then. 1 of 2 answers" in said


def test_a_call_that_was_there_after_all_is_told_as_one(database: Path, explain: Explain) -> None:
    async def corrected(desk: Desk) -> None:
        reserved = await desk.send()
        await desk.record(
            reserved,
            InDoubt(NOON + seconds(30), "time-out"),
            NotPlaced(NOON + minutes(15), "not in the provider's list"),
            Ended(NOON + minutes(20), Disposition.COMPLETED, "completed", ResolvedBy.CALLBACK, CALL),
        )

    write(database, corrected)
    said = explain("9812300001")
    assert "Attempt 1: proved that it was never placed (not in the provider's list)" in said
    assert "12:20:00  It was there after all, against what was decided before. Attempt 1 ended: answered" in said
    assert "Finished since Wed 04 Mar 2026 12:20:00: answered" in said


def test_a_repeated_callback_is_told_as_changing_nothing(database: Path, explain: Explain) -> None:
    async def twice(desk: Desk) -> None:
        reserved = await desk.send()
        over = Ended(NOON + seconds(20), Disposition.BUSY, "busy", ResolvedBy.CALLBACK, CALL)
        await desk.record(reserved, Accepted(NOON + seconds(1), CALL), over, over)

    write(database, twice)
    assert "Heard as well, and nothing changed by it, for the attempt was over already" in explain("9812300001")


def test_a_refusal_is_told_with_its_reason(database: Path, explain: Explain) -> None:
    async def refused(desk: Desk) -> None:
        await desk.record(await desk.send(), Refused(NOON + seconds(1), Refusal.DNC, "NDNC: blocked"))

    write(database, refused)
    said = explain("9812300001")
    assert "not placed, the provider refuses the number as do-not-call (NDNC: blocked). Decided: finished, dnc" in said


def test_a_call_that_nobody_here_made_is_told_and_holds_the_next_one(database: Path, explain: Explain) -> None:
    async def by_hand(desk: Desk) -> None:
        call = Stranger(OTHER_CALL, NUMBER, "08030000000", "completed", NOON - minutes(1))
        await desk.store.note_strangers(desk.campaign.account_id, [call], NOON)

    write(database, by_hand)
    said = explain("9812300001")
    assert f"a call to this number that nobody here made ({OTHER_CALL}, Wed 04 Mar 2026 11:59:00" in said
    assert "Too soon after the last call to this number: 5 min after its end; until Wed 04 Mar 2026 12:04:00." in said


def test_a_forgotten_call_that_was_entered_is_told_as_one(database: Path, explain: Explain) -> None:
    async def forgotten(desk: Desk) -> None:
        call = Stranger(OTHER_CALL, NUMBER, "08030000000", "busy", NOON + minutes(1))
        await desk.store.adopt(desk.campaign.account_id, [ForgottenCall(call, Disposition.BUSY)], NOON + minutes(9))

    write(database, forgotten)
    assert "this older copy of the database had forgotten" in explain("9812300001")


def test_every_campaign_with_the_number_has_its_part(database: Path, explain: Explain) -> None:
    write(database, nothing)
    write(database, nothing, "summer")
    said = explain("9812300001")
    assert "spring: line 2" in said
    assert "summer: line 2" in said


def test_another_campaigns_live_call_holds_this_one(database: Path, explain: Explain) -> None:
    write(database, nothing)
    write(database, lambda desk: desk.send(), "summer")
    spring, summer = explain("9812300001").split("summer: line 2")
    assert "Another call to this number is alive (summer); until Wed 04 Mar 2026 12:06:30." in spring
    assert "The request of attempt 1 is on its way." in summer


def test_a_paused_campaign_says_so_first(database: Path, explain: Explain) -> None:
    write(database, lambda desk: desk.store.set_state(desk.campaign.id, CampaignState.PAUSED, "its people", NOON))
    assert "The campaign is paused (its people): nobody is called until somebody says so" in explain("9812300001")


def test_a_closed_rest_is_told_as_finished_without_a_call(database: Path, explain: Explain) -> None:
    write(
        database,
        lambda desk: desk.store.close_rest(desk.campaign.id, Outcome.CANCELED, "the campaign was stopped", NOON),
    )
    assert "Finished without another call: canceled (the campaign was stopped)." in explain("9812300001")


def test_the_rule_it_tells_is_the_one_that_decides(database: Path, explain: Explain) -> None:
    verdicts: list[object] = []

    async def too_soon(desk: Desk) -> None:
        await desk.ring(NOON, Disposition.BUSY)
        call = Stranger(OTHER_CALL, NUMBER, "08030000000", "busy", NOON + minutes(9))
        await desk.store.note_strangers(desk.campaign.account_id, [call], NOON + minutes(9))
        when = NOON + minutes(11)
        reserved = await desk.reserve(when)
        verdicts.extend(await desk.store.begin_sending([Intent(reserved.attempt, POLICY, 1, when)]))
        await desk.store.release([Release(reserved.attempt, None, "too soon", when)])

    write(database, too_soon)
    [verdict] = verdicts
    assert isinstance(verdict, HoldBack)
    assert verdict.until == NOON + minutes(14)
    assert f"{str(verdict.why).capitalize()}: 5 min after its end; until Wed 04 Mar 2026 12:14:00." in explain(
        "9812300001"
    )


def test_a_list_that_was_never_loaded_to_its_end_is_not_told(database: Path, explain: Explain) -> None:
    async def half(desk: Desk) -> None:
        new = NewImport(desk.campaign.id, "more.csv", "more", ("phone",), "phone", NOON)
        begun = await desk.store.begin_import(new)
        assert isinstance(begun, int)
        await desk.store.add_lines(begun, [NewLead(2, PhoneNumber("+919812300007"), ("+919812300007",))])
        await desk.store.add_lines(begun, [Reject(3, "phone", "777", RejectReason.INVALID_NUMBER, "check the digits")])

    write(database, half)
    for spelling in ("9812300007", "777"):
        with pytest.raises(UsageError):
            explain(spelling)


def test_beside_an_owner_nobody_is_told_to_resume(database: Path, explain: Explain) -> None:
    write(database, nothing)
    with lock.held(lock.lock_file(database), Owner(os.getpid(), NOON), "The database"):
        said = explain("9812300001")
    assert "resume" not in said
    assert "Next: it is called now, when its turn comes" in said


@pytest.mark.parametrize(("ends", "used"), [(False, 1), (True, 0)])
def test_a_call_to_somebody_else_uses_a_channel_until_it_ends(
    database: Path, explain: Explain, *, ends: bool, used: int
) -> None:
    async def somebody_else(desk: Desk) -> None:
        begun = await desk.store.begin_import(
            NewImport(desk.campaign.id, "more.csv", "more", ("phone",), "phone", NOON)
        )
        assert isinstance(begun, int)
        await desk.store.add_lines(begun, [NewLead(2, PhoneNumber("+919812300007"), ("",), priority=1)])
        await desk.store.finish_import(begun, NOON)
        reserved = await desk.send()
        if ends:
            await desk.record(reserved, Ended(NOON, Disposition.BUSY, "busy", ResolvedBy.CALLBACK, CALL))

    write(database, somebody_else)
    assert f"{used} of 30 channels in use" in explain("9812300001")


def test_another_key_is_refused(database: Path, explain: Explain, monkeypatch: pytest.MonkeyPatch) -> None:
    write(database, nothing)
    monkeypatch.setenv("CAMPAIGN_KEY", "somebody else's")
    with pytest.raises(SettingsError, match="numbers cannot be recognised"):
        explain("9812300001")


def test_status_counts_calls_that_nobody_here_made(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def by_hand(desk: Desk) -> None:
        calls = [
            Stranger(call, PhoneNumber(f"+91981230000{each}"), "08030000000", "completed", NOON - minutes(each))
            for each, call in enumerate([CALL, OTHER_CALL], start=1)
        ]
        await desk.store.note_strangers(desk.campaign.account_id, calls, NOON)

    write(database, by_hand)
    app(["status", "--db", "campaign.db"], standalone_mode=False)
    assert "2 calls from your number that nobody here made, the last Wed 04 Mar 11:59" in capsys.readouterr().out
    app(["status", "--json", "--db", "campaign.db"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["strangers"] == 2


def test_status_keeps_silent_about_strangers_where_there_are_none(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(database, nothing)
    app(["status", "--db", "campaign.db"], standalone_mode=False)
    assert "nobody here made" not in capsys.readouterr().out
