"""Reading the ledger while those who asked come and go."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from campaign.errors import CampaignError
from campaign.ports import Bell
from tests.integration.house import a_house


async def test_an_answer_that_nobody_waits_for_any_more_may_fail_unheard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: told.append(what))
    async with a_house(tmp_path) as house:
        begun, broken = Bell(), Bell()

        async def breaks(*_: Any) -> Any:
            begun.set()
            await broken.wait()
            raise OperationalError("SELECT", {}, Exception("database disk image is malformed"))

        monkeypatch.setattr(house.books._database, "all", breaks)
        asking = [asyncio.ensure_future(house.books.campaigns()) for _ in range(2)]
        await begun.wait()
        asking[0].cancel()
        await asyncio.wait([asking[0]])
        broken.set()
        with pytest.raises(CampaignError, match="malformed"):
            await asking[1]
        await house.books.quiet()
        asking.clear()
        gc.collect()
    assert told == []
