"""How long a callback waits for its 200: `python -m benchmarks.callbacks LINES`, which are added meanwhile; 0: none.

Prints the 99th percentile in seconds. Callbacks arrive on their own schedule, from a process of their own, whether or
not the earlier ones were answered; the server and the list share a process, as they do in `campaign run`.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import aiohttp

from benchmarks.lists import KEY, NOW, load_list, open_campaign, write_list
from campaign.core.guard import Send
from campaign.core.lead import CampaignState
from campaign.core.records import Intent
from campaign.engine.callbacks import Callbacks
from campaign.engine.clock import RealClock
from campaign.engine.feed import Feed
from campaign.store import insight, ledger, schema
from campaign.web.callbacks import address, application
from campaign.web.serving import serving
from campaign.wiring.policy import read_policy

A_SECOND, SECONDS = 50, 8
CALLS = 200


async def serve(folder: Path, count: int) -> None:
    database = folder / "campaign.db"
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
        heard = Callbacks(
            key=KEY, store=store, insight=books, provider=cast("Any", None), clock=RealClock(), feed=Feed(),
            settled=lambda _: None, ask=lambda _: None,
        )  # fmt: skip
        port = await stack.enter_async_context(serving(application(heard), "127.0.0.1", 0))
        base = f"http://127.0.0.1:{port}"
        (folder / "urls").write_text(
            "\n".join(address(base, each.public_id, KEY.tag(each.public_id)) for each in calls)
        )
        longer = await open_campaign(store, "list")
        file = write_list(folder / "list.csv", count) if count else None
        ringing = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.callbacks", "ring", str(folder / "urls")
        )
        async with asyncio.TaskGroup() as tasks:
            adding = tasks.create_task(load_list(store, longer, file)) if file else None
            await ringing.wait()
            if adding:
                adding.cancel()


async def ring(urls: list[str]) -> None:
    waits: list[float] = []
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        begun = time.perf_counter()
        for count in range(A_SECOND * SECONDS):
            due = begun + count / A_SECOND
            await _until(due)
            body = f"CallSid={count:032d}&Status=completed&EventType=terminal"
            tasks.create_task(_post(session, urls[count % len(urls)], body, due, waits))
    print(statistics.quantiles(waits, n=100)[98])


async def _until(due: float) -> None:
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(max(0.0, due - time.perf_counter()), done.set_result, None)
    await done


async def _post(session: aiohttp.ClientSession, url: str, body: str, due: float, waits: list[float]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with session.post(url, data=body, headers=form) as response:
        assert response.status == 200, response.status
    waits.append(time.perf_counter() - due)


if __name__ == "__main__":
    if sys.argv[1] == "ring":
        asyncio.run(ring(Path(sys.argv[2]).read_text().splitlines()))
    else:
        with tempfile.TemporaryDirectory() as made:
            asyncio.run(serve(Path(made), int(sys.argv[1])))
