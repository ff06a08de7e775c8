"""Who was never called can be taken out of a campaign; whoever was called stays as they are."""

import pytest

from campaign.core.attempt import Disposition
from campaign.core.lead import CampaignId, LeadState, Outcome
from campaign.core.records import Intent, Unloaded
from tests.builders import LATER, policy
from tests.contract.store import KEY, Bench, new_lead, number

EXCLUDED, ABSENT = Unloaded.EXCLUDED, Unloaded.ABSENT
WHY = "unloaded with more.csv"


async def unload(bench: Bench, campaign: CampaignId, *counts: int) -> list[Unloaded]:
    """What the books foretell, and the store then does."""
    numbers = [number(count) for count in counts]
    foretold = await bench.books.unloading(campaign, [KEY.number_hash(each) for each in numbers])
    assert await bench.store.unload(campaign, numbers, WHY, LATER) == foretold
    return foretold


async def test_who_waits_for_the_first_call_is_excluded_with_the_reason(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1), new_lead(3, 2)])
    assert await unload(bench, spring, 2, 7) == [EXCLUDED, ABSENT]
    first, second = await bench.leads(spring)
    assert first.state is LeadState.PENDING
    assert (second.state, second.outcome, second.reason) == (LeadState.DONE, Outcome.EXCLUDED, WHY)
    assert (second.due_at, second.final_at) == (None, LATER)
    assert [lead.number for lead in await bench.store.claim_due(spring, LATER, 10)] == [number(1)]
    [event] = await bench.events("finished")
    assert (event.lead_id, event.data) == (second.id, {"outcome": "excluded", "why": WHY})


async def test_a_call_that_is_only_prepared_does_not_leave(bench: Bench, spring: CampaignId) -> None:
    [prepared] = await bench.reserve(spring, 1)
    assert await unload(bench, spring, 1) == [EXCLUDED]
    [verdict] = await bench.store.begin_sending([Intent(prepared.attempt, policy(), 1, LATER)])
    assert type(verdict).__name__ == "HoldBack"
    assert (await bench.lead(spring)).outcome is Outcome.EXCLUDED


async def test_whoever_was_called_stays(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED)
    await bench.call(spring, 2, Disposition.BUSY)
    await bench.alive(spring, 3)
    before = await bench.leads(spring)
    assert await unload(bench, spring, 1, 2, 3) == [Unloaded.DONE, Unloaded.WAITING, Unloaded.ALIVE]
    assert await bench.leads(spring) == before


async def test_once_is_enough(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    assert await unload(bench, spring, 1, 1) == [EXCLUDED, Unloaded.ALREADY]
    assert await unload(bench, spring, 1) == [Unloaded.ALREADY]
    assert len(await bench.events("finished")) == 1


async def test_another_campaign_and_an_unfinished_list_are_left_alone(bench: Bench, spring: CampaignId) -> None:
    await bench.load(await bench.campaign("summer"), [new_lead(2, 1)])
    await bench.store.add_lines(await bench.begin(spring), [new_lead(2, 1)])
    assert await unload(bench, spring, 1) == [ABSENT]


@pytest.mark.parametrize("many", [600])
async def test_a_long_list_is_unloaded_in_parts(bench: Bench, spring: CampaignId, many: int) -> None:
    await bench.load(spring, [new_lead(line, line) for line in range(2, 2 + many)])
    assert await unload(bench, spring, *range(2, 2 + many)) == [EXCLUDED] * many
