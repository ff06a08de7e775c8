"""Ablations of what is on disk and of the dialling around it: a real ledger, a real desk, a provider with a log."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from campaign.core import guard
from campaign.core.attempt import AttemptId, AttemptState, Disposition, Refusal, ResolvedBy
from campaign.core.events import Ended
from campaign.core.guard import Send
from campaign.core.lead import CampaignState, PhoneNumber
from campaign.core.pace import Why
from campaign.core.pool import Caller, choose
from campaign.core.records import Happened, Intent, Reserved, Stranger
from campaign.core.window import always
from campaign.engine.run import PAUSED_BY_PEOPLE, Run
from campaign.errors import CampaignError
from campaign.store import audit, dialling, recording, recovery, sqlite, tables
from campaign.store.dialling import _Facts
from campaign.store.ledger import Ledger
from campaign.store.recording import _Batch
from tests.builders import KOLKATA, NOON, hours, minutes, window
from tests.integration.going import going
from tests.integration.house import FREELY, House, ScriptedProvider, a_house, ending, in_doubt, refused, sid
from tests.integration.house import dialling as at_work
from tests.prove import disk
from tests.prove.ablations_kit import Ablation, Out, around, here, nothing, nothing_later, swapped
from tests.prove.disk_world import Disk

FIRST = "+919812300001"


def five_leads(folder: Path) -> Sequence[str]:
    """Part 4: a run of five leads whose disk does not fail."""
    return disk.one(Disk()).wrong


async def _reserved(house: House, count: int = 1) -> list[Reserved]:
    return await house.store.claim_due(house.campaign.id, house.clock.now(), count)


async def _dialled(house: House, reserved: Reserved) -> int:
    """How many connect requests the provider has seen once this one was dialled."""
    run = house.run()
    async with at_work(house, run, workers=0):
        await run.dialer.dial(reserved)
    return len(house.provider.placed)


@here
async def interrupted(folder: Path) -> Sequence[str]:
    """The program dies with one request on its way and another lead reserved; the next one takes both up."""
    async with a_house(folder, leads=2, rate=FREELY) as house:
        first, _ = await _reserved(house, 2)
        await house.store.begin_sending([Intent(first.attempt, house.policy, 1, house.clock.now())])
    async with a_house(folder, rate=FREELY) as house:
        await house.store.recover(house.clock.now())
        async with going(house) as it:
            await it.house.settle()
        called = [each.number.e164 for each in house.provider.placed]
    again = ["C5: called again, and nobody knows what became of the first request"] if FIRST in called else []
    return again + ["L1: a lead that was reserved is forgotten"] * (len(set(called) - {FIRST}) == 0)


@here
async def paused_between(folder: Path) -> Sequence[str]:
    """The campaign is paused when the lead is reserved already, and waits for its turn."""
    async with a_house(folder, leads=1, rate=FREELY) as house:
        [reserved] = await _reserved(house)
        await house.move_to(CampaignState.PAUSED)
        return ["C15: a request left after the pause was on disk"] * await _dialled(house, reserved)


class Slow(ScriptedProvider):
    """A request leaves only once `open` is set: until then its connection is being made. `left`: those that have."""

    begun = left = 0

    async def place(self, placement: Any) -> Any:
        self.begun += 1
        await self.open.wait()
        self.left += 1
        return await super().place(placement)


@here
async def paused_while_sending(folder: Path) -> Sequence[str]:
    """Somebody pauses while a request is about to leave; when they are told that it is paused, none leaves any more."""
    async with a_house(folder, leads=1, rate=FREELY) as house:
        house.provider = slow = Slow(house.clock)
        slow.open.clear()
        async with going(house) as it:
            await house.until(lambda: slow.begun)
            pausing, before = asyncio.ensure_future(it.run.pause()), [99]
            pausing.add_done_callback(lambda _: before.append(slow.left))
            await house.settle()
            slow.open.set()
            await pausing
            await house.settle()
        return ["C15: a request left after `pause` had returned"] * (slow.left > before[-1])


@here
async def window_closes(folder: Path) -> Sequence[str]:
    """The calling hours end while the request waits for its place in the rate."""
    async with a_house(folder, leads=1, rate=FREELY, window=window()) as house:
        house.clock.move(hours(9) - minutes(5))
        run = house.run()
        [reserved] = await _reserved(house)
        run.desk.pacer.pause(house.clock.now() + minutes(10), Why.ASKED)
        async with at_work(house, run, workers=0):
            dialled = asyncio.ensure_future(run.dialer.dial(reserved))
            await house.settle()
            house.clock.move(minutes(15))
            await dialled
        wall = house.clock.now().astimezone(KOLKATA)
        return [f"C11: a phone rings at {wall:%H:%M}, the hours end at 21:00"] * len(house.provider.placed)


@here
async def somebody_else_called(folder: Path) -> Sequence[str]:
    """One call a day is allowed, and the provider's list has one that nobody here made."""
    async with a_house(folder, leads=1, rate=FREELY, per_day=1) as house:
        caller = house.policy.callers[0].number
        theirs = Stranger(sid(9), PhoneNumber(FIRST), caller, "completed", house.clock.now() - hours(1))
        await house.store.note_strangers(house.campaign.account_id, [theirs], house.clock.now())
        [reserved] = await _reserved(house)
        return ["C13: a number is called twice within a day"] * await _dialled(house, reserved)


