"""What acceptance tests are written in: a simulated town as a process, and an office whose people type commands.

Time is real here, only the phones are quick. Nothing of ours is called or mocked: commands are typed, files are read.
"""

import csv
import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from types import MappingProxyType
from typing import Any

from tests.acceptance.command import NOTHING, started

Tables = Mapping[str, Mapping[str, Any]]
Row = dict[str, str]

ROOT = Path(__file__).parents[2]
LONGEST = 50.0
"""Seconds that any one command may take before its test fails."""
QUICK_TOWN: Mapping[str, Any] = MappingProxyType(
    {
        "answers_after": ["0.1s", "0.3s"],
        "talks_for": ["0.2s", "0.4s"],
        "rate": "100000/min",
        "callback_lag": "0s",
        "list_lag": "0s",
        "price_lag": "0s",
    }
)
QUICK: Tables = MappingProxyType(
    {
        "provider": {
            "ring_timeout": "1s",
            "time_limit": "2s",
            "margin": "0.5s",
            "list_lag": "0.2s",
            "custom_field": "{attempt} simulate={simulate}",
        },
        "pace": {"rate": "6000/min", "channels": 20},
        "retry": {
            "max_attempts": 3,
            "busy": ["0.2s"],
            "no_answer": ["0.2s"],
            "failed": ["0.2s"],
            "per_day": 10,
            "min_gap": "0s",
        },
        "window": {"hours": "00:00-24:00"},
        "callbacks": {"poll_after": "1s", "poll_every": "0.2s"},
        "report": {"details_for": "0s", "settle_for": "1s", "reached_after": "0.1s"},
    }
)
KEY = "the-key-of-this-office-which-nobody-may-see"
SECRETS = [KEY, "a-token-that-is-wrong"]
AS_READ = re.compile(r"^  line \d.*\n", re.MULTILINE)
"""The rows of a list shown before it is loaded: the one place where a person is shown whole numbers."""
WHOLE_NUMBER = re.compile(r"9198123\d{5}")


def until(holds: Callable[[], object], within: float = 20) -> None:
    """Look again every 20 ms until it holds; fails after `within` seconds."""
    pause = Event()
    for _ in range(int(within / 0.02)):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError(f"not within {within} s")


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def number(index: int) -> str:
    """An invented one."""
    return f"+9198123{index:05d}"


def toml(values: Mapping[str, Any]) -> str:
    """Plain values first, then tables."""
    plain = [f"{key} = {json.dumps(value)}" for key, value in values.items() if not isinstance(value, Mapping)]
    tables = [f"[{key}]\n{toml(value)}" for key, value in values.items() if isinstance(value, Mapping)]
    return "\n".join(plain + tables) + "\n"


@dataclass(frozen=True, slots=True)
class Town:
    """A simulator that runs. `log`: what it noted."""

    base_url: str
    log: Path


@contextmanager
def a_town(folder: Path, **keys: object) -> Iterator[Town]:
    """`campaign simulate` as a process, ended on the way out."""
    file, log = folder / "town.toml", folder / "town.jsonl"
    file.write_text(toml({**QUICK_TOWN, **keys}))
    command = ("simulate", "--port", "0", "--town", str(file), "--log", str(log))
    town = Running(command, folder, _environment(folder))
    try:
        until(lambda: "http://" in town.said)
        found = re.search(r"http://127\.0\.0\.1:\d+", town.said)
        assert found, "the simulator says where it is"
        yield Town(found[0], log)
    finally:
        town.send(signal.SIGTERM)
        town.ended()


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that is over."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{self.err}"


