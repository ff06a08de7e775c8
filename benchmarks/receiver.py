"""The server of callbacks as `campaign run` has it, with calls whose ends can be told."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from benchmarks.lists import KEY, NOW, load_list, open_campaign, write_list
from campaign.core.guard import Send
from campaign.core.lead import CampaignState
from campaign.core.records import CallbackFate, Intent, RawCallback
from campaign.engine.callbacks import Callbacks
from campaign.engine.clock import RealClock
from campaign.engine.feed import Feed
from campaign.engine.shared import Shared
from campaign.store import insight, ledger, schema
from campaign.store.ledger import Ledger
from campaign.web.callbacks import address, application
from campaign.web.serving import serving
from campaign.wiring.policy import read_policy

CALLS = 200
DATABASE = "campaign.db"


class Nothing:
    """What the same server does with a store that keeps nothing."""

    async def keep_callbacks(self, raw: Sequence[RawCallback]) -> list[CallbackFate]:
        return [CallbackFate.STORED] * len(raw)


@asynccontextmanager
async def receiving(folder: Path, *, kept: bool) -> AsyncIterator[Ledger]:
    """Served until the block ends; where callbacks go stands in `urls` in the folder, a line for each call."""
    database = folder / DATABASE
    schema.prepare(database)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(ledger.opened(database, KEY, read_policy))
        books = await stack.enter_async_context(insight.opened(database))
        campaign = await open_campaign(store, "calls")
        await load_list(store, campaign, write_list(folder / "calls.csv", CALLS))
        await store.set_state(campaign.id, CampaignState.RUNNING, "", NOW)
        calls = await store.claim_due(campaign.id, NOW, CALLS)
        policy = replace(read_policy(campaign.settings), channels=CALLS)
        sent = await store.begin_sending([Intent(each.attempt, policy, 1, NOW) for each in calls])
        assert all(isinstance(each, Send) for each in sent)
        nobody = cast("Any", None)
        kept_in = store if kept else cast("Ledger", Nothing())
        shared = Shared(
            campaign.account_id, policy, kept_in, books, nobody, RealClock(), Feed(), settled=lambda _: None
        )
        heard = Callbacks(shared, KEY, provider=nobody, ask=lambda _: None)
        port = await stack.enter_async_context(serving(application(heard), "127.0.0.1", 0))
        base = f"http://127.0.0.1:{port}"
        urls = "\n".join(address(base, each.public_id, KEY.tag(each.public_id)) for each in calls)
        (folder / "urls.new").write_text(urls)
        (folder / "urls.new").rename(folder / "urls")
        yield store


async def ringing(folder: Path, *arguments: object) -> None:
    """Callbacks, from a process of their own, which prints the figure."""
    command = [sys.executable, "-m", "benchmarks.ringing", str(folder / "urls"), *map(str, arguments)]
    ringing = await asyncio.create_subprocess_exec(*command)
    assert await ringing.wait() == 0, "every callback is answered"
