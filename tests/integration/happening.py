"""A real ledger for tests of what is read from it: a campaign with one list, and what is made to happen in it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaign import settings
from campaign.core.attempt import CallSid, Disposition, ResolvedBy
from campaign.core.events import Accepted, Ended, Event
from campaign.core.lead import CampaignState
from campaign.core.records import (
    Account,
    CampaignRecord,
    Happened,
    Intent,
    NewImport,
    NewLead,
    Reject,
    RejectReason,
    Reserved,
)
from campaign.store import keyfile, ledger
from campaign.store.ledger import Ledger
from campaign.wiring.policy import read_policy
from tests.builders import CALL, NOON, NUMBER, seconds

RULES = settings.parse({"window": {"hours": "00:00-24:00"}}, "a test").model_dump(mode="json")
POLICY = read_policy(RULES)
SIMULATED = Account("simulator", "simulated", simulated=True)  # its time stands where the ledger's events end
UNREADABLE = Reject(5, "phone", "12345", RejectReason.INVALID_NUMBER, "check the digits")
LINES: list[NewLead | Reject] = [*(NewLead(line, NUMBER, (NUMBER.e164,)) for line in (2, 4)), UNREADABLE]
OTHER_CALL = CallSid("c0ffee00000000000000000000000002")


@dataclass
class Desk:
    """The ledger of one test, and one lead's way through it."""

    store: Ledger
    campaign: CampaignRecord

    async def reserve(self, when: datetime) -> Reserved:
        [reserved] = await self.store.claim_due(self.campaign.id, when, 1)
        return reserved

    async def send(self, when: datetime = NOON) -> Reserved:
        reserved = await self.reserve(when)
        await self.store.begin_sending([Intent(reserved.attempt, POLICY, 1, when)])
        return reserved

    async def record(self, reserved: Reserved, *happened: Event) -> None:
        await self.store.record([Happened(reserved.attempt, event) for event in happened])

    async def ring(self, when: datetime, disposition: Disposition, call: CallSid = CALL) -> None:
        reserved = await self.send(when)
        over = Ended(when + seconds(20), disposition, disposition.replace("_", "-"), ResolvedBy.CALLBACK, call)
        await self.record(reserved, Accepted(when + seconds(1), call), over)


Do = Callable[[Desk], Awaitable[object]]


def write(file: Path, do: Do, name: str = "spring") -> None:
    """A campaign with one list, running; then what the test wants to happen."""

    async def go() -> None:
        async with ledger.opened(file, keyfile.load(file, None, make=False), read_policy) as store:
            campaign = await store.open_campaign(name, SIMULATED, RULES, NOON)
            new = await store.begin_import(NewImport(campaign.id, "leads.csv", name, ("phone",), "phone", NOON))
            assert isinstance(new, int)
            await store.add_lines(new, LINES)
            await store.finish_import(new, NOON)
            await store.set_state(campaign.id, CampaignState.RUNNING, "", NOON)
            await do(Desk(store, campaign))

    asyncio.run(go())


async def nothing(_desk: Desk) -> None:
    """The list is loaded, and nobody was called yet."""
