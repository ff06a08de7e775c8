"""A file's lines on their way into the ledger: all of them or none, and never a field that Exotel would refuse."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from campaign.core.lead import PhoneNumber
from campaign.core.records import ImportRecord, LineFate, NewImport, NewLead, Reject, RejectReason
from campaign.engine.loading import Lines, Loading, load
from campaign.errors import ListError
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


async def test_the_same_bytes_again_add_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        first = await loaded(house, iter([[line(1)]]))
        record = await house.store.finish_import(first.id, NOON)
        again = await load(house.store, a_file(house), broken(), TEMPLATE)  # not one line of it is read
        assert isinstance(again, ImportRecord)
        assert again == record


async def test_of_a_file_that_turns_out_broken_nothing_stays(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        with pytest.raises(ListError):
            await load(house.store, a_file(house), broken([line(1), EMPTY]), TEMPLATE)
        for table in ("import", "lead", "lead_number", "lead_columns", "reject"):
            assert await house.rows(table) == []


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
