"""The simulator accepts and refuses calls as Exotel does, in the bodies of the captures."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from defusedxml import ElementTree

from tests.builders import minutes, seconds
from tests.integration.simulated import ACCOUNT, EXOPHONE, FIELDS, LEAD, NULL_FIELDS, World, a_town, basic


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_town(tmp_path / "log.jsonl") as world:
        yield world


async def test_connect_answers_the_captured_json(world: World) -> None:
    answer = await world.connect()
    call = answer.call
    assert (answer.status, answer.type, list(call)) == (200, "application/json", FIELDS)
    assert len(call["Sid"]) == 32
    assert (call["From"], call["To"], call["PhoneNumberSid"]) == ("09812300001", EXOPHONE, EXOPHONE)
    assert call["DateCreated"] == call["DateUpdated"] == call["StartTime"] == "2026-03-04 12:00:00"
    assert (call["Status"], call["Direction"], call["AccountSid"]) == ("in-progress", "outbound-api", "simulated")
    assert call["Uri"] == f"{ACCOUNT}/{call['Sid']}.json"
    assert all(call[name] is None for name in (*NULL_FIELDS, "RecordingUrl"))


async def test_connect_without_json_answers_the_captured_xml(world: World) -> None:
    answer = await world.connect(xml=True)
    root = ElementTree.fromstring(answer.text)
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert (answer.type, root.tag, root[0].tag) == ("application/xml", "TwilioResponse", "Call")
    assert [element.tag for element in root[0]] == FIELDS
    assert root.findtext("Call/Status") == "in-progress"
    assert "<Price/>" in answer.text
    assert root.findtext("Call/Uri") == f"{ACCOUNT}/{root.findtext('Call/Sid')}"


async def test_a_multipart_form_and_a_query_are_read_like_an_urlencoded_form(world: World) -> None:
    form = FormData({"From": LEAD, "CallerId": EXOPHONE})
    form.add_field("CustomField", "a1 simulate=busy", content_type="text/plain")
    answer = await world.ask("POST", f"{ACCOUNT}/connect.json", params={"Url": "http://flow"}, data=form)
    assert answer.call["From"] == "09812300001"
    world.clock.move(seconds(30))
    assert (await world.show(answer.call["Sid"]))["Status"] == "busy"


@pytest.mark.parametrize("headers", [{}, basic("simulated", "wrong"), basic("wrong", "simulated")])
async def test_wrong_credentials_get_401_in_plain_text_and_no_place_in_the_rate(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with a_town(tmp_path / "log.jsonl", rate="1/min") as world:
        answer = await world.ask("POST", f"{ACCOUNT}/connect.json", headers=headers)
        assert (answer.status, answer.type, answer.text) == (
            401,
            "text/plain",
            "Authentication is required to view this page.",
        )
        assert (await world.connect()).status == 200


async def test_another_account_is_not_found(world: World) -> None:
    answer = await world.ask("POST", "/v1/Accounts/other/Calls/connect.json", data={"From": LEAD})
    assert (answer.status, answer.error["Status"]) == (404, 404)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"From": None}, "The 'From' parameter is required."),
        ({"From": "hello"}, "The 'From' parameter is not a valid phone number."),
        ({"CallerId": None}, "The 'CallerId' parameter is required."),
        ({"Url": ""}, "The 'Url' parameter is required."),
        ({"TimeLimit": "14401"}, "The 'TimeLimit' parameter is not a number of seconds from 1 to 14400."),
        ({"TimeOut": "soon"}, "The 'TimeOut' parameter is not a number of seconds from 1 to 14400."),
        ({"CustomField": "x" * 129}, "The 'CustomField' parameter is longer than 128 characters."),
        ({"StatusCallback": "http://[broken"}, "The 'StatusCallback' parameter is not a web address."),
        ({"StatusCallback": "told"}, "The 'StatusCallback' parameter is not a web address."),
    ],
)
async def test_a_request_that_is_wrong_gets_400_naming_the_field(
    world: World, fields: dict[str, Any], says: str
) -> None:
    answer = await world.connect(**fields)
    assert (answer.status, answer.error) == (400, {"Status": 400, "Message": says})
    assert not world.simulator.busy()


async def test_a_script_that_cannot_be_read_gets_400_naming_the_word(world: World) -> None:
    answer = await world.connect("maybe")
    assert answer.status == 400
    assert "'CustomField'" in answer.error["Message"]
    assert "'maybe'" in answer.error["Message"]


async def test_a_number_on_the_register_gets_the_captured_403_and_no_call(world: World) -> None:
    answer = await world.connect("ndnc")
    assert answer.status == 403
    assert r"http:\/\/support.exotel.in\/" in answer.text
    message = answer.error["Message"]
    assert message.startswith("Call to [09812300001] can not be made because of TRAI NDNC regulations. Read more")
    in_xml = ElementTree.fromstring((await world.connect("ndnc", xml=True)).text)
    assert in_xml.findtext("RestException/Message") == message
    assert not world.simulator.busy()


async def test_an_account_without_papers_gets_the_captured_403(world: World) -> None:
    answer = await world.connect("kyc answers")
    assert (answer.status, list(answer.error)) == (403, ["Status", "Message"])
    assert answer.error["Message"].startswith("Your account is not yet KYC compliant. This is mandatory by TRAI")
    assert (await world.connect("kyc answers")).status == 200


async def test_a_call_over_the_channels_is_accepted_and_fails_at_once(tmp_path: Path) -> None:
    async with a_town(tmp_path / "log.jsonl", channels=1) as world:
        first = await world.call("answers:25s")
        over = await world.call(From="+919812300002")
        assert [(await world.show(sid))["Status"] for sid in (first, over)] == ["in-progress", "failed"]
        world.clock.move(minutes(2))
        assert (await world.show(await world.call()))["Status"] == "in-progress"


async def test_a_caller_id_of_another_account_is_refused(tmp_path: Path) -> None:
    async with a_town(tmp_path / "log.jsonl", caller_ids=["08041230000"]) as world:
        assert (await world.connect()).status == 200
        refused = await world.connect(CallerId="08041239999")
        assert (refused.status, refused.error["Message"]) == (
            400,
            "The 'CallerId' parameter is not an ExoPhone of this account.",
        )


async def test_posts_and_look_ups_share_a_sliding_window(tmp_path: Path) -> None:
    async with a_town(tmp_path / "log.jsonl", rate="3/min") as world:
        sid = await world.call()
        world.clock.move(seconds(20))
        await world.show(sid)
        assert (await world.list_calls()).status == 200
        refused = await world.connect()
        assert (refused.status, refused.headers["Retry-After"], refused.headers["X-RateLimit-Limit"]) == (
            429,
            "40",
            "3",
        )
        assert refused.error == {
            "Status": 429,
            "Message": "Rate limit exceeded. Try again in 40 seconds.",
            "Code": "RATE_LIMIT_EXCEEDED",
        }
        world.clock.move(seconds(40))
        assert [(await world.list_calls()).status for _ in range(2)] == [200, 429]


async def test_a_429_may_come_without_any_header(tmp_path: Path) -> None:
    async with a_town(tmp_path / "log.jsonl", rate="1/min", retry_after=False) as world:
        await world.list_calls()
        refused = await world.list_calls()
        assert "Retry-After" not in refused.headers
        assert refused.error == {"Status": 429, "Message": "Rate limit exceeded. Max 1 requests per minute."}
