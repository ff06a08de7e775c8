"""A short campaign over loopback under strace, and the simulator it calls: the recording that `power` cuts."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.prove.power_trace import CALLS, LONGEST

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
ENDINGS = (0, 3, 4)
"""Finished, paused, or with a call in doubt: a slow machine may make one."""
_WAS = "was"
SCRIPTS = (
    "answers",
    "busy:0.1s answers",
    "no-answer:0.2s answers",
    "switched-off:0.1s answers",
    "busy:0.1s",
    "not-existing",
    "ndnc",
)
TOWN = """
answers_after = ["0.05s", "0.2s"]
talks_for = ["0.1s", "0.3s"]
rate = "100000/min"
callback_lag = "0s"
list_lag = "0s"
price_lag = "0s"
"""
SETTINGS = """
[provider]
ring_timeout = "1s"
time_limit = "2s"
margin = "0.5s"
list_lag = "0.2s"
custom_field = "{attempt} simulate={simulate}"
[pace]
rate = "6000/min"
channels = 20
breaker = 50
[retry]
max_attempts = 3
busy = ["0.2s"]
no_answer = ["0.2s"]
failed = ["0.2s"]
per_day = 10
min_gap = "0s"
[window]
hours = "00:00-24:00"
[callbacks]
poll_after = "2s"
poll_every = "0.5s"
[report]
details_for = "0s"
settle_for = "1s"
reached_after = "0.1s"
"""


class Unrecorded(Exception):
    """The campaign did not run as it should, so there is nothing to cut."""


@dataclass(frozen=True, slots=True)
class Recording:
    """`base`: where it lies now; `was`: where it lay when it was made, as the trace has it."""

    base: Path
    was: Path

    @property
    def office(self) -> Path:
        """Where the campaign ran."""
        return self.base / "office"

    @property
    def trace(self) -> Path:
        return self.base / "trace"

    @property
    def log(self) -> Path:
        """What the simulator saw."""
        return self.base / "town.jsonl"

    def seen(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def hindrance() -> str:
    """Why nothing can be recorded here; empty when it can."""
    strace = shutil.which("strace")
    if not strace:
        return "no strace"
    tried = subprocess.run([strace, "-f", "-o", os.devnull, "true"], capture_output=True, check=False)
    return "strace may not trace here" if tried.returncode else ""


def kept(base: Path) -> Recording:
    """One that was moved since it was made."""
    return Recording(base, Path((base / _WAS).read_text()))


def record(base: Path, leads: int, seed: int, launcher: Path | None, *, paused: bool) -> Recording:
    """A campaign, all of it in one trace; `paused` half-way and resumed."""
    recording = Recording(base, base)
    recording.office.mkdir()
    (base / _WAS).write_text(str(base))
    (recording.office / "campaign.toml").write_text(SETTINGS)
    _write_list(recording.office / "leads.csv", leads, Random(seed))
    with _town(base, recording.log) as base_url:
        environment = _environment(base) | _account(base_url)
        campaign = [sys.executable, str(launcher.resolve())] if launcher else [sys.executable, "-m", "campaign"]
        half = ["--limit", str(leads // 2)] if paused else []
        _traced(recording, environment, [*campaign, "run", "leads.csv", "--yes", *half])
        if paused:
            _traced(recording, environment, [*campaign, "resume", "leads"])
    return recording


def _write_list(file: Path, leads: int, luck: Random) -> None:
    scripts = [SCRIPTS[index % len(SCRIPTS)] for index in range(leads)]
    luck.shuffle(scripts)
    with file.open("w", newline="") as opened:
        rows = [(f"+9198123{index:05d}", script) for index, script in enumerate(scripts, 1)]
        csv.writer(opened).writerows([("phone", "simulate"), *rows])


def _traced(recording: Recording, environment: dict[str, str], command: Sequence[str]) -> None:
    """A command to its end, its calls to the system added to the trace."""
    strace = ["strace", "-f", "-y", "-xx", "-A", "--seccomp-bpf", "-s", str(LONGEST), "-o", str(recording.trace)]
    with subprocess.Popen(
        [*strace, "-e", f"trace={','.join(CALLS)}", "--", *command],
        cwd=recording.office,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as traced:
        try:
            said, _ = traced.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(traced.pid, signal.SIGKILL)  # what strace leaves when it is killed runs on by itself
            raise Unrecorded(f"the recorded run did not end within {PATIENCE} s") from None
    if traced.returncode not in ENDINGS:
        raise Unrecorded(f"the recorded run ended with {traced.returncode}: {said[-500:]}")


@contextmanager
def _town(base: Path, log: Path) -> Iterator[str]:
    (base / "town.toml").write_text(TOWN)
    command = [sys.executable, "-m", "campaign", "simulate", "--port", "0", "--town", "town.toml", "--log", str(log)]
    with subprocess.Popen(command, cwd=base, env=_environment(base), stdout=subprocess.PIPE, text=True) as town:
        try:
            assert town.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", town.stdout.readline())
            assert found, "the simulator says where it is"
            yield found[0]
        finally:
            town.terminate()
            town.wait(PATIENCE)


def _account(base_url: str) -> dict[str, str]:
    port = _free_port()
    return {
        "EXOTEL_BASE_URL": base_url,
        "EXOTEL_ACCOUNT_SID": "simulated",
        "EXOTEL_API_KEY": "simulated",
        "EXOTEL_API_TOKEN": "simulated",
        "EXOTEL_CALLER_ID": "08030000000",
        "EXOTEL_FLOW_URL": "http://my.exotel.com/simulated/exoml/start_voice/1",
        "CAMPAIGN_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CAMPAIGN_LISTEN": f"127.0.0.1:{port}",
    }


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _environment(base: Path) -> dict[str, str]:
    """This machine's, without any account of its own; the key is made beside the database."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("EXOTEL_", "CAMPAIGN_", "COV_"))}
    state = str(base / "state")
    return own | {"XDG_STATE_HOME": state, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
