"""What becomes of a simulated call: its callback, its place in the log, a simulator that starts again."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from aiohttp import ClientSession

from campaign.simulator.log import last_instant
from campaign.simulator.server import Simulator
from campaign.simulator.town import Town
from tests.builders import NOON, minutes, seconds
from tests.integration.simulated import ACCOUNT, LEAD, SIMULATED, HandClock, World, a_town, lines, log_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_town(tmp_path / "log.jsonl") as world:
        yield world


async def test_the_end_is_told_in_the_captured_bytes(world: World) -> None:
    sid = await world.call("busy:10s", StatusCallback=world.callback_url)
    world.clock.move(seconds(12))
    told = await world.told.get()
    boundary = told.type.removeprefix("multipart/form-data; boundary=")
    mark = boundary.removeprefix("form-data-boundary-")
    assert (len(mark), mark.isalnum(), mark.lower()) == (16, True, mark)
    assert (
        told.body
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="CallSid"\r\n\r\n{sid}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="Status"\r\n\r\nbusy\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="DateUpdated"\r\n\r\n2026-03-04 12:00:12\r\n'
            f"--{boundary}--\r\n\r\n"
        ).encode()
    )
    assert (told.query, told.agent) == ({"attempt": "a1", "next": "http://x/"}, "Exotel Servers")


async def test_an_end_nobody_took_is_told_twice_more_and_then_no_more(world: World) -> None:
    world.answer_with = [500, 302, 404]
    sid = await world.call("not-existing", StatusCallback=world.callback_url)
    tellings = []
    for wait in (seconds(2), minutes(5), minutes(15), minutes(60)):
        assert world.told.empty()
        world.clock.move(wait)
        if wait < minutes(60):
            tellings.append(await world.told.get())
            await world.settled()
    await world.list_calls()
    assert world.told.empty()
    assert all(sid.encode() in telling.body for telling in tellings)
    assert len({telling.type for telling in tellings}) == 3


async def test_an_address_on_another_machine_is_never_told(world: World, tmp_path: Path) -> None:
    await world.call("not-existing", StatusCallback="https://example.com/told")
    world.clock.move(seconds(2))
    await world.settled()
    assert [line["answer"] for line in lines(tmp_path, "callback")] == ["not sent: the address is not on this machine"]


async def test_it_is_busy_while_somebody_is_on_the_phone_or_a_callback_is_owed(world: World) -> None:
    assert not world.simulator.busy()
    await world.call("busy:10s", StatusCallback=world.callback_url)
    assert world.simulator.busy()
    world.clock.move(seconds(11))
    await world.list_calls()
    assert world.simulator.busy()
    world.clock.move(seconds(1))
    await world.told.get()
    await world.settled()


async def test_a_request_is_in_the_log_as_it_came_without_its_credentials(world: World, tmp_path: Path) -> None:
    sid = await world.call("busy:10s")
    request, call, response = log_of(tmp_path)
    assert (request["kind"], request["method"], request["path"]) == ("request", "POST", f"{ACCOUNT}/connect.json")
    assert dict(parse_qsl(request["body"]))["From"] == LEAD
    assert "Host" in request["headers"]
    assert "Authorization" not in request["headers"]
    assert (call["kind"], call["sid"], call["number"], call["fate"], call["request"]) == ("call", sid, LEAD, "busy", 1)
    assert (call["custom_field"], call["rings_for"], call["talks_for"]) == ("a1 simulate=busy:10s", 10, 0)
    assert (response["kind"], response["no"], response["status"]) == ("response", request["no"], 200)
    assert datetime.fromisoformat(request["at"]) == NOON
    assert (tmp_path / "log.jsonl").stat().st_mode & 0o777 == 0o600


async def test_a_body_that_is_no_text_is_logged_whole_and_one_too_large_is_refused(
    world: World, tmp_path: Path
) -> None:
    await world.ask("POST", f"{ACCOUNT}/connect.json", data=b"\xff\x00")
    assert lines(tmp_path, "request")[0]["body_base64"] == "/wA="
    assert (await world.ask("POST", f"{ACCOUNT}/connect.json", data=b"x" * 70_000)).status == 413
    assert (await world.ask("GET", f"{ACCOUNT}/connect/other.json")).status == 404


async def test_an_end_is_in_the_log_at_its_instant(world: World, tmp_path: Path) -> None:
    sid = await world.call("busy:10s")
    world.clock.move(seconds(15))
    await world.settled()
    (ended,) = lines(tmp_path, "ended")
    assert (ended["sid"], ended["status"]) == (sid, "busy")
    assert datetime.fromisoformat(ended["at"]) == NOON + seconds(10)


async def test_a_simulator_started_again_knows_the_ended_and_lets_the_living_end(world: World, tmp_path: Path) -> None:
    ended = await world.call("busy:10s answers")
    world.clock.move(seconds(20))
    alive = await world.call("no-answer", From="+919812300002", StatusCallback=world.callback_url)
    await world.connect("ndnc busy:1s", From="+919812300003")
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"at": "2026-')

    again = Simulator(clock=world.clock, town=Town(), log=tmp_path / "log.jsonl")
    assert again.last_instant() == last_instant(tmp_path / "log.jsonl") == NOON + seconds(20)
    async with again.running() as world.base_url:
        world.simulator = again
        assert again.busy()
        assert [(await world.show(sid))["Status"] for sid in (ended, alive)] == ["busy", "in-progress"]
        world.clock.move(seconds(32))
        assert alive.encode() in (await world.told.get()).body
        assert (await world.show(alive))["Status"] == "no-answer"
        await world.call("busy answers:5s")
        await world.call("ndnc busy:1s", From="+919812300003")
    assert [call["fate"] for call in lines(tmp_path, "call")] == ["busy", "no-answer", "answers", "busy"]
    assert len({line["no"] for line in lines(tmp_path, "request")}) == len(lines(tmp_path, "request"))


async def test_without_a_log_nothing_is_kept(tmp_path: Path) -> None:
    simulator = Simulator(clock=HandClock(), town=Town())
    async with simulator.running() as base_url, ClientSession(headers=SIMULATED) as session:
        assert (await session.get(base_url + ACCOUNT)).status == 200
    assert simulator.last_instant() is None
    assert last_instant(tmp_path / "none.jsonl") is None


async def test_a_simulator_started_again_tells_what_nobody_took_and_nothing_twice(world: World, tmp_path: Path) -> None:
    world.answer_with = [500, 200]
    sids = []
    for number in (LEAD, "+919812300002"):
        sids.append(await world.call("not-existing", From=number, StatusCallback=world.callback_url))
        world.clock.move(seconds(2))
        await world.settled()
    while not world.told.empty():
        world.told.get_nowait()
    await world.simulator.stop()

    async with Simulator(clock=world.clock, town=Town(), log=tmp_path / "log.jsonl").running() as world.base_url:
        world.clock.move(minutes(5))
        assert sids[0].encode() in (await world.told.get()).body
        await world.until(lambda: len(lines(tmp_path, "callback")) == 3)
        assert world.told.empty()
    assert [line["answer"] for line in lines(tmp_path, "callback")] == [500, 200, 200]


async def test_a_simulator_started_again_remembers_its_rate_and_whom_it_refused(tmp_path: Path) -> None:
    async with a_town(tmp_path / "log.jsonl", rate="1/min") as world:
        assert (await world.connect("kyc busy")).status == 403
        again = Simulator(clock=world.clock, town=Town(rate=(1, minutes(1))), log=tmp_path / "log.jsonl")
        async with again.running() as world.base_url:
            assert (await world.connect("kyc busy")).status == 429
            world.clock.move(minutes(1))
            assert (await world.connect("kyc busy")).status == 200


async def test_an_address_that_does_not_answer_is_in_the_log_and_tried_again(world: World, tmp_path: Path) -> None:
    async with a_town(tmp_path / "other.jsonl") as gone:
        address = gone.base_url
    await world.call("not-existing", StatusCallback=address)
    for tellings, wait in enumerate((seconds(2), minutes(5), minutes(15)), start=1):
        world.clock.move(wait)
        await world.until(lambda: len(lines(tmp_path, "callback")) == tellings)  # noqa: B023 - called at once
    assert {line["answer"] for line in lines(tmp_path, "callback")} == {"not delivered: ClientConnectorError"}


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(world: World) -> None:
    port = int(world.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await Simulator(clock=world.clock, town=Town()).start(port=port)
