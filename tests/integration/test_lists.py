"""Whole lists, from their bytes to the ledger and out again: no line is lost, whatever stands in it."""

import asyncio
import csv
import hashlib
from datetime import timedelta
from io import StringIO
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.core.records import ImportRecord, LineFate, NewImport, NewLead, Reject, RejectReason
from campaign.engine.loading import Loading, load
from campaign.errors import ListError
from campaign.intake import Form, NumberRules, Sheet, lines, open_sheet
from campaign.report import files
from tests.builders import NOON
from tests.integration.house import House, a_house

IN = NumberRules("IN")
NASTY = """name,phone,note
Asha,9812300001,"line one
line ""two"", three"
"=cmd()",'+91 98123 00002,-1
Ravi,080 2345 6789,NA
Meena,९८१२३००००४,"a, b"
José,+1 202 555 0143,@x
,9812300001,again
Tara,9.19E+11,lost
Divya,98123 00007 / 98123 00008,two
Kiran,"-9812300009",sum
"""


async def taken_in(house: House, sheet: Sheet) -> tuple[Loading, ImportRecord]:
    new = NewImport(house.campaign.id, sheet.file_name, sheet.sha256, sheet.header, sheet.phone_column, NOON)
    loading = await load(house.store, new, lines(sheet, rules=IN), "{attempt}")
    assert isinstance(loading, Loading)
    return loading, await house.store.finish_import(loading.id, NOON)


def read(path: Path, column: str) -> list[NewLead | Reject]:
    return list(chain.from_iterable(lines(open_sheet(path, form=Form(phone_column=column, multiline=True)), rules=IN)))


def numbers(found: list[NewLead | Reject]) -> list[str]:
    return [line.number.e164 for line in found if isinstance(line, NewLead)]


async def test_what_is_exported_loads_again_with_the_same_numbers(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(NASTY)
    async with a_house(tmp_path) as house:
        sheet = open_sheet(tmp_path / "list.csv", phone_columns=["phone"])
        before = list(chain.from_iterable(lines(sheet, rules=IN)))
        await taken_in(house, sheet)
        zone, reached = ZoneInfo("Asia/Kolkata"), timedelta(seconds=10)
        out = await files.write(house.books, house.campaign, tmp_path / "out", zone=zone, reached_after=reached)

    called = dict.fromkeys(numbers(before))
    assert len(called) == 5
    assert numbers(read(out.leads, "phone_number")) == list(called)
    assert numbers(read(out.leads, "phone")) == numbers(before)
    again = [line.reason for line in read(out.rejects, "value") if isinstance(line, Reject)]
    assert again == [line.reason for line in before if isinstance(line, Reject)]
    assert again == [RejectReason.DIGITS_LOST, RejectReason.SEVERAL_NUMBERS, RejectReason.DIGITS_LOST]


CELL = st.sampled_from(
    ["9812300001", "+919812300002", "98123-00003", "9.19E+11", "", " ", "NA", '"', '""', '"a\nb"', '"a,b"', "é", "आ"]
)  # fmt: skip
LIST = st.lists(st.lists(CELL, min_size=1, max_size=3).map(",".join), max_size=12)
END = st.sampled_from(["\n", "\r\n", "\r"])


def _records(text: str) -> int:
    """Those that are not blank lines, counted by the standard library."""
    return sum(
        1
        for cells in csv.reader(StringIO(text, newline=""))
        if len(cells) > 1 or "".join(cells).strip(" ") or cells == [""]
    )


@settings(database=None, deadline=None, max_examples=20)
@given(st.lists(LIST, min_size=1, max_size=3), END)
def test_the_lines_of_any_file_that_is_not_refused_are_new_known_and_rejects(lists: list[list[str]], end: str) -> None:
    async def try_it(folder: Path) -> None:
        known: set[str] = set()
        async with a_house(folder) as house:
            for at, rows in enumerate(lists):
                path = folder / f"{at}.csv"
                text = end.join(["name,phone", *rows, ""])
                path.write_bytes(text.encode())
                try:
                    sheet = open_sheet(path, phone_columns=["phone"], form=Form(multiline=True))
                    found = numbers(list(chain.from_iterable(lines(sheet, rules=IN))))
                except ListError:
                    continue
                if await house.books.loaded_in(hashlib.sha256(text.encode()).hexdigest(), house.campaign.id):
                    continue
                loading, record = await taken_in(house, sheet)
                assert record.lines == record.new + record.known + record.rejects == _records(text) - 1
                assert (loading.new, loading.known) == (record.new, record.known)
                assert record.new == len(set(found) - known)
                assert record.known == sum(1 for each in found if each in known)
                assert loading.fates[LineFate.REJECTED] == record.rejects
                known |= set(found)

    with TemporaryDirectory() as folder:
        asyncio.run(try_it(Path(folder)))


async def test_cancelled_while_it_is_read_nothing_of_a_list_stays(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        path = tmp_path / "list.csv"
        path.write_text("phone\n" + "".join(f"98123{of:05}\n" for of in range(20_000)))
        sheet = open_sheet(path)
        loop, loading = asyncio.get_running_loop(), None

        def interrupt(done: int) -> None:
            if done == sheet.size and loading:
                loop.call_soon_threadsafe(loading.cancel)

        new = NewImport(house.campaign.id, "list.csv", sheet.sha256, sheet.header, sheet.phone_column, NOON)
        async with asyncio.TaskGroup() as group:
            loading = group.create_task(load(house.store, new, lines(sheet, rules=IN, progress=interrupt), "{attempt}"))
        assert loading.cancelled()
        for table in ("import", "lead", "lead_number", "lead_columns", "reject"):
            assert await house.rows(table) == []
