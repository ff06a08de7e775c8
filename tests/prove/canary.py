"""Canaries: secrets and people's numbers that are easy to recognise, looked for wherever they must not be.

Real processes, in good days and bad ones; afterwards all they said, all files they left and their command lines are
searched for each secret in eight encodings, and their words for numbers. Objects that hold secrets are made to tell.
"""

import asyncio
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM

from campaign.engine.clock import RealClock
from campaign.simulator.server import Simulator
from campaign.simulator.town import Town
from tests.prove.canary_broken import ENDING, OUTLIVED
from tests.prove.canary_needles import NUMBERS, Secret
from tests.prove.canary_objects import shown
from tests.prove.canary_office import PATIENCE, Ended, Office, Running, Source, may_write_cores
from tests.prove.part import Extent, Proved

PART = "canary"
PREVIEW = b"  line "
NUMBERED = {"lead_number", "lead_columns", "reject", "inbox", "stranger"}
"""Tables that may name a number: a person is forgotten there."""
TOWN = {"answers_after": ["0.05s", "0.2s"], "talks_for": ["0.1s", "0.3s"], "rate": "100000/min", "callback_lag": "0s"}
LAGS = {"list_lag": "0s", "price_lag": "0s"}
SOMETIMES = (
    "command lines",
    "core limits",
    "previews",
    "faults told",
    "callback addresses",
    "secrets where they belong",
)
"""What must have been there to be looked at."""
TOGETHER = 2
"""Processes at a time."""


@dataclass(slots=True)
class Findings:
    figures: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def breach(self, what: str) -> None:
        if what not in self.failures:
            self.failures.append(what)


@dataclass(frozen=True, slots=True)
class Day:
    """What happens to an office, and with which codes it must end. `faults`: the provider's."""

    name: str
    go: Callable[[Office], Awaitable[list[Ended]]]
    codes: list[int]
    source: Source = "environment"
    faults: dict[str, float] = field(default_factory=dict)
    accepted: bool = True
    listening: bool = True
    broken_list: bool = False
    own: bool = False
    small: bool = False
    """Part of the slice."""


def prove(extent: Extent) -> Proved:
    found = Findings()
    luck = Random(extent.seed)
    for what, told in shown(*_secrets(luck)):
        found.figures["objects"] += 1
        for secret in _secrets(Random(extent.seed)):
            if encoding := secret.seen_in(told):
                found.breach(f"{what} tells the {secret.name} ({encoding})")
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(extent.pick(1, 1, 40)):
            days = [day for day in DAYS if day.small or not extent.slice]
            (base := Path(folder) / str(round_)).mkdir()
            asyncio.run(_live(days, base, luck, found))
    for mark in SOMETIMES:
        if not found.figures[mark] and (mark != "core limits" or may_write_cores()):
            found.breach(f"never seen: {mark}")
    return Proved(PART, found.figures, found.failures)


def _secrets(luck: Random) -> tuple[Secret, Secret, Secret]:
    """With signs that every encoding changes."""
    names = ("API key", "API token", "CAMPAIGN_KEY")
    key, token, own = (Secret(name, f'ca"{luck.getrandbits(96):024x}/+ %&=ry') for name in names)
    return key, token, own


async def _live(days: list[Day], base: Path, luck: Random, found: Findings) -> None:
    room = asyncio.Semaphore(TOGETHER)
    async with asyncio.TaskGroup() as group:
        for day in days:
            group.create_task(_day(day, base, _secrets(luck), room, found))


async def _day(
    day: Day, base: Path, secrets: tuple[Secret, Secret, Secret], room: asyncio.Semaphore, found: Findings
) -> None:
    key, token, own = secrets
    folder = base / day.name.replace(" ", "-")
    log = base / f"{folder.name}.town.jsonl"
    theirs = token.value if day.accepted else "another"
    town = Town.model_validate({**TOWN, **LAGS, "faults": day.faults})
    simulator = Simulator(clock=RealClock(), town=town, log=log, api_key=key.value, api_token=theirs)
    async with room, simulator.running() as base_url:
        if not day.listening:
            base_url = "http://127.0.0.1:1"
        office = Office(folder, day.source, base_url, key, token, own if day.own else None, day.broken_list)
        try:
            ended = await day.go(office)
        except TimeoutError:
            found.breach(f"{day.name}: a process was not over within {PATIENCE:.0f} s")
            return
    codes = [each.code for each in ended]
    found.figures["processes"] += len(ended)
    if codes != day.codes:
        said = next((each.said[-300:] for each in reversed(ended)), b"")
        found.breach(f"{day.name}: ended with {codes}, not {day.codes}: {said!r}")
    for each in ended:
        _look_at(day, each, office, found)
    _search(day, office, log, found)


