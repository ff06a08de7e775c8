"""What receiving callbacks comes to: `python -m benchmarks.callbacks late RATE LINES`, `storm CONNECTIONS`, `killed`.

LINES are added meanwhile, in the server's process, as in `campaign run`; 0: none. With `nothing` at the end the server
stores nothing. `killed` prints how many of those that were answered are not on disk after kill -9.
"""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path

from benchmarks.lists import load_list, open_campaign, write_list
from benchmarks.receiver import DATABASE, receiving, ringing
from benchmarks.ringing import BODY, connect, pause

CONNECTIONS, UNTIL_KILLED = 64, 1.5


async def late(folder: Path, rate: str, count: str, *nothing: str) -> None:
    async with receiving(folder, kept=not nothing) as store, asyncio.TaskGroup() as tasks:
        longer = await open_campaign(store, "list")
        file = write_list(folder / "list.csv", int(count)) if int(count) else None
        adding = tasks.create_task(load_list(store, longer, file)) if file else None
        await ringing(folder, "late", rate)
        if adding:
            adding.cancel()


async def storm(folder: Path, connections: str, *nothing: str) -> None:
    async with receiving(folder, kept=not nothing):
        await ringing(folder, "storm", connections)


async def serve(folder: str) -> None:
    async with receiving(Path(folder), kept=True):
        await pause(60)


async def killed(folder: Path) -> None:
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.callbacks", "serve", str(folder)])
    try:
        urls = await _urls(folder / "urls")
        answered: list[int] = []
        transports = await connect(urls, CONNECTIONS, answered)
        await pause(UNTIL_KILLED)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        while not all(each.is_closing() for each in transports):  # what was answered before is heard to the end
            await pause(0.1)
    finally:
        server.kill()
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        stored = {bytes(body).decode() for (body,) in connection.execute("SELECT body FROM inbox")}
    assert len(answered) > 100, "the server was busy when it was killed"
    print(sum(BODY.format(each) not in stored for each in answered))


async def _urls(file: Path) -> list[str]:
    until = time.perf_counter() + 30
    while not file.exists():
        assert time.perf_counter() < until, "the server is there"
        await pause(0.05)
    return file.read_text().splitlines()


WHAT: dict[str, Callable[..., Coroutine[None, None, None]]] = {
    each.__name__: each for each in (late, storm, serve, killed)
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        what, *arguments = sys.argv[1:]
        asyncio.run(WHAT[what](*([] if what == "serve" else [Path(made)]), *arguments))
