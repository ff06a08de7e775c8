"""Every fault of the simulator happens as it is named, is a line in its log, and leaves the rest as it was."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientSession,
    ServerDisconnectedError,
)

from campaign.simulator.control import PATH
from campaign.simulator.server import Simulator
from campaign.simulator.town import Town
from tests.builders import NOON, seconds
from tests.integration.simulated import (
    ACCOUNT,
    ANOTHER,
    EXOPHONE,
    LEAD,
    SIMULATED,
    Answer,
    World,
    a_town,
    faulty,
    happened,
    lines,
    placed,
)

# --- the answer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "error", "calls"),
    [
        ("reset_before_body", ClientOSError, 0),
        ("reset_after_body", ClientOSError, 0),
        ("reset_after_call", ClientOSError, 1),
        ("answer_lost", ServerDisconnectedError, 1),
        ("truncated", ClientPayloadError, 1),
    ],
)
async def test_a_connection_breaks_with_and_without_a_call(
    tmp_path: Path, name: str, error: type[ClientError], calls: int
) -> None:
    async with faulty(tmp_path, name) as world:
        with pytest.raises(error):
            await world.connect()
        assert (happened(tmp_path), placed(tmp_path)) == ([name], calls)
        (fault,) = lines(tmp_path, "fault")
        assert (fault["request"], fault["number"]) == (1, LEAD)
        assert (await world.list_calls()).status == 200


@pytest.mark.parametrize(
    ("name", "status", "calls"),
    [
        (f"error_{status}{end}", status, calls)
        for status in (500, 502, 503, 504)
        for end, calls in (("", 0), ("_placed", 1))
    ],
)
async def test_an_error_comes_with_and_without_a_call(tmp_path: Path, name: str, status: int, calls: int) -> None:
    async with faulty(tmp_path, name) as world:
        answer = await world.connect()
        assert (answer.status, answer.type) == (status, "text/html")
    assert (happened(tmp_path), placed(tmp_path)) == ([name], calls)


async def test_a_redirect_leads_back_here_so_that_whoever_follows_is_seen(tmp_path: Path) -> None:
    async with faulty(tmp_path, "redirect") as world:
        answer = await world.ask("POST", f"{ACCOUNT}/connect.json", data=_form(), allow_redirects=False)
        assert (answer.status, placed(tmp_path)) == (307, 0)
        assert answer.headers["Location"] == f"{world.base_url}/v1/Accounts/elsewhere/Calls/connect.json"
        assert (await world.connect()).status == 404
        assert [line["path"].split("/")[3] for line in lines(tmp_path, "request")] == [
            "simulated",
            "simulated",
            "elsewhere",
        ]


@pytest.mark.parametrize(("name", "wait"), [("limited", "45"), ("limited_silent", None)])
async def test_too_many_requests_are_said_with_and_without_how_long(
    tmp_path: Path, name: str, wait: str | None
) -> None:
    async with faulty(tmp_path, **{name: {"by": "45s"} if wait else 1}) as world:
        answer = await world.connect()
        assert (answer.status, answer.headers.get("Retry-After"), answer.error["Code"]) == (
            429,
            wait,
            "RATE_LIMIT_EXCEEDED",
        )
    assert (happened(tmp_path), placed(tmp_path)) == ([name], 0)


@pytest.mark.parametrize(
    ("name", "type_", "text"), [("html", "text/html", "<h1>Maintenance</h1>"), ("empty", "application/json", "")]
)
async def test_an_answer_may_be_a_page_or_nothing(tmp_path: Path, name: str, type_: str, text: str) -> None:
    async with faulty(tmp_path, name) as world:
        answer = await world.connect()
        assert (answer.status, answer.type) == (200, type_)
        assert text in answer.text if text else answer.text == ""
    assert (happened(tmp_path), placed(tmp_path)) == ([name], 1)


@pytest.mark.parametrize(("name", "sid"), [("sid_missing", None), ("sid_not_text", 4711)])
async def test_an_answer_may_have_no_sid_or_a_number_for_it(tmp_path: Path, name: str, sid: int | None) -> None:
    async with faulty(tmp_path, name) as world:
        call = (await world.connect()).call
        assert (call.get("Sid"), call["From"]) == (sid, "09812300001")
    assert (happened(tmp_path), placed(tmp_path)) == ([name], 1)


async def test_an_answer_may_carry_the_sid_of_the_call_before(tmp_path: Path) -> None:
    async with faulty(tmp_path, "sid_of_another") as world:
        first = await world.call()
        second = await world.call(From=ANOTHER)
        assert first == second == lines(tmp_path, "call")[0]["sid"]
    assert (happened(tmp_path), placed(tmp_path)) == (["sid_of_another"], 2)


async def test_an_answer_may_be_slow_by_the_clock_though_the_call_is_placed(tmp_path: Path) -> None:
    async with faulty(tmp_path, slow_answer={"by": "40s"}) as world, asyncio.TaskGroup() as group:
        answer = group.create_task(world.connect())
        await world.until(lambda: bool(happened(tmp_path)))
        await world.list_calls()
        assert (placed(tmp_path), answer.done()) == (1, False)
        world.clock.move(seconds(40))
        assert (await answer).status == 200


async def test_a_number_that_is_refused_is_refused_whatever_would_have_spoilt_its_answer(tmp_path: Path) -> None:
    async with faulty(tmp_path, "answer_lost", "slow_answer") as world:
        assert (await world.connect("ndnc")).status == 403
    assert happened(tmp_path) == []


async def test_a_request_without_a_call_counts_for_the_rules_and_not_for_the_script(tmp_path: Path) -> None:
    async with faulty(tmp_path, error_500={"first_n": 1}) as world:
        assert [(await world.connect("busy answers")).status for _ in range(2)] == [500, 200]
    assert [call["fate"] for call in lines(tmp_path, "call")] == ["busy"]


async def test_a_simulator_started_again_remembers_how_often_a_number_was_asked_for(tmp_path: Path) -> None:
    faults: Any = {"error_500": {"first_n": 2}}
    async with faulty(tmp_path, **faults) as world:
        assert (await world.connect()).status == 500
        await world.simulator.stop()
        again = Simulator(clock=world.clock, town=Town(faults=faults), log=tmp_path / "log.jsonl")
        async with again.running() as world.base_url:
            assert [(await world.connect()).status for _ in range(2)] == [500, 200]


# --- the way in ------------------------------------------------------------------------------------------------------


async def test_nobody_listens_for_a_while(tmp_path: Path) -> None:
    async with faulty(tmp_path, refused={"first_n": 1, "by": "30s"}) as world:
        assert (await world.connect()).status == 200
        with pytest.raises(ClientConnectorError):
            await world.list_calls()
        world.clock.move(seconds(30))
        await _reached(world)
        assert (await world.connect(From=LEAD)).status == 200
    assert happened(tmp_path) == ["refused"]


@pytest.mark.parametrize("name", ["refused", "closed_at_accept"])
async def test_who_was_connected_is_hung_up_on(tmp_path: Path, name: str) -> None:
    async with faulty(tmp_path, name) as world, ClientSession(headers=SIMULATED) as other:
        assert (await other.get(world.base_url + ACCOUNT)).status == 200
        await world.connect()
        with pytest.raises(ClientError):
            await other.post(world.base_url + ACCOUNT)


async def test_a_simulator_is_stopped_while_nobody_listens(tmp_path: Path) -> None:
    async with faulty(tmp_path, "refused") as world:
        await world.connect()
        port = int(world.base_url.rpartition(":")[2])
        with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
            other.bind(("127.0.0.1", port))
        await world.simulator.stop()
        async with Simulator(clock=world.clock, town=Town()).running(port=port) as base_url:
            assert base_url == world.base_url


async def test_connections_are_closed_at_accept_for_a_while(tmp_path: Path) -> None:
    async with faulty(tmp_path, closed_at_accept={"first_n": 1, "by": "30s"}) as world:
        assert (await world.connect()).status == 200
        for _ in range(2):
            with pytest.raises(ClientError):
                await world.connect(From=ANOTHER)
        world.clock.move(seconds(30))
        assert (await world.connect()).status == 200
    asked, *closed = lines(tmp_path, "fault")
    assert {line["name"] for line in (asked, *closed)} == {"closed_at_accept"}
    assert (asked["request"], [line["request"] for line in closed]) == (1, [None, None])
    assert placed(tmp_path) == 2


# --- the control address ---------------------------------------------------------------------------------------------


@pytest.fixture
async def controlled(tmp_path: Path) -> AsyncIterator[World]:
    async with a_town(tmp_path / "without.jsonl") as world:
        world.simulator = Simulator(clock=world.clock, town=Town(), log=tmp_path / "log.jsonl", control=True)
        async with world.simulator.running() as world.base_url:
            yield world


async def put(world: World, text: str, type_: str = "application/json") -> Answer:
    return await world.ask("POST", PATH, data=text, headers={"Content-Type": type_})


async def test_faults_are_changed_and_shown_at_the_control_address(controlled: World, tmp_path: Path) -> None:
    assert (await controlled.connect()).status == 200
    rules = {"html": [{"share": 0.5, "only": [LEAD], "first_n": 3, "by": None}]}
    changed = await put(controlled, '{"html": {"share": 0.5, "only": "09812300001", "first_n": 3}}')
    assert (changed.status, changed.json) == (200, rules)
    assert (await controlled.ask("GET", PATH, headers={})).json == rules
    await put(controlled, '{"error_500": 1}')
    assert (await controlled.connect()).status == 500
    await put(controlled, "{}")
    assert (await controlled.connect()).status == 200
    assert [line["names"] for line in lines(tmp_path, "faults")] == [["html"], ["error_500"], []]
    assert len(lines(tmp_path, "request")) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"hmtl": 1}', "there is no fault hmtl"),
        ('{"html": 3}', "faults.html.0.share = 3 is wrong"),
        ("html", "this is not JSON"),
        ("[]", "faults = [] is wrong"),
    ],
)
async def test_rules_that_are_wrong_change_nothing(controlled: World, text: str, says: str) -> None:
    await put(controlled, '{"empty": 1}')
    refused = await put(controlled, text)
    assert (refused.status, says in refused.text) == (400, True)
    assert list((await controlled.ask("GET", PATH)).json) == ["empty"]


async def test_the_control_address_takes_json_only_and_nothing_but_get_and_post(controlled: World) -> None:
    assert (await put(controlled, "{}", "text/plain")).status == 415
    assert (await controlled.ask("DELETE", PATH)).status == 405


async def test_there_is_no_control_address_unless_it_is_asked_for(tmp_path: Path) -> None:
    async with a_town(tmp_path / "log.jsonl") as world:
        assert (await put(world, '{"html": 1}')).status == 401
        assert (await world.ask("POST", PATH, json={"html": 1})).status == 404


def _form() -> dict[str, str]:
    return {"From": LEAD, "CallerId": EXOPHONE, "Url": "http://flow", "CustomField": "a1 simulate=answers"}


async def _reached(world: World) -> None:
    """Until somebody listens again; each refusal gives the simulator its turn."""
    async with ClientSession(headers=SIMULATED) as session:
        for _ in range(100):
            try:
                await session.get(world.base_url)
            except ClientConnectorError:
                continue
            return
    raise AssertionError(f"nobody listens again since {NOON}")
