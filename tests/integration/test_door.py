"""The owner's door: only who has the token is heard, and an owner who does not answer is said to hold the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from campaign import settings
from campaign.core.lead import CampaignId
from campaign.core.records import Owner
from campaign.errors import CampaignError, Occupied, UsageError
from campaign.web.door import Answer, application, knock
from campaign.web.serving import serving
from tests.integration.exotel_stub import listening, says, says_nothing, sends

SINCE = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)
CAMPAIGN = CampaignId(7)


class House:
    """What was wished for."""

    def __init__(self) -> None:
        self.wishes: list[tuple[str, CampaignId]] = []

    async def pause(self, campaign: CampaignId, _more: Answer) -> Answer:
        self.wishes.append(("pause", campaign))
        return {}

    async def stop(self, campaign: CampaignId, _more: Answer) -> Answer:
        self.wishes.append(("stop", campaign))
        return {"closed": 12}

    async def dial(self, campaign: CampaignId, more: Answer) -> Answer:
        self.wishes.append(("dial", campaign))
        return {"told": more}

    async def fail(self, campaign: CampaignId, _more: Answer) -> Answer:
        raise CampaignError("The disk is full.", "Free space.")


@asynccontextmanager
async def a_door() -> AsyncIterator[tuple[House, Owner]]:
    house = House()
    app = application("a-token", {"pause": house.pause, "stop": house.stop, "dial": house.dial, "fail": house.fail})
    async with serving(app, "127.0.0.1", 0) as port:
        yield house, Owner(4242, SINCE, port, "a-token")


async def posted(owner: Owner, path: str, **how: Any) -> int:
    url = f"http://127.0.0.1:{owner.port}{path}"
    async with aiohttp.ClientSession() as session, session.post(url, **how) as response:
        return response.status


async def test_a_wish_is_answered_when_it_is_done() -> None:
    async with a_door() as (house, owner):
        assert await knock(owner, "pause", CAMPAIGN, {}) == {}
        assert await knock(owner, "stop", CAMPAIGN, {}) == {"closed": 12}
        assert house.wishes == [("pause", 7), ("stop", 7)]


async def test_what_else_a_wish_needs_comes_through_with_it() -> None:
    async with a_door() as (house, owner):
        assert await knock(owner, "dial", CAMPAIGN, {"limit": 5}) == {"told": {"limit": 5}}
        assert house.wishes == [("dial", 7)]


async def test_all_the_settings_of_a_campaign_fit_through_the_door() -> None:
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-10:00, 11:00-12:00, 14:00-15:00, 16:00-17:00")
    provider = {"flow_url": f"http://my.exotel.com/{'x' * 400}/exoml/start_voice/1"}
    tables = settings.parse({"window": week, "provider": provider}, "a test").model_dump(mode="json")
    async with a_door() as (_, owner):
        assert await knock(owner, "dial", CAMPAIGN, {"settings": tables}) == {"told": {"settings": tables}}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer another"}, {"Authorization": "Bearer "}, {"Authorization": "Bearer ü"}]
)
async def test_without_the_token_nobody_is_heard(headers: dict[str, str]) -> None:
    async with a_door() as (house, owner):
        assert await posted(owner, "/pause/7", headers=headers) == 404
        assert house.wishes == []


@pytest.mark.parametrize("path", ["/dance/7", "/pause/seven", "/pause", "/"])
async def test_a_wish_that_is_not_known_is_not_found(path: str) -> None:
    async with a_door() as (house, owner):
        assert await posted(owner, path, headers={"Authorization": "Bearer a-token"}) == 404
        assert house.wishes == []


async def test_looking_is_not_wishing() -> None:
    async with a_door() as (house, owner), aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer a-token"}
        async with session.get(f"http://127.0.0.1:{owner.port}/pause/7", headers=headers) as response:
            assert response.status == 405
        assert house.wishes == []


async def test_what_went_wrong_inside_is_told_in_the_owners_words() -> None:
    async with a_door() as (_, owner):
        with pytest.raises(CampaignError) as wrong:
            await knock(owner, "fail", CAMPAIGN, {})
        assert (wrong.value.message, wrong.value.hint) == ("The disk is full.", "Free space.")


async def test_a_wrong_token_is_an_owner_who_does_not_answer() -> None:
    async with a_door() as (_, owner):
        with pytest.raises(Occupied):
            await knock(Owner(owner.pid, owner.since, owner.port, "another"), "pause", CAMPAIGN, {})


async def test_a_door_that_is_gone_is_occupied() -> None:
    async with a_door() as (_, owner):
        pass
    with pytest.raises(Occupied) as occupied:
        await knock(owner, "pause", CAMPAIGN, {})
    assert "process 4242" in occupied.value.message
    assert f"{SINCE.astimezone():%Y-%m-%d %H:%M}" in occupied.value.message
    assert "campaign resume" in occupied.value.hint


@pytest.mark.parametrize(
    "reply", [says(b"no json"), sends(b""), says(b"{", headers="Content-Type: application/json\r\n")]
)
async def test_an_answer_that_makes_no_sense_is_occupied(reply: Any) -> None:
    async with listening(reply) as stub:
        with pytest.raises(Occupied):
            await knock(Owner(4242, SINCE, stub.port, "a-token"), "pause", CAMPAIGN, {})


async def test_a_silent_door_is_occupied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.web.door.PATIENCE", aiohttp.ClientTimeout(total=0.05))
    async with listening(says_nothing) as stub:
        with pytest.raises(Occupied):
            await knock(Owner(4242, SINCE, stub.port, "a-token"), "pause", CAMPAIGN, {})


async def test_an_address_that_is_taken_is_said_so() -> None:
    async with a_door() as (_, owner):
        with pytest.raises(UsageError, match=f"Nothing can listen on 127.0.0.1:{owner.port}"):
            async with serving(application("a-token", {}), "127.0.0.1", owner.port):
                pass
