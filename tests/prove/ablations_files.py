"""Ablations of what lies about: report files, the note of how far a database had come, words, core files, the disk."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from campaign.core.attempt import AttemptId, Disposition, ResolvedBy
from campaign.core.events import Ended
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, LeadId, PhoneNumber
from campaign.core.records import Happened, NewImport, NewLead, Reserved, Stranger
from campaign.engine.reconcile import Reconciliation
from campaign.errors import CampaignError
from campaign.report import files
from campaign.store.mark import Mark
from tests.builders import KOLKATA, NOON, NUMBER, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, House, a_house, sid
from tests.integration.test_doubts import listed, told
from tests.prove import power
from tests.prove.ablations_kit import LAUNCHER, Ablation, CannotBeShown, here, launched_by, swapped
from tests.prove.canary_needles import NUMBERS
from tests.prove.canary_office import ROOT, _let_cores_be_written, may_write_cores
from tests.prove.part import Extent

HERE = Path(__file__).parent
NASTY = "=HYPERLINK(1)"
RUNS = re.compile(r"[=@\t\r\n\0]|[+-](?!\d+$)")


async def _report(house: House, out: Path, insight: Any = None) -> None:
    await files.write(insight or house.books, house.campaign, out, zone=KOLKATA, reached_after=seconds(10))


async def _with_cells(house: House, *cells: str) -> None:
    """Leads whose second column holds these."""
    new = NewImport(house.campaign.id, "leads.csv", "0" * 64, ("phone", "note"), "phone", house.clock.now())
    begun = await house.store.begin_import(new)
    assert isinstance(begun, int)
    numbers = [PhoneNumber(f"+9198123{place:05d}") for place in range(1, len(cells) + 1)]
    rows = [NewLead(2 + row, numbers[row], [numbers[row].e164, cell]) for row, cell in enumerate(cells)]
    await house.store.add_lines(begun, rows)
    await house.store.finish_import(begun, house.clock.now())


@here
async def spreadsheet(folder: Path) -> Sequence[str]:
    """A list whose cells would run, reported and opened."""
    async with a_house(folder, rate=FREELY) as house:
        await _with_cells(house, NASTY, "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx")
        await _report(house, folder / "out")
    with (folder / "out" / "leads.csv").open(newline="") as file:
        found = [cell for row in csv.reader(file) for cell in row if RUNS.match(cell)]
    return [f"P4: a cell would run: {cell!r}" for cell in found]


class HalfRead:
    """The books of a house, of which the leads cannot be read to their end."""

    def __init__(self, house: House) -> None:
        self._books = house.books

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    async def leads(self, campaign: CampaignId) -> AsyncIterator[Sequence[Any]]:
        async for chunk in self._books.leads(campaign):
            yield chunk
            raise OSError(28, "No space left on device")


@here
async def full_disk(folder: Path) -> Sequence[str]:
    """A report stands there, and the next one breaks off half way."""
    out = folder / "out"
    async with a_house(folder, leads=3, rate=FREELY) as house:
        await _report(house, out)
        before = _bytes(out)
        await house.call(1)
        try:
            await _report(house, out, HalfRead(house))
        except CampaignError:
            return ["D9: half a report stands where a whole one was"] * (_bytes(out) != before)
    return ["D9: it was not told that the report could not be written"]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@here
async def older_copy(folder: Path) -> Sequence[str]:
    """The database is copied, somebody is called, the copy is put back."""
    with patch.dict(os.environ, XDG_STATE_HOME=str(folder / "state")):
        async with a_house(folder, leads=1, rate=FREELY):
            pass
        shutil.copy(folder / "campaign.db", folder / "kept.db")
        async with a_house(folder, rate=FREELY) as house:
            call = await house.call(1, told(1))
            over = Ended(house.clock.now(), Disposition.COMPLETED, "completed", ResolvedBy.CALLBACK, sid(1))
            await house.store.record([Happened(call.attempt.id, over)])
            Mark(house.file).set(await house.books.last_event())
        (folder / "kept.db").replace(folder / "campaign.db")
        async with a_house(folder, rate=FREELY, min_gap=timedelta(0)) as house:  # a stranger's call holds nobody back
            house.provider.listed = [listed(1, created="12:00:00")]
            behind = Mark(house.file).is_behind(await house.books.last_event())
            async with going(house, forgetful=behind) as it:
                await it.passes(seconds(1), seconds(1))  # the look-up may be first in the rate
                await it.passes(house.policy.longest_call, house.policy.list_lag, seconds(1))
            return ["D10: an older copy calls again whom it has forgotten"] * len(house.provider.placed)


@here
async def late_list(folder: Path) -> Sequence[str]:
    """The call that the copy has forgotten comes into the list only while it is looked at."""
    async with a_house(folder, leads=1, rate=FREELY, min_gap=timedelta(0)) as house:
        async with going(house, forgetful=True) as it:
            await it.passes(seconds(1), seconds(1))
            house.provider.listed = [listed(1, created="12:00:00")]
            await it.passes(house.policy.longest_call, house.policy.list_lag)
        return ["D10: an older copy calls whom it has forgotten"] * len(house.provider.placed)


def told_to_a_log(folder: Path) -> Sequence[str]:
    """Objects with a number in them, as a library's log or traceback would show them."""
    reserved = Reserved(AttemptId(1), PublicId("a"), LeadId(1), CampaignId(1), NUMBER, NOON, {})
    objects = [reserved, NewLead(2, NUMBER, ()), Stranger(sid(1), NUMBER, "08012300000", "busy", NOON), NUMBER]
    shown = [form for each in objects for form in (repr(each), str(each), f"{each}", f"{[each]}")]
    return ["P2: a whole number in a log"] * any(NUMBERS.search(form.encode()) for form in shown)


