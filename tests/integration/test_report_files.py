"""The four files of a campaign, read back with the standard library and counted again."""

import csv
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from campaign.core import records
from campaign.core.attempt import Attempt, AttemptId, AttemptState, Disposition
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, CampaignState, LeadId, LeadState, Outcome, PhoneNumber
from campaign.core.records import RejectReason
from campaign.errors import CampaignError
from campaign.ports import Insight
from campaign.report import files
from campaign.report.rows import ATTEMPT_COLUMNS, LEAD_COLUMNS, REJECT_COLUMNS
from campaign.report.summary import Length, Summary, summary

NOON = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
TEN_SECONDS, INDIA = timedelta(seconds=10), ZoneInfo("Asia/Kolkata")
FIRST, SECOND = ("phone", "name", "outcome"), ("name", "phone", "=city")
NASTY = 'Line one\r\nline "two", three'
SITE = records.Account("https://api.in.exotel.com", "example", simulated=False)
CAMPAIGN = records.CampaignRecord(
    CampaignId(1), "diwali", SITE, records.AccountId(1), CampaignState.RUNNING, "", NOON, policy_version=1, settings={}
)


@dataclass(frozen=True)
class Ledger:
    """As much of Insight as a report reads, in lists; `breaks_at`: the lead before which reading fails."""

    files: Sequence[records.ImportRecord]
    called: Sequence[records.LeadRecord]
    refused: Sequence[records.RejectRecord]
    chunk: int = 2
    breaks_at: int | None = None

    async def imports(self, campaign: CampaignId) -> Sequence[records.ImportRecord]:
        return self.files

    async def leads(self, campaign: CampaignId) -> AsyncIterator[Sequence[records.LeadRecord]]:
        for at in range(0, len(self.called), self.chunk):
            if self.breaks_at is not None and at >= self.breaks_at:
                raise OSError(28, "No space left on device")
            yield self.called[at : at + self.chunk]

    async def rejects(self, campaign: CampaignId) -> AsyncIterator[Sequence[records.RejectRecord]]:
        for at in range(0, len(self.refused), self.chunk):
            yield self.refused[at : at + self.chunk]


def imported(number: int, header: Sequence[str], new: int, known: int, rejects: int) -> records.ImportRecord:
    lines, file = new + known + rejects, records.ImportId(number)
    return records.ImportRecord(file, "leads.csv", header, "phone", lines, new, known, rejects, NOON)


def lead(
    lead_id: int,
    line: int,
    fate: Outcome | LeadState,
    *attempts: records.AttemptRecord,
    reason: str = "",
    header: Sequence[str] = FIRST,
    cells: Sequence[str] = ("098123", "Asha", "hot"),
) -> records.LeadRecord:
    state, outcome = (LeadState.DONE, fate) if isinstance(fate, Outcome) else (fate, None)
    final_at = NOON if outcome else None
    number = PhoneNumber(f"+9198123{lead_id:05}")
    own = [replace(one, lead_id=LeadId(lead_id), number=number, attempt_no=n) for n, one in enumerate(attempts, 1)]
    return records.LeadRecord(
        LeadId(lead_id), "leads.csv", line, number, state, outcome, reason, NOON, final_at, header, cells, own
    )


def attempt(
    fate: Disposition | AttemptState, *, talk: int | None = None, total: int | None = None, price: str | None = None
) -> records.AttemptRecord:
    state, disposition = (AttemptState.ACCEPTED, fate) if isinstance(fate, Disposition) else (fate, None)
    if disposition is Disposition.NOT_PLACED:
        state = AttemptState.UNKNOWN
    call = Attempt(AttemptId(1), state, disposition, sent_at=NOON)
    whose = (PublicId("a1"), 0, LeadId(0), PhoneNumber("+919812300000"), "08012300000", "http://my.exotel.com/flow")
    return records.AttemptRecord(
        call,
        *whose,
        policy_version=1,
        provider_status="",
        reserved_at=NOON,
        started=None,
        ended="2026-11-25 12:01:00",
        duration_sec=total,
        conversation_sec=talk,
        price=price,
        recording_url=None,
        error="",
    )


def reject(line: int, why: RejectReason, cells: Sequence[str], header: Sequence[str] = FIRST) -> records.RejectRecord:
    return records.RejectRecord("leads.csv", header, records.Reject(line, "phone", "=12", why, "ten digits", cells))


