"""`campaign report`."""

import asyncio
from pathlib import Path

from campaign import wiring
from campaign.cli.console import tell
from campaign.cli.places import find
from campaign.cli.results import totals
from campaign.report.summary import summary


def write_report(name: str | None, out: Path | None, *, simulate: bool, config: Path | None, db: Path | None) -> None:
    """The four files, of one instant."""

    async def go() -> None:
        found = await find(name, simulate=simulate, config=config, db=db)
        from campaign.report.files import write  # pandas: only once there is something to write

        policy = wiring.policy_of(wiring.stored(found.campaign))
        folder = out or Path("reports") / found.campaign.name
        async with wiring.reading(found.database) as books, books.snapshot() as still:
            files = await write(
                still,
                found.campaign,
                folder,
                zone=policy.window.zone,
                provider_zone=policy.provider_zone,
                reached_after=policy.reached_after,
            )
            totals(await summary(still, found.campaign, reached_after=policy.reached_after), simulated=found.simulated)
        tell("", *(str(file) for file in (files.leads, files.attempts, files.rejects, files.summary)))

    asyncio.run(go())