@here
async def caller_with_one_channel(folder: Path) -> Sequence[str]:
    """Three people are called from two numbers, one of which may have a single call alive."""
    few: dict[str, Any] = {"rate": FREELY, "callers": (Caller("1", channels=1), Caller("2", channels=1))}
    async with a_house(folder, leads=3, **few) as house, going(house):
        await house.settle()
        most = max(Counter(each.caller_id for each in house.provider.placed).values())
        return ["C9: two calls alive from a caller id with one channel"] * (most > 1)


def _without_channels(pool: Any, used: Any, own: Any, luck: float) -> Any:
    return choose(pool, {}, own, luck)


@here
async def another_call(folder: Path) -> Sequence[str]:
    """A callback to a doubtful attempt names the call of another one."""
    async with a_house(folder, leads=2, rate=FREELY) as house:
        await house.call(1)
        doubtful = await house.call(answer=in_doubt())
        await house.callback(doubtful.public_id, ending(sid(1)))
        await house.desk().callbacks.step(house.clock.now())
        owners = [each for each in await house.attempts() if each.attempt.call_sid == sid(1)]
        return ["D7: two attempts own the same call"] * (len(owners) > 1)


@here
async def wrong_guard(folder: Path) -> Sequence[str]:
    """The guards let everything through; the ledger itself must refuse a second live attempt of a number."""
    async with a_house(folder, leads=1, rate=FREELY) as house:
        more = await house.store.open_campaign("more", house.campaign.account, {}, NOON)
        with patch.object(guard, "may_send", lambda *_: Send()):
            await house.call(1)
            house.campaign = more
            await house.load(1)
            with suppress(CampaignError):
                await house.call(2)
        alive = [row for row in await house.rows("attempt") if row["state"] in ("sending", "accepted")]
        return ["C4: two attempts of one number are alive"] * (len(alive) > 1)


@here
async def account_refused(folder: Path) -> Sequence[str]:
    """The provider refuses the account: with the first such answer everything stops."""
    async with a_house(folder, leads=4, rate=FREELY, channels=1) as house:
        house.provider.answers.extend([refused(Refusal.ACCOUNT)] * 3)
        async with going(house):
            await house.settle()
        placed = len(house.provider.placed)
        return ["C15: calls go on, though the account was refused"] * (placed > 1)


@here
async def verified(folder: Path) -> Sequence[str]:
    """An answered call, a refused one, one in doubt and one given back, then `campaign verify`."""
    async with a_house(folder, leads=4, rate=FREELY) as house:
        call = await house.call(1)
        over = Ended(house.clock.now() + minutes(1), Disposition.COMPLETED, "completed", ResolvedBy.CALLBACK, sid(1))
        await house.store.record([Happened(call.attempt.id, over)])
        await house.call(answer=refused(Refusal.INVALID_NUMBER))
        await house.call(answer=in_doubt())
        await _reserved(house)
        await house.store.recover(house.clock.now())
        async with audit.opened(house.file, lambda _: house.policy) as books:
            checks = [*await books.of_campaign(house.campaign.id), *await books.of_database()]
    return [f"D5: {check.what}: {check.first}" for check in checks if check.breaches]