BUSY = attempt(Disposition.BUSY, total=12, price="0.00")
SILENT = attempt(Disposition.NO_ANSWER, total=60, price="0.10")
TALKED = attempt(Disposition.COMPLETED, talk=30, total=45, price="1.20")
SHORT = attempt(Disposition.COMPLETED, talk=9, total=40)
TOTAL_ONLY = attempt(Disposition.COMPLETED, total=10, price="0.90")
UNTOLD = attempt(Disposition.COMPLETED)
DOUBT = attempt(AttemptState.UNKNOWN)
PROVED = attempt(Disposition.NOT_PLACED)

LEADS = [
    lead(1, 2, Outcome.COMPLETED, BUSY, TALKED, reason="answered", cells=("098123", "=1+1", "hot")),
    lead(2, 4, Outcome.COMPLETED, SHORT, reason="answered", cells=("0", NASTY, "")),
    lead(3, 7, Outcome.COMPLETED, TOTAL_ONLY, reason="answered"),
    lead(4, 8, Outcome.COMPLETED, UNTOLD, reason="answered"),
    lead(5, 9, Outcome.NO_ANSWER, SILENT, SILENT, reason="2 of 2 calls made"),
    lead(6, 10, LeadState.RETRY_WAIT, BUSY, reason="busy, call 1 of 2"),
    lead(7, 11, LeadState.HELD, SILENT, PROVED, DOUBT, reason="in doubt"),
    lead(8, 12, LeadState.PENDING),
    lead(9, 3, Outcome.FAILED, attempt(Disposition.FAILED), header=SECOND, cells=("lone\rreturn", "0", "Pune")),
    lead(10, 5, LeadState.IN_FLIGHT, attempt(AttemptState.REFUSED), DOUBT, header=SECOND, cells=("Uma", "1", "-")),
]
REJECTS = [
    reject(3, RejectReason.NOT_A_NUMBER, ("=12", "Ravi", "")),
    reject(13, RejectReason.TOO_FEW_FIELDS, ("12",)),
    reject(2, RejectReason.EMPTY, ("Lata", "", "Goa"), SECOND),
    reject(4, RejectReason.NOT_A_NUMBER, ("Om", "x", "Agra", "extra"), SECOND),
]
LEDGER = Ledger([imported(1, FIRST, 8, 0, 2), imported(2, SECOND, 2, 3, 2)], LEADS, REJECTS)


async def written(out: Path, ledger: Ledger = LEDGER, campaign: records.CampaignRecord = CAMPAIGN) -> files.Files:
    return await files.write(cast("Insight", ledger), campaign, out, zone=INDIA, reached_after=TEN_SECONDS)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def rows(path: Path) -> list[dict[str, str]]:
    head, *rows = table(path)
    return [dict(zip(head, row, strict=True)) for row in rows]


def totals(report: files.Files) -> Any:
    return json.loads(report.summary.read_text(encoding="utf-8"))


def every_byte(report: files.Files) -> list[bytes]:
    return [path.read_bytes() for path in (report.leads, report.attempts, report.rejects, report.summary)]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def positive(counts: dict[str, int]) -> dict[str, int]:
    return {key: count for key, count in counts.items() if count}


async def test_the_columns_are_the_promised_ones_and_the_lists_own_follow(tmp_path: Path) -> None:
    report = await written(tmp_path / "out")
    assert table(report.leads)[0] == [*LEAD_COLUMNS, "phone", "name", "csv.outcome", "'=city"]
    assert table(report.attempts)[0] == list(ATTEMPT_COLUMNS)
    assert table(report.rejects)[0] == list(REJECT_COLUMNS)


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
async def test_every_line_stands_in_order_of_file_and_line(tmp_path: Path, chunk: int) -> None:
    report = await written(tmp_path, replace(LEDGER, chunk=chunk))
    lines = [(row["source_line"], row["lead_id"]) for row in rows(report.leads)]
    first = [("2", "1"), ("3", ""), ("4", "2"), ("7", "3"), ("8", "4"), ("9", "5"), ("10", "6"), ("11", "7")]
    assert lines == [*first, ("12", "8"), ("13", ""), ("2", ""), ("3", "9"), ("4", ""), ("5", "10")]


