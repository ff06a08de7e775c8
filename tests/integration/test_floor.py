"""The floor of a real house: what Ctrl-C does the first time, and what it does the second."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaign import settings
from campaign.core.attempt import AttemptState
from campaign.core.keyed import Key
from campaign.core.lead import CampaignState, PhoneNumber
from campaign.core.records import Account, AttemptRecord, CampaignRecord, NewImport, NewLead, Owner
from campaign.engine.clock import RealClock
from campaign.engine.run import Ending
from campaign.settings import Loaded
from campaign.store import insight, ledger, lock, schema
from campaign.wiring.floor import dial
from campaign.wiring.house import House
from campaign.wiring.policy import read_policy
from tests.builders import NUMBER, hours
from tests.integration.exotel_stub import Reply, Stub, client, listening, says, says_nothing
from tests.integration.house import connections_closed

ANSWERED: Reply = says()
PATIENCE = 20.0  # seconds before a test that waits gives up
TABLES = {
    "provider": {"caller_id": "08012300000", "flow_url": "http://my.exotel.com/example/exoml/start_voice/1"},
    "window": {"hours": "00:00-24:00"},
    "pace": {"rate": "6000/min"},
}


@dataclass
class Dialling:
    """A house whose one lead is being dialled, and what its end will be."""

    house: House
    campaign: CampaignRecord
    stub: Stub
    end: "asyncio.Future[Ending]"

    async def requested(self) -> None:
        """The connect request is on its way."""
        async with asyncio.timeout(PATIENCE):
            while not any(request.startswith(b"POST") for request in self.stub.requests):
                await self.house.books.next_due(self.campaign.id)

    async def attempt(self) -> AttemptRecord:
        [attempt] = [each async for chunk in self.house.books.attempts(self.campaign.id) for each in chunk]
        return attempt

    async def until(self, state: AttemptState) -> None:
        async with asyncio.timeout(PATIENCE):
            while (await self.attempt()).attempt.state is not state:
                pass

    async def still(self) -> None:
        """It goes on: a good many round trips to the file later it has not ended."""
        for _ in range(50):
            await self.house.books.next_due(self.campaign.id)
        assert not self.end.done()

    async def over(self) -> Ending:
        async with asyncio.timeout(PATIENCE):
            return await self.end


async def a_campaign(house: House) -> CampaignRecord:
    """With one lead."""
    found = await house.open("spring", house.loaded.settings)
    number = PhoneNumber(NUMBER.e164)
    new = NewImport(found.id, "leads.csv", "0" * 64, ("phone",), "phone", house.clock.now())
    begun = await house.store.begin_import(new)
    assert isinstance(begun, int)
    await house.store.add_lines(begun, [NewLead(2, number, [number.e164])])
    await house.accept(begun)
    return found


@asynccontextmanager
async def dialling(folder: Path, *replies: Reply) -> AsyncIterator[Dialling]:
    """The real client before a stub that answers so."""
    file, me = folder / "campaign.db", Owner(os.getpid(), RealClock().now())
    schema.prepare(file)
    loaded = Loaded(settings.parse(TABLES, "a test"), settings.load(db=file).secrets, None)
    key = Key(b"a key for tests")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(connections_closed())
        held = stack.enter_context(lock.held(lock.lock_file(file), me, "the database"))
        stub = await stack.enter_async_context(listening(*replies))
        provider = await stack.enter_async_context(client(stub.url))
        store = await stack.enter_async_context(ledger.opened(file, key, read_policy))
        books = await stack.enter_async_context(insight.opened(file))
        house = House(
            store=store, books=books, clock=RealClock(), key=key, loaded=loaded, provider=provider, held=held,
            account=Account(stub.url, "example", simulated=False), made=True, mark=None,
        )  # fmt: skip
        campaign = await a_campaign(house)
        end = asyncio.ensure_future(dial(house, campaign, limit=None, show=lambda _: None, every=hours(1)))
        try:
            yield Dialling(house, campaign, stub, end)
        finally:
            end.cancel()
            await asyncio.wait([end])


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_second_signal_leaves_at_once_though_a_call_is_alive(tmp_path: Path, which: signal.Signals) -> None:
    async with dialling(tmp_path, ANSWERED) as it:
        await it.requested()
        await it.until(AttemptState.ACCEPTED)
        signal.raise_signal(which)
        await it.still()  # the first one waits for the call
        signal.raise_signal(which)
        assert await it.over() is Ending.INTERRUPTED
        assert (await it.attempt()).attempt.alive
        assert [each.state for each in await it.house.books.campaigns()] == [CampaignState.RUNNING]


async def test_a_second_signal_does_not_wait_for_a_request_on_its_way(tmp_path: Path) -> None:
    async with dialling(tmp_path, says_nothing) as it:
        await it.requested()
        signal.raise_signal(signal.SIGINT)
        await it.still()
        signal.raise_signal(signal.SIGINT)
        assert await it.over() is Ending.INTERRUPTED
        assert (await it.attempt()).attempt.state is AttemptState.SENDING  # the next start finds it in doubt


async def test_once_it_is_over_a_signal_is_an_ordinary_one_again(tmp_path: Path) -> None:
    async with dialling(tmp_path, ANSWERED) as it:
        await it.requested()
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
        await it.over()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


async def test_while_it_dials_the_note_beside_the_database_tells_of_its_door(tmp_path: Path) -> None:
    async with dialling(tmp_path, ANSWERED) as it:
        await it.requested()
        owner = lock.holder(lock.lock_file(tmp_path / "campaign.db"))
        assert owner is not None
        assert (owner.pid, bool(owner.port), bool(owner.token)) == (os.getpid(), True, True)
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
        await it.over()
        left = lock.holder(lock.lock_file(tmp_path / "campaign.db"))
        assert left is not None
        assert (left.port, left.token) == (0, "")
