"""Two people's words on one call in doubt: only the first is heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from campaign import settings
from campaign.core.attempt import AttemptId
from campaign.core.events import InDoubt
from campaign.core.lead import CampaignId, CampaignState
from campaign.core.records import Happened, Intent, NewImport, NewLead
from campaign.errors import UsageError
from campaign.settings import Loaded
from campaign.wiring import House, Resolution, owning, policy_of
from tests.builders import NUMBER
from tests.integration.house import connections_closed

TABLES = {"window": {"hours": "00:00-24:00"}}
PLACED = Resolution("in the call list of 4 March", placed="c0ffee")
WRITTEN_OFF = Resolution("nobody knows", written_off=True)


@asynccontextmanager
async def in_doubt(folder: Path) -> AsyncIterator[tuple[House, CampaignId, AttemptId]]:
    """A house of which one call is in doubt."""
    database = folder / "campaign.db"
    loaded = Loaded(settings.parse(TABLES, "a test"), settings.load(db=database).secrets, None)
    async with connections_closed(), owning(loaded, database, make=True, dial=False) as house:
        campaign, now = await house.open("spring", loaded.settings), house.clock.now()
        begun = await house.store.begin_import(NewImport(campaign.id, "leads.csv", "0" * 64, ("phone",), "phone", now))
        assert isinstance(begun, int)
        await house.store.add_lines(begun, [NewLead(2, NUMBER, [NUMBER.e164])])
        await house.accept(begun)
        await house.store.set_state(campaign.id, CampaignState.RUNNING, "", now)
        [reserved] = await house.store.claim_due(campaign.id, now, 1)
        await house.store.begin_sending([Intent(reserved.attempt, policy_of(loaded.settings), 1, now)])
        await house.store.record([Happened(reserved.attempt, InDoubt(now, "time-out"))])
        yield house, campaign.id, reserved.attempt


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_call_that_a_person_found_cannot_be_written_off_by_another(tmp_path: Path, *, at_once: bool) -> None:
    async with in_doubt(tmp_path) as (house, campaign, attempt):
        first = asyncio.ensure_future(house.resolve(campaign, attempt, PLACED))
        if not at_once:
            await first
        second = asyncio.ensure_future(house.resolve(campaign, attempt, WRITTEN_OFF))
        with pytest.raises(UsageError, match="Nothing was changed: the call is not in doubt any more"):
            await second
        await first
        [live] = await house.books.live_calls((await house.books.campaigns())[0].account_id)
        assert live.attempt.alive