async def test_own_cells_come_back_as_written_and_formulas_are_harmless(tmp_path: Path) -> None:
    report = await written(tmp_path)
    named = {row["source_line"] + row["lead_id"]: row for row in rows(report.leads)}
    assert named["21"]["name"] == "'=1+1"
    assert named["42"]["name"] == NASTY
    assert named["39"]["name"] == "lone\rreturn"
    assert named["3"]["phone"] == "'=12"
    assert (named["510"]["name"], named["510"]["phone"], named["510"]["'=city"]) == ("Uma", "1", "'-")
    assert named["4"]["'=city"] == "Agra"
    assert [row["value"] for row in rows(report.rejects)] == ["'=12"] * len(REJECTS)


async def test_no_cell_of_any_file_begins_like_a_formula(tmp_path: Path) -> None:
    report = await written(tmp_path)
    cells = [cell for path in (report.leads, report.attempts, report.rejects) for row in table(path) for cell in row]
    running = [cell for cell in cells if re.match(r"[=+\-@\t\r\n\0]", cell)]
    assert running
    assert [cell for cell in running if not re.fullmatch(r"\+[1-9][0-9]{6,14}", cell)] == []


async def test_lines_end_with_a_line_feed_and_there_is_no_byte_order_mark(tmp_path: Path) -> None:
    report = await written(tmp_path, Ledger([imported(1, FIRST, 1, 0, 0)], [LEADS[2]], []))
    for path in (report.leads, report.attempts, report.rejects):
        content = path.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert content[:1].isalpha()


async def test_the_summary_agrees_with_the_files_counted_again(tmp_path: Path) -> None:
    report = await written(tmp_path)
    told, lines, attempts = totals(report), rows(report.leads), rows(report.attempts)
    leads = [row for row in lines if row["lead_id"]]
    waiting = [row for row in leads if not row["outcome"]]

    assert told["lines"] == len(lines) + sum(file["known"] for file in told["files"])
    assert told["leads"]["total"] == len(leads)
    assert positive(told["outcomes"]) == Counter(row["outcome"] for row in leads if row["outcome"])
    states = {state.value: told["leads"][state] for state in LeadState if state is not LeadState.DONE}
    assert positive(states) == Counter(row["outcome_reason"] for row in waiting)
    assert sum(told["waiting"].values()) == len(waiting)
    assert told["rejects"] == Counter(row["outcome_reason"] for row in lines if row["outcome"] == "rejected")
    assert told["rejects"] == Counter(row["reason"] for row in rows(report.rejects))
    by_number = {(n, how): k for n, counts in told["attempts"]["by_number"].items() for how, k in counts.items()}
    assert by_number == Counter((row["attempt_no"], row["disposition"] or row["state"]) for row in attempts)
    assert told["attempts"]["total"] == len(attempts)
    assert told["in_doubt"] == sum(row["state"] == "unknown" and not row["disposition"] for row in attempts)
    assert told["cost"]["not_priced"] == sum(row["state"] == "accepted" and not row["cost"] for row in attempts)


async def test_the_cost_is_the_same_in_all_three_files(tmp_path: Path) -> None:
    report = await written(tmp_path)
    of_leads, of_attempts = (
        sum(Decimal(row["cost"]) for row in rows(path) if row["cost"]) for path in (report.leads, report.attempts)
    )
    cost = totals(report)["cost"]
    assert Decimal(cost["total"]) == of_leads == of_attempts == Decimal("2.40")
    assert cost["currency"] == "INR"


async def test_the_rates_follow_from_leads_csv_by_their_formulas(tmp_path: Path) -> None:
    report = await written(tmp_path)
    leads = [row for row in rows(report.leads) if row["lead_id"]]
    answered = [row for row in leads if row["outcome"] == "completed"]
    again = [row for row in leads if int(row["attempts"]) > 1]
    rates = totals(report)["rates"]
    assert {name: rate["value"] for name, rate in rates.items()} == {
        "connect_rate": len(answered) / len(leads),
        "answer_rate": len(answered) / (len(answered) + sum(row["outcome"] in ("no_answer", "busy") for row in leads)),
        "failure_rate": sum(row["outcome"] == "failed" for row in leads) / len(leads),
        "retry_success": round(sum(row["outcome"] == "completed" for row in again) / len(again), 4),
        "average_attempts_to_connect": sum(int(row["attempts"]) for row in answered) / len(answered),
        "cost_per_connected": 0.6,
    }
    assert all(" / " in rate["formula"] for rate in rates.values())


