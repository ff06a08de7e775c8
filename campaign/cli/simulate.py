"""`campaign simulate`: the simulator as a server of its own."""

import asyncio
import signal
from pathlib import Path

from campaign import wiring
from campaign.cli.console import tell


def serve(port: int, town: Path | None, log: Path | None, speed: float, *, control: bool) -> None:
    """Until Ctrl-C."""

    async def go() -> None:
        stopped = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stopped.set)
        async with wiring.simulating(port, town, log, speed, control=control) as base_url:
            tell(
                f"Exotel is played at {base_url}; nobody is called. Ctrl-C ends it. In another terminal:",
                f"  export EXOTEL_BASE_URL={base_url} EXOTEL_ACCOUNT_SID=simulated",
                "  export EXOTEL_API_KEY=simulated EXOTEL_API_TOKEN=simulated",
                "  export EXOTEL_CALLER_ID=08030000000 EXOTEL_FLOW_URL=http://my.exotel.com/simulated/exoml/start_voice/1",
            )
            if control:
                tell(f"What goes wrong can be changed at {base_url}/_control/faults (docs/commands.md).")
            await stopped.wait()

    asyncio.run(go())