# --- what is taken out ----------------------------------------------------------------------------------------------


def _facts(**changed: Any) -> Out:
    return around(guard, "may_send", lambda ask: lambda facts, *rest: ask(replace(facts, **changed), *rest))


def _rules(**changed: Any) -> Out:
    return around(guard, "may_send", lambda ask: lambda facts, policy, now: ask(facts, replace(policy, **changed), now))


def _sent_after_the_answer() -> Any:
    """The intent is written together with the answer."""
    begin, record, late = Ledger.begin_sending, Ledger.record, list[Intent]()

    async def promise(self: Ledger, intents: Sequence[Intent]) -> list[Send]:
        late.extend(intents)
        return [Send() for _ in intents]

    async def keep_promises(self: Ledger, happened: Sequence[Happened]) -> Any:
        promised = late.copy()
        late.clear()
        await begin(self, promised)
        return await record(self, happened)

    return patch.multiple(Ledger, begin_sending=promise, record=keep_promises)


def _sending_is_free(in_state: Any) -> Any:
    def found(connection: Any, state: AttemptState) -> list[AttemptId]:
        if state is AttemptState.RESERVED:
            sending = tables.attempt.c.state == AttemptState.SENDING
            connection.execute(tables.attempt.update().where(sending).values(state=state, sent_at=None))
        ids: list[AttemptId] = in_state(connection, state)
        return ids

    return found


async def _only_written(self: Run) -> None:
    await self.store.set_state(self.orders.campaign.id, CampaignState.PAUSED, PAUSED_BY_PEOPLE, self.clock.now())


def _but(*kinds: str) -> Any:
    """Events of these kinds are not written."""

    def make(append: Any) -> Any:
        return lambda connection, rows: append(connection, [row for row in rows if row["kind"] not in kinds])

    return make


def _but_leads(set_rows: Any) -> Any:
    def write(connection: Any, table: Any, rows: Any) -> None:
        if table is not tables.lead:
            set_rows(connection, table, rows)

    return write


_NO_INDEX = (*sqlite._ON_CONNECT, "DROP INDEX IF EXISTS uq_attempt_live")

ABLATIONS = (
    Ablation(
        "intent not on disk before the request", _sent_after_the_answer, five_leads, "sent before it was", slow=True
    ),
    Ablation(
        "a start takes requests on their way for free",
        around(recovery, "_in_state", _sending_is_free),
        interrupted,
        "C5",
    ),
    Ablation("reservations not given back at a start", swapped(recovery, "release", nothing), interrupted, "L1"),
    Ablation("pause asked before the commit only", _facts(campaign=CampaignState.RUNNING), paused_between, "C15"),
    Ablation(
        "door by-passed: a pause is only written", swapped(Run, "pause", _only_written), paused_while_sending, "C15"
    ),
    Ablation("window not checked in the commit", _rules(window=always(KOLKATA)), window_closes, "C11"),
    Ablation("strangers not counted", swapped(_Facts, "_strangers", nothing), somebody_else_called, "C13"),
    Ablation(
        "another attempt's call accepted", swapped(_Batch, "_names_another", lambda *_: False), another_call, "D7"
    ),
    Ablation("index of live numbers dropped", swapped(sqlite, "_ON_CONNECT", _NO_INDEX), wrong_guard, "C4"),
    Ablation(
        "channels of a caller id not checked",
        swapped(guard, "choose", _without_channels),
        caller_with_one_channel,
        "C9",
    ),
    Ablation("a refused account not heeded", swapped(Run, "_refused", nothing_later), account_refused, "C15"),
    Ablation(
        "sending not written as an event", around(dialling, "append_events", _but("sent")), verified, "D5: events"
    ),
    Ablation(
        "an end not written as an event", around(recording, "append_events", _but("ended")), verified, "D5: events"
    ),
    Ablation(
        "a doubt not written as an event", around(recording, "append_events", _but("in_doubt")), verified, "D5: events"
    ),
    Ablation("lead not changed with its attempt", around(recording, "set_rows", _but_leads), verified, "D5: events"),
)