async def test_reached_says_which_length_showed_it(tmp_path: Path) -> None:
    assert totals(await written(tmp_path))["reached"] == {
        "leads": 2,
        "reached_after_sec": 10.0,
        "by_length_of": {"conversation": 1, "total": 1},
        "length_not_told": 1,
    }


async def test_a_file_is_told_with_its_lines_even_where_two_bear_one_name(tmp_path: Path) -> None:
    assert totals(await written(tmp_path))["files"] == [
        {"file": "leads.csv", "lines": 10, "new": 8, "known": 0, "changed": 0, "rejects": 2},
        {"file": "leads.csv", "lines": 7, "new": 2, "known": 3, "changed": 0, "rejects": 2},
    ]


async def test_an_empty_campaign_has_headers_and_no_rates(tmp_path: Path) -> None:
    report = await written(tmp_path, Ledger([], [], []))
    assert [len(table(path)) for path in (report.leads, report.attempts, report.rejects)] == [1, 1, 1]
    told = totals(report)
    assert {rate["value"] for rate in told["rates"].values()} == {None}
    assert told["cost"] == {"total": None, "currency": "INR", "not_priced": 0}


async def test_only_a_simulated_campaign_says_that_nobody_was_called(tmp_path: Path) -> None:
    real = totals(await written(tmp_path))
    account = replace(SITE, simulated=True)
    simulated = totals(await written(tmp_path, campaign=replace(CAMPAIGN, account=account)))
    assert (real["simulated"], real.get("note")) == (False, None)
    assert (simulated["simulated"], simulated["note"]) == (True, "simulated: nobody was called")


async def test_the_same_ledger_gives_the_same_bytes_however_it_is_read(tmp_path: Path) -> None:
    once = every_byte(await written(tmp_path / "once"))
    again = every_byte(await written(tmp_path / "again", replace(LEDGER, chunk=7)))
    assert once == again


async def test_chunks_leave_no_seam_in_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await written(tmp_path / "whole")
    monkeypatch.setattr(files, "_CHUNK", 3)
    parts = await written(tmp_path / "parts")
    assert [table(parts.leads), table(parts.attempts)] == [table(whole.leads), table(whole.attempts)]


async def test_folder_and_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "reports" / "diwali"
    await written(out)
    assert out.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in out.iterdir()}
    assert modes == dict.fromkeys(("leads.csv", "attempts.csv", "rejects.csv", "summary.json"), 0o600)


async def test_a_report_that_fails_leaves_the_last_one_and_nothing_else(tmp_path: Path) -> None:
    before = await written(tmp_path, Ledger([], [], []))
    kept = every_byte(before)
    with pytest.raises(CampaignError, match="No space left on device") as told:
        await written(tmp_path, replace(LEDGER, breaks_at=6))
    assert "--out" in told.value.hint
    assert every_byte(before) == kept
    assert names(tmp_path) == {"leads.csv", "attempts.csv", "rejects.csv", "summary.json"}


async def test_a_new_report_takes_the_place_of_one_others_could_read(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("old")
    (tmp_path / "leads.csv").chmod(0o644)
    report = await written(tmp_path)
    assert report.leads.stat().st_mode & 0o777 == 0o600
    assert table(report.leads)[0][0] == "source_file"


async def test_a_folder_that_cannot_be_is_refused_with_a_word(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CampaignError, match="cannot be written"):
        await written(tmp_path / "out")


async def test_the_screen_is_told_the_same_totals_as_the_file(tmp_path: Path) -> None:
    told = totals(await written(tmp_path))
    counted: Summary = await summary(cast("Insight", LEDGER), CAMPAIGN, reached_after=TEN_SECONDS)
    assert (counted.lines, counted.leads, counted.reached_leads) == (17, 10, told["reached"]["leads"])
    assert counted.reached[Length.NOT_TOLD] == told["reached"]["length_not_told"]
    assert counted.waiting == told["waiting"]
    assert counted.outcomes == positive(told["outcomes"])
    assert (counted.in_doubt, counted.not_priced) == (told["in_doubt"], told["cost"]["not_priced"]) == (2, 3)
    assert counted.cost == Decimal("2.40")