class Running:
    """A command that is not over yet."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], fed: Path = NOTHING
    ) -> None:
        said = Path(mkdtemp(dir=folder, prefix=".said-"))
        self._out, self._err = said / "out", said / "err"
        self._process = started(command, folder, environment, self._out, self._err, fed)
        assert self._process.pid is not None, "it was just started"
        self.pid = self._process.pid

    @property
    def over(self) -> bool:
        return self._process.exitcode is not None

    @property
    def said(self) -> str:
        """On standard output, so far."""
        return self._out.read_text() if self._out.exists() else ""

    def send(self, which: signal.Signals) -> None:
        os.kill(self.pid, which)

    def ended(self, within: float = LONGEST) -> Ended:
        """Waits for its end. Whatever it said must be fit to be seen."""
        self._process.join(within)
        code = self._process.exitcode
        assert code is not None, f"not over after {within} s: {self._err.read_text()}"
        out, err = self.said, self._err.read_text()
        ended = Ended(code, out, err)
        assert "Traceback" not in err, ended
        assert "fault of campaign itself" not in err, ended
        assert not WHOLE_NUMBER.search(AS_READ.sub("", err)), ended
        assert not [secret for secret in SECRETS if secret in out + err], ended
        return ended

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        self._process.kill()
        self._process.join(LONGEST)


@dataclass
class Office:
    """A folder with a settings file and a list; commands typed in it reach the town, `pipe` is what they are fed."""

    folder: Path
    environment: dict[str, str]
    pipe: Path = NOTHING
    _started: list[Running] = field(default_factory=list)

    def settle(self, changes: Tables | None = None) -> None:
        """Write campaign.toml: the quick settings with these keys changed."""
        changes = changes or {}
        tables = {name: {**QUICK.get(name, {}), **changes.get(name, {})} for name in {**QUICK, **changes}}
        (self.folder / "campaign.toml").write_text(toml(tables))

    def write_list(self, scripts: Sequence[str], names: Sequence[str] = ()) -> list[str]:
        """leads.csv with a lead for each script of a phone; their numbers, in order."""
        numbers = [number(index) for index in range(1, len(scripts) + 1)]
        rows = zip_longest(names, numbers, scripts, fillvalue="")
        with (self.folder / "leads.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("name", "phone", "simulate"), *rows])
        return numbers

    def start(self, *command: str, **environment: str) -> Running:
        self._started.append(running := Running(command, self.folder, self.environment | environment, self.pipe))
        return running

    def types(self, *command: str, **environment: str) -> Ended:
        """A command, to its end."""
        return self.start(*command, **environment).ended()

    def close(self) -> None:
        for running in self._started:
            if not running.over:
                running.kill()

    def table(self, name: str, report: str = "reports/leads") -> list[Row]:
        """A CSV file of a report."""
        with (self.folder / report / name).open(newline="") as file:
            return list(csv.DictReader(file))

    def leads(self) -> dict[str, Row]:
        """The rows of leads.csv by number, rejects left out."""
        return {row["phone_number"]: row for row in self.table("leads.csv") if row["lead_id"]}

    def bytes_of(self, report: str = "reports/leads") -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted((self.folder / report).iterdir())}


@contextmanager
def an_office(folder: Path, town: Town | None = None, settings: Tables | None = None) -> Iterator[Office]:
    """An office with an account in the town, or without one; what still runs at its end is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    account = {
        "EXOTEL_BASE_URL": town.base_url,
        "EXOTEL_ACCOUNT_SID": "simulated",
        "EXOTEL_API_KEY": "simulated",
        "EXOTEL_API_TOKEN": "simulated",
        "EXOTEL_CALLER_ID": "08030000000",
        "EXOTEL_FLOW_URL": "http://my.exotel.com/simulated/exoml/start_voice/1",
    } if town else {}  # fmt: skip
    office = Office(folder, _environment(folder) | {"CAMPAIGN_KEY": KEY} | account)
    office.settle(settings)
    try:
        yield office
    finally:
        office.close()


def callbacks() -> dict[str, str]:
    """An environment in which callbacks are heard."""
    port = free_port()
    return {"CAMPAIGN_PUBLIC_URL": f"http://127.0.0.1:{port}", "CAMPAIGN_LISTEN": f"127.0.0.1:{port}"}


def _environment(folder: Path) -> dict[str, str]:
    """This machine's, without any account of its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("EXOTEL_", "CAMPAIGN_", "COV_"))}
    state = str(folder / "state")
    return own | {"XDG_STATE_HOME": state, "NO_COLOR": "1"}
