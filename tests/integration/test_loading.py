"""A file's lines on their way into the ledger: all of them or none, and never a field that Exotel would refuse."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import pytest

from campaign.core.lead import PhoneNumber
from campaign.core.records import ImportRecord, LineFate, NewImport, NewLead, Reject, RejectReason
from campaign.engine.loading import Lines, Loading, load
from campaign.errors import ListError
from campaign.intake import Form, NumberRules, lines, open_sheet
from campaign.intake.number import Unfit, read_number
from campaign.settings import Loaded, Settings, parse
from campaign.settings import load as load_settings
from campaign.wiring import number_rules, owning
from tests.builders import NOON
from tests.integration.house import House, a_house

TEMPLATE = "{attempt} {note}"
HEADER = ("phone", "note")


def a_file(house: House, name: str = "leads.csv", sha256: str = "1" * 64) -> NewImport:
    return NewImport(house.campaign.id, name, sha256, HEADER, "phone", NOON)


def line(number: int, note: str = "") -> NewLead:
    phone = f"+9198123{number:05d}"
    return NewLead(1 + number, PhoneNumber(phone), (phone, note))


EMPTY = Reject(9, "phone", "", RejectReason.EMPTY, "fill it in")


def broken(*chunks: Sequence[NewLead | Reject]) -> Iterator[Sequence[NewLead | Reject]]:
    yield from chunks
    raise ListError("a quote is never closed", file="leads.csv", line=4)


async def loaded(house: House, lines: Lines, **of: str) -> Loading:
    loading = await load(house.store, a_file(house, **of), lines, TEMPLATE)
    assert isinstance(loading, Loading)
    return loading


async def test_every_line_is_counted_by_what_became_of_it(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        loading = await loaded(house, iter([[line(1), line(2)], [line(1), EMPTY]]))
        assert (loading.new, loading.known) == (2, 0)
        assert loading.fates == {LineFate.NEW: 2, LineFate.REJECTED: 2}
        assert loading.reasons == {RejectReason.DUPLICATE: 1, RejectReason.EMPTY: 1}


async def test_nothing_is_visible_before_the_import_is_finished(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        loading = await loaded(house, iter([[line(1)]]))
        assert await house.leads() == []
        await house.store.finish_import(loading.id, NOON)
        assert [lead.number.e164 for lead in await house.leads()] == ["+919812300001"]


async def test_a_line_of_an_earlier_file_is_known(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        first = await loaded(house, iter([[line(1)]]))
        await house.store.finish_import(first.id, NOON)
        second = await loaded(house, iter([[line(1), line(2)]]), name="more.csv", sha256="2" * 64)
        assert (second.new, second.known, second.reasons) == (1, 1, {})


async def test_of_a_mended_list_only_the_mended_lines_are_new(tmp_path: Path) -> None:
    rules, written = NumberRules("IN"), tmp_path / "leads.csv"
    async with a_house(tmp_path) as house:
        written.write_text("phone,note\n9812300001,\n9.19E+11,\n9812300003 / 9812300004,\n9812300001,\n")
        first = await loaded(house, lines(open_sheet(written), rules=rules))
        assert (first.new, first.fates[LineFate.REJECTED]) == (1, 3)
        await house.store.finish_import(first.id, NOON)
        written.write_text("phone,note\n9812300001,\n9812300002,\n9812300003,\n9812300001,\n")
        second = await loaded(house, lines(open_sheet(written), rules=rules), sha256="2" * 64)
        assert (second.new, second.known, second.reasons) == (2, 2, {})


async def test_numbers_passed_over_are_counted_for_new_leads(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        over = replace(line(1), passed_over=(("landline", RejectReason.DIGITS_LOST),))
        loading = await loaded(house, iter([[over, replace(over, source_line=3), line(4)]]))
        assert loading.passed_over == {RejectReason.DIGITS_LOST: 1}
        assert loading.commonest == "1 duplicate (line 3)"


def test_the_settings_say_whom_not_to_call_and_what_two_numbers_in_a_cell_are() -> None:
    settings = {"provider": {"caller_id": "08030000000"}, "list": {"several": "first"}}
    rules = number_rules(parse(settings, "campaign.toml"))
    assert read_number("080 3000 0000", rules) == Unfit(RejectReason.OWN_NUMBER, ANY)
    assert read_number("9812300001 / 9812300002", rules) == PhoneNumber("+919812300001")


async def test_the_same_bytes_again_add_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        first = await loaded(house, iter([[line(1)]]))
        record = await house.store.finish_import(first.id, NOON)
        again = await load(house.store, a_file(house), broken(), TEMPLATE)  # not one line of it is read
        assert isinstance(again, ImportRecord)
        assert again == record


async def test_of_a_file_that_turns_out_broken_nothing_stays(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        told: list[str] = []
        with pytest.raises(ListError):
            await load(house.store, a_file(house), broken([line(1), EMPTY]), TEMPLATE, lambda: told.append("giving up"))
        assert told == ["giving up"], "which may take a while"
        assert await nothing_is_left(house)


async def broken_off(house: House, giving_up: Callable[[asyncio.Task[object]], None] = lambda _: None) -> None:
    """Loading is interrupted after its first lines; what is done when they are given up hears whose turn that is."""
    loop = asyncio.get_running_loop()

    def read() -> Lines:
        yield [line(1), EMPTY]
        loop.call_soon_threadsafe(reading.cancel)
        yield [line(2)]

    reading = asyncio.ensure_future(load(house.store, a_file(house), read(), TEMPLATE, lambda: giving_up(reading)))
    await asyncio.wait([reading])
    assert reading.cancelled()


async def nothing_is_left(house: House) -> bool:
    return not any([await house.rows(each) for each in ("import", "lead", "lead_number", "lead_columns", "reject")])


async def test_of_a_list_whose_reading_is_broken_off_nothing_stays(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        await broken_off(house)
        assert await nothing_is_left(house)


async def test_a_second_interruption_leaves_the_rest_to_the_next_start(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:

        def again(reading: asyncio.Task[object]) -> None:
            asyncio.get_running_loop().call_soon(reading.cancel)

        await broken_off(house, again)
        assert len(await house.rows("import")) == 1, "it did not wait"
        assert await house.leads() == []
        assert (await house.store.recover(NOON)).swept == 1
        assert await nothing_is_left(house)


@pytest.mark.parametrize(("note", "fate"), [("x" * 103, LineFate.NEW), ("x" * 104, LineFate.REJECTED)])
async def test_a_field_longer_than_exotel_takes_is_a_reject(tmp_path: Path, note: str, fate: LineFate) -> None:
    async with a_house(tmp_path) as house:
        loading = await loaded(house, iter([[line(1, note)]]))
        assert loading.fates == {fate: 1}


async def test_a_field_that_is_too_long_names_its_columns(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        loading = await loaded(house, iter([[line(1, "x" * 104)]]))
        assert loading.reasons == {RejectReason.FIELD_TOO_LONG: 1}
        await house.store.finish_import(loading.id, NOON)
        [row] = await house.rows("reject")
        assert (row["source_line"], row["column"], row["value"]) == (2, "note", "129 characters")
        assert "128 characters" in row["suggestion"]


async def test_a_list_that_is_read_by_the_wrong_column_is_said_to_be_perhaps(tmp_path: Path) -> None:
    file, database = tmp_path / "leads.csv", tmp_path / "campaign.db"
    loaded = Loaded(parse({"list": {"phone_column": "1"}}, "campaign.toml"), load_settings(db=database).secrets, None)
    async with owning(loaded, database, make=True, dial=False) as house:
        file.write_text("9812300001,Asha\n")
        taken = await house.take_in(file, "leads", loaded.settings, Form())
        assert taken.import_id is not None
        await house.accept(taken.import_id)
        file.write_text("name,phone\nAsha,9812300001\nRavi,9812300002\n")
        with pytest.raises(ListError, match="3 of 3 lines cannot be called") as refused:
            await house.take_in(file, "leads", loaded.settings, Form())
        assert refused.value.hint.startswith("Is “1” the right column? --phone-column names another.")
        campaign = await house.find("leads")
        assert campaign
        with pytest.raises(ListError, match="no line has a number in the column “1”"):
            await house.unload(campaign, file, Form())
        assert (await house.unload(campaign, file, Form(phone_column="phone"))).total() == 2


async def test_a_list_that_nobody_can_be_called_of_is_refused_until_its_campaign_has_another(tmp_path: Path) -> None:
    file, database = tmp_path / "leads.csv", tmp_path / "campaign.db"
    loaded = Loaded(Settings(), load_settings(db=database).secrets, None)
    async with owning(loaded, database, make=True, dial=False) as house:
        await house.open("leads", loaded.settings)  # as a list leaves it whose asker was killed
        file.write_text("phone\nnobody\n")
        with pytest.raises(ListError, match="no line can be called"):
            await house.take_in(file, "leads", loaded.settings, Form(phone_column="phone"), accept_rejects=True)
        file.write_text("phone\n9812300001\n")
        taken = await house.take_in(file, "leads", loaded.settings, Form(phone_column="phone"))
        assert taken.import_id is not None
        await house.accept(taken.import_id)
        file.write_text("phone\nnobody\n")
        assert (
            await house.take_in(file, "leads", loaded.settings, Form(phone_column="phone"), accept_rejects=True)
        ).rejects
