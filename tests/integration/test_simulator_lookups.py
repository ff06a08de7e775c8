"""The simulator tells of its calls as Exotel does: one by one, and in a filtered, paged list that lags."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from defusedxml import ElementTree

from tests.builders import minutes, seconds
from tests.integration.simulated import ACCOUNT, EXOPHONE, FIELDS, LEAD, World, a_town


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_town(tmp_path / "log.jsonl") as world:
        yield world


async def test_a_call_is_in_progress_until_its_end_and_priced_later(world: World) -> None:
    sid = await world.call("answers:70s")
    assert (await world.show(sid))["Status"] == "in-progress"
    world.clock.move(seconds(88))
    ended = await world.show(sid)
    assert (ended["Status"], ended["AnsweredBy"], ended["Duration"], ended["Price"]) == (
        "completed",
        "human",
        None,
        None,
    )
    assert ended["EndTime"] > ended["StartTime"]
    world.clock.move(minutes(2))
    priced = await world.show(sid, "?details=true")
    assert priced["Price"] == 1.2
    assert 73 <= priced["Duration"] <= 88
    assert priced["Details"]["ConversationDuration"] == 70
    assert [leg["Leg"]["Id"] for leg in priced["Details"]["Legs"]] == [1, 2]
    assert list(ended) == FIELDS


@pytest.mark.parametrize(("script", "status", "rang"), [("busy:9s", "busy", 9), ("no-answer", "no-answer", 30)])
async def test_an_unanswered_call_costs_nothing_and_its_duration_is_the_ringing(
    world: World, script: str, status: str, rang: int
) -> None:
    sid = await world.call(script)
    world.clock.move(minutes(3))
    call = await world.show(sid)
    assert (call["Status"], call["Duration"], call["Price"], call["AnsweredBy"]) == (status, rang, 0, "human")


async def test_an_unknown_call_is_not_found(world: World) -> None:
    assert (await world.ask("GET", f"{ACCOUNT}/{'0' * 31}g.json")).status == 404


async def test_the_list_shows_no_call_alive_and_an_ended_one_only_after_the_lag(world: World) -> None:
    sid = await world.call("busy:10s")
    assert await world.listed(Sid=sid) == []
    world.clock.move(seconds(29))
    assert await world.listed(Sid=sid) == []
    world.clock.move(seconds(1))
    assert await world.listed(Sid=f"{sid},{'0' * 32}") == [sid]


@pytest.fixture
async def three(world: World) -> tuple[World, list[str]]:
    """Three calls a minute apart from 12:00:00, the second by another ExoPhone, all listed."""
    sids = []
    for place, (number, exophone) in enumerate(
        [(LEAD, EXOPHONE), ("+919812300002", "08041239999"), ("+919812300003", EXOPHONE)]
    ):
        sids.append(await world.call("busy" if place else "answers:9s", From=number, CallerId=exophone))
        world.clock.move(minutes(1))
    return world, sids


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({}, [2, 1, 0]),
        ({"SortBy": "DateCreated:asc"}, [0, 1, 2]),
        ({"From": LEAD}, [0]),
        ({"From": f"{LEAD},+919812300003", "PhoneNumber": "+918041230000"}, [2, 0]),
        ({"PhoneNumber": "08041239999"}, [1]),
        ({"To": "+918041239999"}, [1]),
        ({"Status": "completed,failed"}, [0]),
        ({"Direction": "inbound"}, []),
        ({"DateCreated": "gte:2026-03-04 12:01:00"}, [2, 1]),
        ({"DateCreated": "gte:2026-03-04 12:00:01;lte:2026-03-04 12:01:00"}, [1]),
        ({"DateCreated": "lte:2026-03-04 12:00:00", "From": LEAD, "PhoneNumber": "+918041230000"}, [0]),
    ],
)
async def test_the_list_is_filtered(three: tuple[World, list[str]], query: dict[str, str], places: list[int]) -> None:
    world, sids = three
    assert await world.listed(**query) == [sids[place] for place in places]


async def test_the_list_is_walked_page_by_page_both_ways(three: tuple[World, list[str]]) -> None:
    world, sids = three
    first = (await world.list_calls(PageSize="2", Status="busy,completed", SortBy="DateCreated:asc")).json
    assert list(first["Metadata"]) == ["Total", "PageSize", "FirstPageUri", "PrevPageUri", "NextPageUri"]
    assert (first["Metadata"]["Total"], first["Metadata"]["PageSize"], first["Metadata"]["PrevPageUri"]) == (3, 2, None)
    last = (await world.ask("GET", first["Metadata"]["NextPageUri"])).json
    assert last["Metadata"]["NextPageUri"] is None
    assert [call["Sid"] for call in first["Calls"] + last["Calls"]] == sids
    again = (await world.ask("GET", last["Metadata"]["PrevPageUri"])).json
    assert again["Calls"] == first["Calls"]
    assert dict(parse_qsl(urlsplit(first["Metadata"]["FirstPageUri"]).query))["Status"] == "busy,completed"


async def test_a_listed_call_carries_its_exophone_and_no_details(three: tuple[World, list[str]]) -> None:
    world, _ = three
    call = (await world.list_calls(details="true", From=LEAD)).json["Calls"][0]
    assert call["PhoneNumber"] == call["PhoneNumberSid"] == EXOPHONE
    assert sorted(call) == sorted([*FIELDS, "PhoneNumber"])


async def test_the_list_comes_in_xml_too(three: tuple[World, list[str]]) -> None:
    world, sids = three
    root = ElementTree.fromstring((await world.ask("GET", ACCOUNT, params={"PageSize": "2"})).text)
    assert [element.text for element in root.findall("Calls/Call/Sid")] == [sids[2], sids[1]]
    assert root.findtext("Metadata/Total") == "3"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"Sid": ",".join(["x"] * 101)}, "Sid"),
        ({"From": ",".join([LEAD] * 6)}, "From"),
        ({"PageSize": "101"}, "PageSize"),
        ({"SortBy": "Price:asc"}, "SortBy"),
        ({"After": "nowhere"}, "After"),
        ({"DateCreated": "yesterday"}, "DateCreated"),
        ({"DateCreated": "gte:2026-01-01 00:00:00;lte:2026-03-01 00:00:00"}, "DateCreated"),
        ({"DateCreated": "gte:2026-03-04"}, "DateCreated"),
        ({"Duration": "gte:10s"}, "Duration"),
    ],
)
async def test_a_list_asked_for_wrongly_gets_400_naming_the_parameter(
    world: World, query: dict[str, str], name: str
) -> None:
    answer = await world.list_calls(**query)
    assert answer.status == 400
    assert f"The '{name}' parameter" in answer.error["Message"]


async def test_the_balance_falls_by_what_a_call_cost_once_it_is_priced(world: World) -> None:
    await world.call("answers:70s")
    answer = (await world.ask("GET", "/v1/Accounts/simulated/Balance.json")).json
    assert answer["Account"]["BalanceData"]["Balance"] == "10000.00"
    world.clock.move(minutes(4))
    answer = (await world.ask("GET", "/v1/Accounts/simulated/Balance.json")).json
    assert answer["Account"]["BalanceData"]["Balance"] == "9998.80"
