"""A pool of caller ids: each has its share and its own channels, and a lead is called again from the same number."""

from collections import Counter
from collections.abc import Sequence

from campaign.core.attempt import Disposition
from campaign.core.events import Accepted
from campaign.core.guard import HoldBack, Send, Why
from campaign.core.lead import CampaignId, LeadId
from campaign.core.pool import Caller
from campaign.core.records import Reserved
from tests.builders import NOON, minutes
from tests.contract.store import Bench, ended, sid


async def callers(bench: Bench, reserved: Sequence[Reserved]) -> dict[LeadId, str]:
    """From where each lead was called."""
    return {each.lead: (await bench.attempt(each.attempt)).caller_id for each in reserved}


async def test_calls_come_from_each_caller_id_by_its_share(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, *range(1, 201), limit=200)
    pool = (Caller("1", share=1), Caller("2", share=3))
    await bench.ask(reserved, callers=pool, channels=1000)
    used = Counter((await callers(bench, reserved)).values())
    assert used["1"] + used["2"] == 200
    assert 30 <= used["1"] <= 70


async def test_a_lead_is_called_again_from_the_same_number(bench: Bench, spring: CampaignId) -> None:
    pool = tuple(Caller(str(count)) for count in range(9))
    first = await bench.reserve(spring, *range(1, 10))
    await bench.ask(first, callers=pool)
    for each in first:
        await bench.tell(each.attempt, Accepted(NOON, sid(each.attempt)), ended(Disposition.BUSY, NOON))
    again = await bench.reserve(spring, at=NOON + minutes(10))
    await bench.ask(again, NOON + minutes(10), callers=pool[::-1])
    before, after = await callers(bench, first), await callers(bench, again)
    assert len(before) == 9
    assert before == after


async def test_no_caller_id_has_more_calls_alive_than_its_own_channels(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, *range(1, 31))
    pool = (Caller("1", channels=2), Caller("2", channels=5))
    verdicts = await bench.ask(reserved[:20], callers=pool) + await bench.ask(reserved[20:], callers=pool)
    assert verdicts.count(Send()) == 7
    assert verdicts.count(HoldBack(Why.CALLER)) == 23
    sent = [each for each, verdict in zip(reserved, verdicts, strict=True) if verdict == Send()]
    assert Counter((await callers(bench, sent)).values()) == {"1": 2, "2": 5}