def _look_at(day: Day, ended: Ended, office: Office, found: Findings) -> None:
    """What was said, and what `ps` shows."""
    tags = _tags(office.folder.parent / f"{office.folder.name}.town.jsonl")
    found.figures["callback addresses"] += len(tags)
    found.figures["faults told"] += b"ault of campaign itself" in ended.said
    for secret in [*office.secrets(), *tags]:
        for where, data in (("words", ended.said), ("command line", ended.seen)):
            if encoding := secret.seen_in(data):
                found.breach(f"{day.name}: the {secret.name} in its {where} ({encoding})")
    for line in ended.said.splitlines():
        if NUMBERS.search(line) and not line.startswith(PREVIEW):
            found.breach(f"{day.name}: a number on the screen: {line[:120]!r}")
    found.figures["previews"] += PREVIEW in ended.said
    found.figures["command lines"] += bool(ended.seen)
    found.figures["core limits"] += bool(ended.core_limits)
    if ended.core_limits - {"0 0"}:
        found.breach(f"{day.name}: a core dump may be written, limits {sorted(ended.core_limits)}")


def _tags(log: Path) -> list[Secret]:
    """The second halves of the addresses that were given to the provider."""
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    urls = {line["callback"] for line in lines if line["kind"] == "call" and line.get("callback")}
    return [Secret("tag of a callback", tag) for url in sorted(urls) if len(tag := url.rpartition(".")[2]) > 16]


def _search(day: Day, office: Office, log: Path, found: Findings) -> None:
    """Every file: for secrets but where they are read from, for numbers where none is asked for."""
    for file in [*office.files(), log]:
        data = file.read_bytes()
        found.figures["files"] += 1
        for secret in office.secrets():
            encoding = secret.seen_in(data)
            found.figures["secrets where they belong"] += bool(encoding) and file in office.read_from
            if encoding and file not in office.read_from:
                found.breach(f"{day.name}: the {secret.name} in {file.name} ({encoding})")
        if (file.suffix in (".lock", ".mark") or "state" in file.parts) and NUMBERS.search(data):
            found.breach(f"{day.name}: a number in {file.name}")
        if file.suffix == ".db":
            for table in _numbered(file):
                found.breach(f"{day.name}: a number in the table {table}")


def _numbered(database: Path) -> Iterator[str]:
    """Tables that name a number and need not."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as file, suppress(sqlite3.OperationalError):
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = file.execute(f'SELECT * FROM "{table}"')
            if table not in NUMBERED and any(NUMBERS.search(repr(row).encode()) for row in rows):
                yield table


RUN = ("run", "leads.csv", "--yes")


async def _runs(office: Office, *, broken: str = "") -> list[Ended]:
    return [await office.run(*RUN, broken=broken)]


async def _simulates(office: Office) -> list[Ended]:
    return [await office.run("run", "leads.csv", "--simulate", "--speed", "3600")]


async def _is_killed(office: Office) -> list[Ended]:
    first = await (await _at_work(office)).end(signal=SIGKILL)
    return [first, await office.run("resume", "leads"), await office.run("status"), await office.run("verify")]


async def _is_ended(office: Office) -> list[Ended]:
    return [await (await _at_work(office)).end(signal=SIGTERM)]


async def _at_work(office: Office) -> Running:
    """A run that has begun to call."""
    running = await office.start(*RUN)
    await running.until(b" left")
    return running


async def _is_written_to(office: Office) -> list[Ended]:
    """A stranger writes nonsense to a receiver at work, with an address in it that is as secret as any."""
    running = await _at_work(office)
    reader, writer = await asyncio.open_connection("127.0.0.1", office.port)
    token, key = office.token.value.encode(), office.key.value.encode()
    writer.write(b"POST /cb/" + token + b" HTTP/1.1\r\nBad Header " + key + b"\r\n\r\n")
    await reader.read(100)
    writer.close()
    return [await running.end(signal=SIGTERM)]


DAYS = (
    Day("simulated", _simulates, [0], source="dotenv", own=True),
    Day("a run", _runs, [0], source="dotenv", small=True),
    Day("a run by files", _runs, [0], source="files", own=True),
    Day("a run by environment", _runs, [0], own=True),
    Day("wrong credentials", _runs, [5], accepted=False),
    Day("nobody listens", _is_ended, [130], listening=False),
    Day("server errors", _runs, [4], faults={"error_503": 1.0}),
    Day("answers lost", _runs, [0], faults={"answer_lost": 1.0}),
    Day("a broken list", _runs, [2], broken_list=True),
    Day("killed", _is_killed, [-9, 0, 0, 0], source="dotenv"),
    Day("ended", _is_ended, [130], source="files", faults={"slow_answer": 1.0}),
    Day("written to", _is_written_to, [130], faults={"slow_answer": 1.0}),
    *(
        Day(f"a fault in {place}", partial(_runs, broken=place), [1], own=True, small=place == "place")
        for place in ENDING
    ),
    *(Day(f"a fault in {place}", partial(_runs, broken=place), [4], own=True) for place in OUTLIVED),
)
