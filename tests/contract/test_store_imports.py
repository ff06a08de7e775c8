"""A file's lines in the ledger: what becomes of each, and when anybody sees it."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from campaign.core.lead import CampaignId, CampaignState, LeadState
from campaign.core.records import ImportRecord, LineFate, NewImport, NewLead, Reject, RejectReason, RejectRecord
from campaign.core.tally import Tally
from campaign.errors import CampaignError
from campaign.store import imports, ledger, tables
from campaign.store.ledger import LINES_A_COMMIT
from tests.builders import LATER, NOON
from tests.contract.store import BACKENDS, HEADER, Bench, new_lead, number, reject

NEW, KNOWN, REJECTED = LineFate.NEW, LineFate.KNOWN, LineFate.REJECTED


async def rejects(bench: Bench, campaign: CampaignId) -> list[RejectRecord]:
    return [each async for chunk in bench.books.rejects(campaign) for each in chunk]


async def test_a_line_is_new_or_a_reject_and_stands_as_it_was_written(bench: Bench, spring: CampaignId) -> None:
    fates, record = await bench.load(spring, [new_lead(2, 1, "Pune"), reject(3), new_lead(5, 2, "Goa")])
    assert fates == [NEW, REJECTED, NEW]
    assert (record.lines, record.new, record.known, record.rejects) == (3, 2, 0, 1)
    assert (record.file_name, record.header, record.phone_column, record.at) == ("leads.csv", HEADER, "phone", NOON)
    leads = await bench.leads(spring)
    assert [(lead.source_file, lead.source_line, lead.number) for lead in leads] == [
        ("leads.csv", 2, number(1)),
        ("leads.csv", 5, number(2)),
    ]
    assert [(lead.header, lead.cells[1], lead.state, lead.due_at) for lead in leads] == [
        (HEADER, "Pune", LeadState.PENDING, NOON),
        (HEADER, "Goa", LeadState.PENDING, NOON),
    ]
    assert await rejects(bench, spring) == [RejectRecord("leads.csv", HEADER, reject(3))]


async def test_a_number_twice_is_a_duplicate_that_names_the_first_line(bench: Bench, spring: CampaignId) -> None:
    fates, _ = await bench.load(spring, [new_lead(2, 1), new_lead(7, 2), new_lead(9, 1)])
    assert fates == [NEW, NEW, REJECTED]
    [duplicate] = await rejects(bench, spring)
    assert (duplicate.reject.source_line, duplicate.reject.reason) == (9, RejectReason.DUPLICATE)
    assert (duplicate.reject.column, duplicate.reject.value) == ("phone", number(1).e164)
    assert "line 2," in duplicate.reject.suggestion
    assert duplicate.reject.cells == new_lead(9, 1).cells


async def test_a_duplicate_is_found_across_the_commits_of_one_file(bench: Bench, spring: CampaignId) -> None:
    into = await bench.begin(spring)
    fates = [await bench.store.add_lines(into, [line]) for line in (new_lead(2, 1), reject(3), new_lead(4, 1))]
    assert fates == [[NEW], [REJECTED], [REJECTED]]
    assert (await bench.store.finish_import(into, NOON)).lines == 3
    assert (await rejects(bench, spring))[-1].reject.reason is RejectReason.DUPLICATE


async def test_many_lines_at_once_are_several_commits_and_one_fate_each(bench: Bench, spring: CampaignId) -> None:
    many = [reject(line) for line in range(2, 2 + 9 * LINES_A_COMMIT)]
    fates, record = await bench.load(spring, [*many, new_lead(9_999, 1)])
    assert (len(fates), fates[-1], record.lines) == (len(many) + 1, NEW, len(many) + 1)


async def test_a_number_of_an_earlier_file_is_known_even_twice(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    fates, record = await bench.load(spring, [new_lead(2, 1), new_lead(3, 1), new_lead(4, 2)], file="more.csv")
    assert fates == [KNOWN, KNOWN, NEW]
    assert (record.lines, record.new, record.known, record.rejects) == (3, 1, 2, 0)
    assert [(lead.source_file, lead.source_line) for lead in await bench.leads(spring)] == [
        ("leads.csv", 2),
        ("more.csv", 4),
    ]
    assert [each.file_name for each in await bench.books.imports(spring)] == ["leads.csv", "more.csv"]


async def test_another_campaign_may_have_the_same_number(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    fates, _ = await bench.load(await bench.campaign("summer"), [new_lead(2, 1)])
    assert fates == [NEW]


async def test_the_same_bytes_again_are_the_earlier_import(bench: Bench, spring: CampaignId) -> None:
    into = await bench.begin(spring, data="same")
    await bench.store.add_lines(into, [new_lead(2, 1), reject(3)])
    first = await bench.store.finish_import(into, NOON)
    sha256 = (await bench.rows(select(tables.imported.c.sha256)))[0].sha256
    again = await bench.store.begin_import(NewImport(spring, "renamed.csv", sha256, HEADER, "phone", LATER))
    assert again == first
    assert await bench.books.loaded_in(sha256, spring)
    assert await bench.books.loaded_elsewhere(sha256, spring) is None
    assert await bench.books.loaded_elsewhere(sha256, None) == "spring"


async def test_the_same_bytes_in_another_campaign_are_loaded_and_said(bench: Bench, spring: CampaignId) -> None:
    await bench.store.finish_import(await bench.begin(spring, data="same"), NOON)
    summer = await bench.campaign("summer")
    await bench.store.finish_import(await bench.begin(summer, data="same"), NOON)
    sha256 = (await bench.rows(select(tables.imported.c.sha256)))[0].sha256
    assert await bench.books.loaded_elsewhere(sha256, summer) == "spring"


async def test_an_unfinished_import_is_not_there(bench: Bench, spring: CampaignId) -> None:
    into = await bench.begin(spring, data="same")
    await bench.store.add_lines(into, [new_lead(2, 1), reject(3)])
    sha256 = (await bench.rows(select(tables.imported.c.sha256)))[0].sha256
    assert await bench.store.claim_due(spring, LATER, 10) == []
    assert await bench.books.tally(spring) == Tally()
    assert await bench.books.next_due(spring) is None
    assert await bench.leads(spring) == []
    assert await rejects(bench, spring) == []
    assert await bench.books.imports(spring) == []
    assert not await bench.books.loaded_in(sha256, spring)
    assert await bench.books.loaded_elsewhere(sha256, None) is None
    await bench.store.finish_import(into, LATER)
    assert (await bench.books.tally(spring)).total == 1
    assert len(await bench.store.claim_due(spring, LATER, 10)) == 1


async def test_an_unfinished_import_is_swept_at_the_next_start_and_a_finished_one_stays(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [new_lead(2, 1), reject(3)])
    into = await bench.begin(spring, data="interrupted")
    await bench.store.add_lines(into, [new_lead(2, 2), reject(3)])
    assert (await bench.store.recover(LATER)).swept == 1
    assert (await bench.store.recover(LATER)).swept == 0
    for table in (tables.imported, tables.lead, tables.lead_number, tables.lead_columns, tables.reject):
        [row] = await bench.rows(select(func.count().label("left")).select_from(table))
        assert (table.name, row.left) == (table.name, 1)
    fates = await bench.store.add_lines(await bench.begin(spring, data="interrupted"), [new_lead(2, 2), reject(3)])
    assert fates == [NEW, REJECTED], "the file can be loaded again"


async def test_a_list_that_is_begun_takes_the_place_of_one_that_nobody_finished(
    bench: Bench, spring: CampaignId
) -> None:
    left = await bench.begin(spring, "left.csv")
    await bench.store.add_lines(left, [new_lead(2, 1), reject(3)])
    fates, _ = await bench.load(spring, [new_lead(2, 1)], "more.csv")
    assert fates == [NEW], "known only by a list that may yet be given up: the person would be lost"
    for goes_on in (bench.store.add_lines(left, [new_lead(4, 2)]), bench.store.finish_import(left, LATER)):
        with pytest.raises(CampaignError, match="Another list was begun"):
            await goes_on
    await bench.store.discard_import(left, LATER)
    assert [(lead.source_file, lead.number) for lead in await bench.leads(spring)] == [("more.csv", number(1))]


async def test_lists_of_two_campaigns_are_loaded_side_by_side(bench: Bench, spring: CampaignId) -> None:
    summer = await bench.campaign("summer")
    one, other = await bench.begin(spring), await bench.begin(summer)
    await bench.store.add_lines(one, [new_lead(2, 1)])
    await bench.store.add_lines(other, [new_lead(2, 1)])
    assert (await bench.store.finish_import(one, NOON)).new == 1
    assert (await bench.store.finish_import(other, NOON)).new == 1


async def test_a_discarded_import_leaves_nothing_but_a_campaign_that_had_another(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    into = await bench.begin(spring)
    await bench.store.add_lines(into, [new_lead(2, 2), reject(3)])
    await bench.store.discard_import(into, LATER)
    assert [lead.number for lead in await bench.leads(spring)] == [number(1)]
    assert await rejects(bench, spring) == []
    assert len(await bench.books.campaigns()) == 1
    assert await bench.events("discarded") == []


async def test_a_large_import_is_discarded_in_parts_and_wholly(
    bench: Bench, spring: CampaignId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "LINES_A_COMMIT", 2)
    monkeypatch.setattr(imports, "REMOVED_AT_ONCE", 2)
    await bench.load(spring, [new_lead(2, 1)])
    into = await bench.begin(spring)
    await bench.store.add_lines(into, [new_lead(line, line) for line in range(2, 9)])
    await bench.store.add_lines(into, [reject(line) for line in range(9, 14)])
    await bench.store.discard_import(into, LATER)
    for table in (tables.imported, tables.lead, tables.lead_number, tables.lead_columns):
        [row] = await bench.rows(select(func.count().label("left")).select_from(table))
        assert (table.name, row.left) == (table.name, 1)
    assert await rejects(bench, spring) == []


async def test_a_campaign_whose_only_import_is_discarded_goes_too(bench: Bench, spring: CampaignId) -> None:
    into = await bench.begin(spring)
    await bench.store.add_lines(into, [new_lead(2, 1), reject(3)])
    await bench.store.discard_import(into, LATER)
    assert await bench.books.campaigns() == []
    assert [row.campaign_id for row in await bench.events("discarded")] == [spring]
    assert await bench.campaign() != spring, "an id is never given twice"


@pytest.mark.parametrize("begun", [False, True], ids=["before its import began", "before its import was discarded"])
async def test_a_campaign_that_a_crash_left_without_a_list_goes_at_the_next_start(bench: Bench, *, begun: bool) -> None:
    draft = await bench.campaign(state=CampaignState.DRAFT)
    if begun:
        await bench.store.add_lines(await bench.begin(draft), [reject(2)])
    kept = await bench.campaign("summer", state=CampaignState.DRAFT)
    await bench.load(kept, [new_lead(2, 1)])
    await bench.store.recover(LATER)
    assert [each.id for each in await bench.books.campaigns()] == [kept]
    assert [(row.campaign_id, row.at) for row in await bench.events("discarded")] == [(draft, LATER)]


async def test_a_finished_import_is_one_event_with_its_figures(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1), new_lead(3, 1), reject(4)])
    [event] = await bench.events("imported")
    assert (event.campaign_id, event.at) == (spring, NOON)
    assert event.data == {"file": "leads.csv", "new": 1, "known": 0, "changed": 0, "rejects": 2}


async def test_each_line_hears_its_own_fate_where_imports_share_a_commit(bench: Bench, spring: CampaignId) -> None:
    one, other = await bench.begin(spring), await bench.begin(await bench.campaign("summer"))
    async with asyncio.TaskGroup() as tasks:
        told = [
            tasks.create_task(bench.store.add_lines(one, [new_lead(2, 1), new_lead(3, 2)])),
            tasks.create_task(bench.store.add_lines(other, [reject(2)])),
            tasks.create_task(bench.store.add_lines(one, [new_lead(4, 1), new_lead(5, 3)])),
        ]
    assert [each.result() for each in told] == [[NEW, NEW], [REJECTED], [REJECTED, NEW]]


Lines = list[NewLead | Reject]
CODES = st.lists(st.integers(min_value=-1, max_value=6), max_size=20)
"""A file: each line calls one of a few numbers, or is a reject."""


def _lines(codes: list[int]) -> Lines:
    return [new_lead(line, code) if code >= 0 else reject(line) for line, code in enumerate(codes, start=2)]


def _conserved(record: ImportRecord, fates: list[LineFate], lines: Lines) -> bool:
    counts = [fates.count(fate) for fate in (NEW, KNOWN, REJECTED)]
    return counts == [record.new, record.known, record.rejects] and record.lines == sum(counts) == len(lines)


@settings(max_examples=30, deadline=None)
@given(files=st.lists(CODES, min_size=1, max_size=4))
def test_every_line_is_exactly_one_of_new_known_and_reject(empty_database: Path, files: list[list[int]]) -> None:
    async def try_it(folder: Path, backend: str) -> None:
        async with BACKENDS[backend](empty_database, folder) as bench:
            campaign = await bench.campaign()
            for codes in files:
                fates, record = await bench.load(campaign, _lines(codes))
                assert _conserved(record, fates, _lines(codes))
            called = [lead.number for lead in await bench.leads(campaign)]
            assert sorted(each.e164 for each in called) == sorted(
                {number(code).e164 for codes in files for code in codes if code >= 0}
            )

    for backend in BACKENDS:
        with TemporaryDirectory() as folder:
            asyncio.run(try_it(Path(folder), backend))
