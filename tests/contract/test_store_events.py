"""Every transition is a row of the event table, with all it said; numbers are not among it."""

from typing import Any

import pytest

from campaign.core.attempt import Disposition, Refusal
from campaign.core.events import Accepted, Ended, Event, InDoubt, NotPlaced, Refused, Silent, WrittenOff
from campaign.core.lead import CampaignId
from tests.builders import LATER, NOON, minutes, seconds
from tests.contract.store import Bench, ended, sid

ANSWERED = NOON + seconds(1)
ACCEPTED = Accepted(ANSWERED, sid(1), created="2026-03-04 12:00:01")
DOUBT = InDoubt(ANSWERED, "connection lost")
BUSY, COMPLETED = ended(Disposition.BUSY, LATER), ended(Disposition.COMPLETED, LATER)

KINDS: list[tuple[Event, str, dict[str, Any]]] = [
    (ACCEPTED, "accepted", {"call_sid": sid(1), "by": "response", "created": "2026-03-04 12:00:01"}),
    (Refused(ANSWERED, Refusal.DNC, "403: NDNC", 3), "refused", {"refusal": "dnc", "reason": "403: NDNC"}),
    (InDoubt(ANSWERED, "502", LATER, server_error=True), "in_doubt", {"reason": "502", "server_error": True}),
    (InDoubt(ANSWERED, "502", LATER), "in_doubt", {"latest_end": LATER.isoformat()}),
    (COMPLETED, "ended", {"disposition": "completed", "status": "completed", "by": "callback"}),
    (NotPlaced(LATER, "not in the list"), "not_placed", {"evidence": "not in the list", "by": "poll"}),
    (WrittenOff(LATER, "gave up"), "written_off", {"reason": "gave up"}),
    (Silent(LATER), "silent", {}),
]


@pytest.mark.parametrize(("told", "kind", "data"), KINDS, ids=[f"{kind} {told.at:%M%S}" for told, kind, _ in KINDS])
async def test_every_event_is_one_row_with_all_it_says(
    bench: Bench, spring: CampaignId, told: Event, kind: str, data: dict[str, Any]
) -> None:
    [attempt] = await bench.sending(spring, 1)
    before = len(await bench.events())
    [recorded] = await bench.tell(attempt, told)
    *_, row = events = await bench.events()
    lead = await bench.lead(spring)
    assert len(events) == before + 1
    assert (row.kind, row.at) == (kind, told.at)
    assert (row.campaign_id, row.lead_id, row.attempt_id) == (spring, lead.id, attempt)
    assert row.number_hash == (await bench.attempt(attempt)).number_hash
    assert data.items() <= row.data.items()
    assert row.data.get("kept", "") == recorded.kept
    assert ("decision" in row.data) is not bool(recorded.kept)


@pytest.mark.parametrize(
    ("told", "decision"),
    [
        (COMPLETED, {"done": "completed", "why": "answered"}),
        (BUSY, {"retry": (LATER + minutes(10)).isoformat(), "why": "busy, call 1 of 4"}),
        (DOUBT, {"hold": "in doubt"}),
    ],
)
async def test_an_event_remembers_what_was_decided(
    bench: Bench, spring: CampaignId, told: Ended | InDoubt, decision: dict[str, str]
) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, told)
    assert (await bench.events())[-1].data["decision"] == decision


async def test_no_event_and_no_attempt_holds_a_number(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)
    attempt = await bench.attempt((await bench.lead(spring)).attempts[0].attempt.id)
    assert "9812300" not in str([*await bench.events(), attempt])


async def test_the_life_of_a_call_can_be_read_from_its_events(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED)
    [lead] = await bench.leads(spring)
    kinds = [row.kind for row in await bench.events() if row.lead_id == lead.id]
    assert kinds == ["reserved", "sent", "accepted", "ended"]
