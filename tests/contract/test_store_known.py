"""A file that brings known leads again: newer columns are taken over once it is accepted, for calls not yet made."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from campaign.core.attempt import Disposition
from campaign.core.lead import CampaignId, LeadState
from campaign.core.records import ImportRecord, Intent, LineFate, NewImport, NewLead
from campaign.store import tables
from tests.builders import NOON, policy
from tests.contract.store import HEADER, KEY, Bench, new_lead, number
from tests.contract.test_store_numbers import called

NEW, KNOWN, CHANGED = LineFate.NEW, LineFate.KNOWN, LineFate.CHANGED
LATER = NOON + timedelta(hours=1)


async def load_under(
    bench: Bench, campaign: CampaignId, header: Sequence[str], *lines: NewLead
) -> tuple[list[LineFate], ImportRecord]:
    bench.imports += 1
    new = NewImport(campaign, "other.csv", f"{bench.imports:064}", header, header[0], NOON)
    into = await bench.store.begin_import(new)
    assert isinstance(into, int)
    fates = await bench.store.add_lines(into, lines)
    return fates, await bench.store.finish_import(into, NOON)


async def test_newer_columns_of_a_known_lead_are_counted_and_shown(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1, "Pune"), new_lead(3, 2, "Pune")])
    fates, record = await bench.load(spring, [new_lead(2, 2, "Goa"), new_lead(3, 1, "Pune"), new_lead(4, 3)], "b.csv")
    assert fates == [CHANGED, KNOWN, NEW]
    assert (record.lines, record.new, record.known, record.changed) == (3, 1, 2, 1)
    assert {(lead.source_file, lead.source_line, lead.cells[1]) for lead in await bench.leads(spring)} == {
        ("leads.csv", 2, "Pune"), ("leads.csv", 3, "Goa"), ("b.csv", 4, "Pune"),
    }  # fmt: skip
    [event] = await bench.events("columns")
    assert event.data == {"version": 2}


async def test_a_number_written_otherwise_is_no_change(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    fates, _ = await bench.load(spring, [NewLead(2, number(1), ("98123 00001", "Pune"))], "b.csv")
    assert fates == [KNOWN]


async def test_nothing_changes_before_the_file_is_accepted_or_if_it_is_not(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1, "Pune")])
    begun = await bench.begin(spring, "b.csv")
    assert await bench.store.add_lines(begun, [new_lead(2, 1, "Goa")]) == [CHANGED]
    assert (await bench.lead(spring)).cells[1] == "Pune"
    await bench.store.discard_import(begun, NOON)
    assert (await bench.lead(spring)).cells[1] == "Pune"
    assert len(await bench.rows(select(tables.lead_columns))) == 1
    fates, _ = await bench.load(spring, [new_lead(2, 1, "Surat")], "c.csv")
    assert (fates, (await bench.lead(spring)).cells[1]) == ([CHANGED], "Surat")


async def test_a_file_speaks_of_a_lead_once(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1, "Pune")])
    fates, record = await bench.load(spring, [new_lead(2, 1, "Goa"), new_lead(3, 1, "Surat")], "b.csv")
    assert (fates, record.known, record.changed) == ([CHANGED, KNOWN], 2, 1)
    assert (await bench.lead(spring)).cells[1] == "Goa"


async def test_more_columns_are_newer_and_a_file_that_lacks_one_changes_nothing(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [new_lead(2, 1, "Pune")])
    more, _ = await load_under(bench, spring, (*HEADER, "due"), NewLead(2, number(1), ("x", "Pune", "10 May")))
    assert more == [CHANGED]
    lead = await bench.lead(spring)
    assert dict(zip(lead.header, lead.cells, strict=True)) == {"phone": "x", "city": "Pune", "due": "10 May"}
    fewer, _ = await load_under(bench, spring, ("phone", "due"), NewLead(2, number(1), ("x", "12 May")))
    assert fewer == [KNOWN]
    assert (await bench.lead(spring)).cells[2] == "10 May"


async def test_a_call_refers_to_the_columns_it_was_made_with_and_the_next_one_to_the_newer(
    bench: Bench, spring: CampaignId
) -> None:
    first = await bench.call(spring, 1, Disposition.BUSY)
    await bench.load(spring, [new_lead(2, 1, "Goa")], "b.csv", at=NOON + timedelta(minutes=5))
    lead = await bench.lead(spring)
    assert lead.state is LeadState.RETRY_WAIT, "its history stands"
    [again] = await bench.store.claim_due(spring, LATER, 10)
    assert again.columns["city"] == "Goa"
    assert (await bench.attempt(first)).columns_version == 1
    assert (await bench.attempt(again.attempt)).columns_version == 2
    assert [row.data for row in await bench.events("reserved")] == [{}, {"columns": 2}]


async def test_a_call_that_was_prepared_with_older_columns_is_prepared_anew(bench: Bench, spring: CampaignId) -> None:
    [prepared] = await bench.reserve(spring, 1)
    await bench.load(spring, [new_lead(2, 1, "Goa")], "b.csv")
    [verdict] = await bench.store.begin_sending([Intent(prepared.attempt, policy(), 1, NOON)])
    assert type(verdict).__name__ == "HoldBack"
    [again] = await bench.store.claim_due(spring, NOON, 10)
    assert again.columns["city"] == "Goa"


def with_numbers(line: int, city: str, *counts: int) -> NewLead:
    first, *later = map(number, counts)
    return NewLead(line, first, (first.e164, city), tuple(later))


async def numbers_of(bench: Bench) -> list[tuple[str, int]]:
    table = tables.lead_number
    rows = await bench.rows(select(table.c.number, table.c.version).order_by(table.c.lead_id, table.c.position))
    return [(row.number, row.version) for row in rows]


async def test_a_number_that_a_newer_list_adds_is_called_after_those_the_lead_has(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [with_numbers(2, "Pune", 1, 2)])
    fates, _ = await bench.load(spring, [with_numbers(2, "Goa", 1, 3, 2)], "b.csv")
    assert fates == [CHANGED]
    numbers = [await called(bench, spring, day, Disposition.NO_ANSWER) for day in range(1, 5)]
    assert numbers == [number(1), number(1), number(2), number(2)], "four calls over three numbers: two each"
    assert await numbers_of(bench) == [(number(1).e164, 1), (number(2).e164, 1), (number(3).e164, 2)]


async def test_the_only_number_shares_its_calls_with_one_that_comes_later_and_verify_knows_when(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [with_numbers(2, "Pune", 1)])
    before = [await called(bench, spring, day, Disposition.NO_ANSWER) for day in (1, 2, 3)]
    await bench.load(spring, [with_numbers(2, "Goa", 1, 2)], "b.csv")
    after = await called(bench, spring, 4, Disposition.NO_ANSWER)
    assert (before, after) == ([number(1)] * 3, number(2))
    assert await bench.breaches(spring) == {}


async def test_a_number_of_a_list_that_is_not_accepted_is_nobodys(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [with_numbers(2, "Pune", 1), with_numbers(3, "Pune", 4)])
    begun = await bench.begin(spring, "b.csv")
    assert await bench.store.add_lines(begun, [with_numbers(2, "Goa", 1, 2)]) == [CHANGED]
    [lead] = (await bench.books.history(KEY.number_hash(number(1)))).leads
    assert list(lead.numbers) == [KEY.number_hash(number(1))]
    assert not (await bench.books.history(KEY.number_hash(number(2)))).leads
    await bench.store.discard_import(begun, NOON)
    assert await numbers_of(bench) == [(number(1).e164, 1), (number(4).e164, 1)]


async def test_a_number_that_somebody_else_has_too_is_listed_before_the_list_is_accepted(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [with_numbers(2, "Pune", 1), with_numbers(3, "Pune", 4)])
    begun = await bench.begin(spring, "b.csv")
    await bench.store.add_lines(begun, [with_numbers(2, "Goa", 1, 4)])
    [shared] = await bench.books.shared_numbers(begun)
    assert (shared.number, shared.places) == (number(4), [("leads.csv", 2), ("leads.csv", 3)])


async def test_a_person_who_is_done_is_not_called_at_a_number_that_comes_later(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [with_numbers(2, "Pune", 1)])
    await called(bench, spring, 1, Disposition.COMPLETED)
    await bench.load(spring, [with_numbers(2, "Goa", 1, 2)], "b.csv")
    assert (await bench.lead(spring)).state is LeadState.DONE
    assert await bench.store.claim_due(spring, NOON + timedelta(days=9), 10) == []


async def test_a_priority_that_a_newer_list_brings_puts_a_person_where_it_says(
    bench: Bench, spring: CampaignId
) -> None:
    def line(count: int, priority: int) -> NewLead:
        return NewLead(count + 1, number(count), ("x", str(priority)), priority=priority)

    await bench.load(spring, [line(1, 3), line(2, 0), line(3, -2), line(4, 0)])
    await bench.load(spring, [line(4, 9), line(3, 0), line(1, -1), line(2, 0)], "b.csv")
    reserved = await bench.store.claim_due(spring, LATER, 10)
    assert [each.number for each in reserved] == [number(4), number(2), number(3), number(1)]


async def test_a_priority_moves_nobody_who_was_called_already(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)
    await bench.load(spring, [new_lead(3, 2)], "b.csv")
    await bench.load(spring, [NewLead(2, number(1), ("x", "Goa"), priority=9)], "c.csv")
    reserved = await bench.store.claim_due(spring, NOON + timedelta(minutes=31), 10)
    assert [each.number for each in reserved] == [number(2), number(1)]
