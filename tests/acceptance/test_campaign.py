"""A whole campaign: everybody on the list is called, and the files tell of each of them what the town tells."""

import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.fates import OF_SCRIPT, expected
from tests.acceptance.town import ROOT, Ended, Office, Row, a_town, an_office, callbacks
from tests.acceptance.town_log import OUTCOME, TownLog, told

SCRIPTS = [*OF_SCRIPT, *OF_SCRIPT]
FORMULAS = ['=HYPERLINK("http://example.org","win")', "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1+1"]
OURS = ("attempt_id", "call_sid", "resolved_by")
STATUS_KEYS = {"name", "state", "leads", "outcomes", "attempts", "unknown", "waiting", "next_at", "running"}
STATUS_KEYS |= {"finishing", "latest"}
LEAD_STATES = {"total", "pending", "in_flight", "retry_wait", "held", "done"}


@dataclass(frozen=True, slots=True)
class Finished:
    """An office whose campaign is over, and the other side's word for it."""

    office: Office
    run: Ended
    numbers: list[str]
    log: TownLog


def _finish(folder: Path, **heard: str) -> Iterator[Finished]:
    with a_town(folder) as town, an_office(folder / "office", town) as office:
        numbers = office.write_list(SCRIPTS, names=FORMULAS)
        run = office.types("run", "leads.csv", "--yes", **heard)
        late = office.types("resume", **heard)
        assert late.code == 0, late
        yield Finished(office, run, numbers, TownLog(town.log))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """Without a public address: ends are asked for."""
    yield from _finish(tmp_path_factory.mktemp("asked"))


def test_everybody_on_a_list_is_called_as_the_policy_says_and_the_run_ends_with_0(finished: Finished) -> None:
    assert finished.run.code == 0, finished.run
    assert told(finished.office.leads()) == expected(finished.numbers, SCRIPTS)


def test_the_town_tells_the_same_story_of_every_number(finished: Finished) -> None:
    assert finished.log.stories(finished.numbers) == expected(finished.numbers, SCRIPTS)
    assert not finished.log.tokens_posted_twice()
    assert f"; {len(finished.log.of('call'))} calls," in finished.run.out, "refused ones are none"


def test_with_callbacks_the_final_tables_are_the_same(finished: Finished, tmp_path: Path) -> None:
    for heard in _finish(tmp_path, **callbacks()):
        assert [_lasting(row) for row in heard.office.table("leads.csv")] == [
            _lasting(row) for row in finished.office.table("leads.csv")
        ]
        assert _attempts(heard) == _attempts(finished)
        assert {row["resolved_by"] for row in heard.office.table("attempts.csv")} == {"callback", "response"}
        assert {row["resolved_by"] for row in finished.office.table("attempts.csv")} == {"poll", "response"}


def test_durations_and_prices_of_all_calls_are_there_after_resume(finished: Finished) -> None:
    placed = [row for row in finished.office.table("attempts.csv") if row["call_sid"]]
    assert len(placed) == len(finished.log.of("call"))
    assert not [row for row in placed if not (row["duration_sec"] and row["cost"])]


def test_a_report_written_twice_has_the_same_bytes(finished: Finished) -> None:
    ended = finished.office.types("report", "--out", "again")
    assert ended.code == 0, ended
    again = finished.office.bytes_of("again")
    assert set(again) == {"leads.csv", "attempts.csv", "rejects.csv", "summary.json"}
    assert again == finished.office.bytes_of()


def test_what_a_spreadsheet_would_run_as_a_formula_is_harmless(finished: Finished) -> None:
    cells = [cell for row in finished.office.table("leads.csv") for cell in row.values()]
    assert sum("HYPERLINK" in cell or "SUM" in cell or "1+1" in cell for cell in cells) == 4
    dangerous = [cell for cell in cells if cell.startswith(("=", "@", "-", "\t", "+")) and cell[1:] != cell.strip("+")]
    assert not dangerous
    assert {cell for cell in cells if cell.startswith("+")} == set(finished.numbers)


def test_files_with_numbers_are_private(finished: Finished) -> None:
    folder = finished.office.folder
    files = [*(folder / "reports/leads").iterdir(), *folder.glob("campaign.db*")]
    assert len(files) >= 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_status_for_programs_has_the_documented_keys(finished: Finished) -> None:
    status = json.loads(finished.office.types("status", "--json").out)
    assert set(status) >= STATUS_KEYS
    assert set(status["leads"]) == LEAD_STATES
    assert (status["name"], status["state"], status["running"]) == ("leads", "completed", None)
    assert status["leads"]["done"] == status["leads"]["total"] == len(SCRIPTS)
    assert status["attempts"] == len(finished.log.of("call"))


def test_list_shows_the_campaign(finished: Finished) -> None:
    [line] = finished.office.types("list").out.splitlines()
    assert line.split()[:3] == ["leads", "finished", str(len(SCRIPTS))]


def test_the_same_list_again_calls_nobody(finished: Finished) -> None:
    again = finished.office.types("run", "leads.csv")
    assert again.code == 0, again
    assert "nothing new" in again.err
    assert told(finished.office.leads()) == expected(finished.numbers, SCRIPTS)


def test_the_sample_list_ends_as_its_simulate_column_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    with an_office(tmp_path, settings={"provider": {"custom_field": "{attempt}"}}) as office:
        (tmp_path / "campaign.toml").unlink()
        run = office.types("run", "samples/leads.csv", "--simulate", "--speed", "600")
        assert run.code == 0, run
        assert "nobody was called" in run.out
        leads = office.leads()
        fixed = {each: row for each, row in leads.items() if row["simulate"]}
        assert {each: row["outcome"] for each, row in fixed.items()} == {
            each: OUTCOME[row["simulate"].split()[-1]] for each, row in fixed.items()
        }
        log = TownLog(tmp_path / "campaign-simulated.db.simulator.jsonl")
        assert told(leads) == log.stories(list(leads))
        rejected = {
            row["source_line"]: row["outcome_reason"] for row in office.table("leads.csv") if not row["lead_id"]
        }
        assert rejected == {
            "8": "empty",
            "10": "digits_lost",
            "13": "not_a_number",
            "16": "duplicate",
            "19": "too_many_fields",
            "21": "invalid_number",
        }


def _lasting(row: Row) -> Row:
    """Without our own instants, and without what is drawn anew for every call."""
    return {key: cell for key, cell in row.items() if not key.endswith("_at") and key not in OURS}


def _attempts(finished: Finished) -> list[Row]:
    rows = [_lasting(row) for row in finished.office.table("attempts.csv")]
    return sorted(rows, key=lambda row: (int(row["lead_id"]), int(row["attempt_no"])))
