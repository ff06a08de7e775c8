"""What goes wrong with a call after it was answered for: its callback, its place in the list, its times, a redial."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import (
    ServerDisconnectedError,
)

from campaign.simulator.server import Simulator
from campaign.simulator.town import Town
from tests.builders import hours, minutes, seconds
from tests.integration.simulated import (
    ACCOUNT,
    ANOTHER,
    EXOPHONE,
    LEAD,
    World,
    faulty,
    happened,
    lines,
    log_of,
    placed,
)

# --- the callback ----------------------------------------------------------------------------------------------------


async def ended(world: World, script: str = "busy:10s", **fields: Any) -> str:
    """A call whose end is due to be told."""
    sid = await world.call(script, StatusCallback=world.callback_url, **fields)
    world.clock.move(seconds(12))
    return sid


def told(world: World) -> list[bytes]:
    return [world.told.get_nowait().body for _ in range(world.told.qsize())]


async def test_an_end_may_never_be_told(tmp_path: Path) -> None:
    async with faulty(tmp_path, "callback_never") as world:
        await ended(world)
        await world.settled()
        world.clock.move(hours(1))
        await world.list_calls()
        assert (told(world), happened(tmp_path)) == ([], ["callback_never"])
        again = Simulator(clock=world.clock, town=Town(), log=tmp_path / "log.jsonl")
        async with again.running() as world.base_url:
            await world.list_calls()
        assert (told(world), happened(tmp_path)) == ([], ["callback_never"])


@pytest.mark.parametrize(("name", "times"), [("callback_twice", 2), ("callback_thousand", 1000)])
async def test_an_end_may_be_told_often_in_the_same_bytes(tmp_path: Path, name: str, times: int) -> None:
    async with faulty(tmp_path, name) as world:
        sid = await ended(world)
        await world.settled()
        bodies = told(world)
        assert (len(bodies), len(set(bodies)), sid.encode() in bodies[0]) == (times, 1, True)
    assert happened(tmp_path) == [name]


async def test_an_end_may_be_told_hours_late_and_meanwhile_nobody_is_busy(tmp_path: Path) -> None:
    async with faulty(tmp_path, callback_late={"by": "2h"}) as world:
        sid = await ended(world)
        await world.settled()
        world.clock.move(minutes(119))
        await world.list_calls()
        assert (told(world), happened(tmp_path)) == ([], [])
        world.clock.move(minutes(1))
        assert sid.encode() in (await world.told.get()).body
        assert happened(tmp_path) == ["callback_late"]


async def test_ends_may_be_told_in_another_order(tmp_path: Path) -> None:
    async with faulty(tmp_path, callback_reordered={"by": "1h"}) as world:
        sids = [await ended(world, From=f"+9198123000{n:02}") for n in range(8)]
        for _ in range(61):
            world.clock.move(minutes(1))
            await world.list_calls()
        await world.settled()
        order = [body.split(b"\r\n")[3].decode() for body in told(world)]
        assert sorted(order) == sorted(sids)
        assert order != sids
    assert happened(tmp_path) == ["callback_reordered"] * 8


async def test_an_end_may_be_told_before_the_answer(tmp_path: Path) -> None:
    async with faulty(tmp_path, "callback_early") as world, asyncio.TaskGroup() as group:
        answer = group.create_task(world.connect("busy:10s", StatusCallback=world.callback_url))
        await world.until(lambda: placed(tmp_path) == 1)
        world.clock.move(seconds(12))
        first = await world.told.get()
        sid = (await answer).call["Sid"]
        assert sid.encode() in first.body
    log, (call,) = log_of(tmp_path), lines(tmp_path, "call")
    (answered,) = [line for line in lines(tmp_path, "response") if line["no"] == call["request"]]
    assert log.index(lines(tmp_path, "callback")[0]) < log.index(answered)
    assert happened(tmp_path) == ["callback_early"]


@pytest.mark.parametrize("other", ["callback_never", "callback_late", None])
async def test_an_answer_does_not_wait_for_what_is_not_told_soon(tmp_path: Path, other: str | None) -> None:
    async with faulty(tmp_path, "callback_early", *([other] if other else [])) as world:
        address = world.callback_url if other else None
        assert (await world.connect("busy:10s", StatusCallback=address)).status == 200
    assert happened(tmp_path) == []


async def test_a_second_callback_may_contradict_the_first(tmp_path: Path) -> None:
    async with faulty(tmp_path, "callback_contradictory") as world:
        sid = await ended(world)
        await world.settled()
        true, contrary = told(world)
        assert (b"busy" in true, b"completed" in contrary, sid.encode() in contrary) == (True, True, True)
        assert (await world.show(sid))["Status"] == "busy"
    assert happened(tmp_path) == ["callback_contradictory"]


@pytest.mark.parametrize(
    ("name", "held"), [("forged_sid", b"completed"), ("forged_status", b"teleported"), ("forged_body", b"\x00\xff")]
)
async def test_a_forged_callback_comes_before_the_true_one(tmp_path: Path, name: str, held: bytes) -> None:
    async with faulty(tmp_path, **{name: {"only": ANOTHER}}) as world:
        other = await world.call("answers:70s")
        sid = await ended(world, From=ANOTHER)
        await world.until(lambda: len(lines(tmp_path, "callback")) == 2)
        forged, true = told(world)
        assert held in forged
        assert (other.encode() in forged) == (name == "forged_sid")
        assert (sid.encode() in true, b"busy" in true) == (True, True)
    assert happened(tmp_path) == [name]
    assert [line.get("fault") for line in lines(tmp_path, "callback")] == [name, None]


async def test_a_callback_may_be_forged_without_the_address(tmp_path: Path) -> None:
    async with faulty(tmp_path, "forged_tag") as world:
        await ended(world)
        await world.settled()
        assert len(told(world)) == 1
    assert [line["answer"] for line in lines(tmp_path, "callback")] == [404, 200]


async def test_a_forged_callback_leaves_this_machine_as_little_as_a_true_one(tmp_path: Path) -> None:
    async with faulty(tmp_path, "forged_tag", "callback_twice") as world:
        await world.call("not-existing", StatusCallback="https://example.com/told")
        world.clock.move(seconds(2))
        await world.settled()
    answers = {line["answer"] for line in lines(tmp_path, "callback")}
    assert answers == {"not sent: the address is not on this machine"}


async def test_a_simulator_started_again_takes_no_forged_callback_for_a_telling(tmp_path: Path) -> None:
    async with faulty(tmp_path, "forged_status") as world:
        world.answer_with = [404, 500]
        sid = await ended(world)
        await world.settled()
        await world.simulator.stop()
        told(world)
        again = Simulator(clock=world.clock, town=Town(), log=tmp_path / "log.jsonl")
        async with again.running() as world.base_url:
            world.clock.move(minutes(5))
            await world.until(lambda: len(lines(tmp_path, "callback")) == 3)
        assert [sid.encode() in body for body in told(world)] == [True]


# --- the list, the clock, the redial ---------------------------------------------------------------------------------


async def test_a_call_may_come_into_the_list_later(tmp_path: Path) -> None:
    async with faulty(tmp_path, list_lags={"only": LEAD, "by": "10m"}) as world:
        sids = [await world.call("busy:10s", From=number) for number in (LEAD, ANOTHER)]
        world.clock.move(minutes(10))
        assert await world.listed() == sids[1:]
        world.clock.move(seconds(30))
        assert sorted(await world.listed()) == sorted(sids)
        (fault,) = lines(tmp_path, "fault")
        assert (fault["name"], fault["sid"], fault["request"]) == ("list_lags", sids[0], 3)


async def test_a_page_may_begin_with_the_last_row_of_the_one_before(tmp_path: Path) -> None:
    async with faulty(tmp_path, list_shifts={"only": ANOTHER}) as world:
        sids = []
        for number in (LEAD, ANOTHER, "+919812300003", "+919812300004"):
            sids.append(await world.call("busy:1s", From=number))
            world.clock.move(minutes(1))
        seen, next_page = [], f"{ACCOUNT}.json?PageSize=2&SortBy=DateCreated:asc"
        while next_page:
            page = (await world.ask("GET", next_page)).json
            seen.append([call["Sid"] for call in page["Calls"]])
            next_page = page["Metadata"]["NextPageUri"]
        assert seen == [sids[:2], sids[1:3], sids[3:]]
        assert len(await world.listed(PageSize="1", After=sids[1], SortBy="DateCreated:asc")) == 1
    assert happened(tmp_path) == ["list_shifts"]


@pytest.mark.parametrize(
    ("name", "by", "created"),
    [
        ("clock_ahead", "90s", "2026-03-04 12:01:30"),
        ("clock_behind", "90s", "2026-03-04 11:58:30"),
        ("other_zone", None, "2026-03-04 06:30:00"),
    ],
)
async def test_every_time_of_a_call_may_be_wrong_by_the_same(
    tmp_path: Path, name: str, by: str | None, created: str
) -> None:
    async with faulty(tmp_path, **{name: {"by": by} if by else 1}) as world:
        call = (await world.connect("busy:10s")).call
        assert call["DateCreated"] == call["StartTime"] == created
        world.clock.move(minutes(1))
        assert (await world.show(call["Sid"]))["DateCreated"] == created
        exactly = f"gte:{created};lte:{created}"
        assert await world.listed(DateCreated=exactly) == await world.listed() == [call["Sid"]]
        if name != "clock_ahead":
            assert await world.listed(DateCreated="gte:2026-03-04 12:00:00") == []
    assert happened(tmp_path) == [name]


async def test_the_provider_may_dial_again_by_itself(tmp_path: Path) -> None:
    async with faulty(tmp_path, redials={"by": "20s"}) as world:
        sid = await ended(world)
        await world.told.get()
        world.clock.move(seconds(18))
        await world.until(lambda: placed(tmp_path) == 2)
        world.clock.move(minutes(1))
        await world.settled()
        first, again = lines(tmp_path, "call")
        assert (again["redial_of"], again["number"], again["request"]) == (sid, LEAD, None)
        assert (again["fate"], again["caller_id"]) == (first["fate"], f"+91{EXOPHONE[1:]}")
        assert len(await world.listed(From=LEAD)) == 2
        assert (told(world), happened(tmp_path)) == ([], ["redials"])


async def test_a_redial_is_no_call_of_the_script_and_is_owed_over_a_restart(tmp_path: Path) -> None:
    async with faulty(tmp_path, redials={"first_n": 1, "by": "1m"}) as world:
        await ended(world, "busy:10s answers:5s no-answer")
        await world.settled()
        await world.simulator.stop()
        for more in (1, 0):
            again = Simulator(clock=world.clock, town=Town(), log=tmp_path / "log.jsonl")
            async with again.running() as world.base_url:
                world.clock.move(minutes(2))
                await world.until(lambda: placed(tmp_path) == 2)
                if not more:
                    await world.call("busy:10s answers:5s no-answer")
    assert [call["fate"] for call in lines(tmp_path, "call")] == ["busy", "busy", "answers"]


# --- together --------------------------------------------------------------------------------------------------------


async def test_faults_come_together(tmp_path: Path) -> None:
    async with faulty(tmp_path, "answer_lost", "callback_twice", "clock_behind", "list_lags") as world:
        with pytest.raises(ServerDisconnectedError):
            await world.connect("busy:10s", StatusCallback=world.callback_url)
        world.clock.move(seconds(12))
        await world.settled()
        world.clock.move(minutes(1))
        assert await world.listed() == []
    assert sorted(happened(tmp_path)) == ["answer_lost", "callback_twice", "clock_behind", "list_lags"]


async def test_what_a_call_is_in_for_it_is_in_for_over_a_restart(tmp_path: Path) -> None:
    async with faulty(tmp_path, "callback_twice") as world:
        sid = await world.call("busy:10s", StatusCallback=world.callback_url)
        await world.simulator.stop()
        again = Simulator(clock=world.clock, town=Town(), log=tmp_path / "log.jsonl")
        async with again.running() as world.base_url:
            world.simulator = again
            world.clock.move(seconds(12))
            await world.settled()
        assert [sid.encode() in body for body in told(world)] == [True, True]