def core_files(folder: Path) -> Sequence[str]:
    """A process at work, started where core files may be written: whether the system would write one of it."""
    if not may_write_cores():
        raise CannotBeShown("core files are forbidden here to everybody")
    launcher = LAUNCHER.get()
    started = [str(launcher)] if launcher else ["-m", "campaign"]
    with subprocess.Popen(
        [sys.executable, *started, "simulate", "--port", "0", "--log", str(folder / "log.jsonl")],
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=folder,
        preexec_fn=_let_cores_be_written,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            process.stdout.readline()
            limits = Path(f"/proc/{process.pid}/limits").read_text()
        finally:
            process.terminate()
            process.wait(30)
    found = re.search(r"^Max core file size\s+(\S+)", limits, re.MULTILINE)
    return [] if found and found[1] == "0" else ["P1: a core file of it would be written, with its secrets"]


def power_cut(folder: Path) -> Sequence[str]:
    """Part 3: the power fails at every moment of a short run."""
    proved = power.prove(Extent(slice=True), LAUNCHER.get())
    if "skipped" in proved.figures:
        raise CannotBeShown(str(proved.figures["skipped"]))
    return proved.failures


@contextmanager
def _in_place(names: files.Files, folder: Path) -> Iterator[files.Drafts]:
    """The files themselves are written, from the beginning."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as closing:
        yield files.Drafts(
            *(
                closing.enter_context(path.open("w", encoding="utf-8", newline=""))
                for path in (names.leads, names.attempts, names.rejects, names.summary)
            )
        )


def _whole(self: PhoneNumber) -> str:
    return self.e164


def _as_it_is(cell: str) -> str:
    return cell


_now = property(lambda _: NOON)


def _never(*_: Any) -> bool:
    return False


ABLATIONS = (
    Ablation("formulas not made harmless", swapped(files, "safe", _as_it_is), spreadsheet, "P4"),
    Ablation("reports written in place", swapped(files, "_drafts", _in_place), full_disk, "D9"),
    Ablation("an older copy asks but once", swapped(Reconciliation, "whole_at", _now), late_list, "D10"),
    Ablation("mark of the database not looked at", swapped(Mark, "is_behind", _never), older_copy, "D10"),
    Ablation("numbers printed whole", swapped(PhoneNumber, "masked", property(_whole)), told_to_a_log, "P2"),
    Ablation("core files written", launched_by(HERE / "ablations_dumping.py"), core_files, "P1", slow=True),
    Ablation(
        "commits not synced",
        launched_by(HERE / "power_unsynced.py"),
        power_cut,
        "a connect request had left|a callback had been answered 200",
        slow=True,
    ),
)
