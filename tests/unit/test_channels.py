"""Who waits for a channel, and what wakes them."""

import asyncio
from datetime import datetime

import pytest

from campaign.core.attempt import AttemptId
from campaign.engine.channels import Channels
from campaign.engine.tasks import TurnedAway, nursery
from campaign.ports import Bell
from tests.builders import NOON, minutes
from tests.integration.house import StillClock

LONGEST = minutes(6)
US, THEM = object(), object()
"""Two campaigns."""


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


async def turn() -> None:
    """Every task that can go on does."""
    for _ in range(5):
        done = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(done.set_result, None)
        await done


async def entered(channels: Channels, first: int, last: int, into: list[int], who: object = US) -> None:
    for number in range(first, last + 1):
        await channels.enter(AttemptId(number), who)
        into.append(number)


async def test_no_more_enter_than_there_are_channels(clock: StillClock) -> None:
    channels, inside = Channels(2, LONGEST, clock), list[int]()
    async with nursery() as group:
        task = group.create_task(entered(channels, 1, 3, inside))
        await turn()
        assert inside == [1, 2]
        task.cancel()


async def test_a_call_that_ends_lets_the_next_one_in(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[int]()
    async with nursery() as group:
        group.create_task(entered(channels, 1, 2, inside))
        await turn()
        assert inside == [1]
        channels.leave(AttemptId(1))
    assert inside == [1, 2]


async def test_leaving_twice_frees_one_channel(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[int]()
    async with nursery() as group:
        task = group.create_task(entered(channels, 1, 3, inside))
        await turn()
        channels.leave(AttemptId(1))
        channels.leave(AttemptId(1))
        await turn()
        assert inside == [1, 2]
        task.cancel()


async def test_the_latest_end_of_a_call_frees_its_channel(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[int]()
    channels.take(AttemptId(9), NOON + minutes(1))
    async with nursery() as group:
        group.create_task(entered(channels, 1, 1, inside))
        await turn()
        assert list(clock.waiting.values()) == [NOON + minutes(1)]
        clock.move(minutes(1))
    assert inside == [1]


async def test_who_enters_holds_a_channel_for_the_longest_call_until_more_is_known(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[int]()
    async with nursery() as group:
        group.create_task(entered(channels, 1, 2, inside))
        await turn()
        clock.move(LONGEST - minutes(1))
        await turn()
        assert inside == [1]
        clock.move(minutes(1))
    assert inside == [1, 2]


async def test_they_enter_in_the_order_in_which_they_came(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[int]()
    channels.take(AttemptId(9), NOON + minutes(1))
    async with nursery() as group:
        tasks = [group.create_task(entered(channels, number, number, inside)) for number in (3, 1, 2)]
        await turn()
        for leaving, order in ((9, [3]), (3, [3, 1]), (1, [3, 1, 2])):
            channels.leave(AttemptId(leaving))
            await turn()
            assert inside == order
        assert all(task.done() for task in tasks)


async def test_campaigns_share_the_channels_by_their_weights(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[object]()
    channels.take(AttemptId(999), NOON + minutes(1))

    async def comes(number: int, who: object, weight: float) -> None:
        await channels.enter(AttemptId(number), who, weight)
        inside.append(who)
        channels.leave(AttemptId(number))

    async with nursery() as group:
        tasks = [group.create_task(comes(number, US, 1)) for number in range(20)]
        tasks += [group.create_task(comes(number, THEM, 3)) for number in range(20, 40)]
        await turn()
        channels.leave(AttemptId(999))
    assert inside[:16].count(THEM) == 12
    assert all(task.done() for task in tasks)


async def test_a_channel_that_frees_wakes_one_of_those_who_wait(clock: StillClock) -> None:
    channels, woken = Channels(1, LONGEST, clock), 0
    channels.take(AttemptId(999), NOON + minutes(1))
    wait = clock.wait

    async def counted(until: datetime | None, bell: Bell | None = None) -> None:
        nonlocal woken
        await wait(until, bell)
        woken += 1

    clock.wait = counted  # type: ignore[method-assign]
    async with nursery() as group:
        tasks = [group.create_task(channels.enter(AttemptId(number), US)) for number in range(20)]
        await turn()
        channels.leave(AttemptId(999))
        await turn()
        assert woken == 2, "the first one enters, the second one hears that it is full"
        for task in tasks:
            task.cancel()


async def test_whoever_is_turned_away_goes_home_and_others_go_on_waiting(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[int]()
    channels.take(AttemptId(9), NOON + minutes(1))
    async with nursery() as group:
        ours = [asyncio.ensure_future(channels.enter(AttemptId(number), US)) for number in (1, 2)]
        theirs = group.create_task(entered(channels, 3, 3, inside, THEM))
        await turn()
        channels.turn_away(US)
        await turn()
        for each in ours:
            with pytest.raises(TurnedAway):
                await each
        assert not theirs.done()
        channels.leave(AttemptId(9))
    assert inside == [3]


async def test_whoever_was_turned_away_waits_no_more_afterwards(clock: StillClock) -> None:
    channels = Channels(1, LONGEST, clock)
    channels.take(AttemptId(9), NOON + minutes(1))
    channels.turn_away(US)
    waiting = asyncio.ensure_future(channels.enter(AttemptId(1), US))
    await turn()
    clock.move(minutes(1))  # woken, it hears that its campaign stops
    with pytest.raises(TurnedAway):
        await waiting


async def test_whoever_goes_home_takes_no_channel(clock: StillClock) -> None:
    channels, inside = Channels(1, LONGEST, clock), list[int]()
    channels.take(AttemptId(9), NOON + minutes(1))
    waiting = asyncio.ensure_future(channels.enter(AttemptId(1), US))
    await turn()
    channels.turn_away(US)
    channels.leave(AttemptId(9))
    with pytest.raises(TurnedAway):
        await waiting
    await entered(channels, 2, 2, inside, THEM)
    assert inside == [2]
