"""Where `kills` happen: a list of eight leads of mixed fate, the commands that are typed, and the blow one meets.

One simulated town serves many offices: each has numbers and a caller id of its own.
"""

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from campaign.store import schema
from tests.acceptance.town import Office, Town, a_town, an_office, callbacks, number
from tests.prove.launcher import LONGEST, Launcher, Order

SYSTEM = ("write", "pwrite64", "fdatasync", "sendto")
CLEAR = "The database cannot be written"
EMPTY, OUT = "empty.db", "said"
MAX_ATTEMPTS = 3
ROOM = 10
"""Numbers an office has."""
SCRIPTS = (
    "answers",
    "busy answers",
    "no-answer:0.2s answers",
    "switched-off:0.1s",
    "answers",
    "answers",
    "busy",
    "ndnc",
)
MORE = ("answers", "answers")
"""Who is added later; the last one is unloaded again."""
LIMITED, LOST, SILENT, REDIALLED = 0, 4, 5, 6
"""Places in the list: who is answered 429, whose answer is lost or end not told, whom the provider calls by itself."""
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "provider": {"time_limit": "1s", "margin": "0.1s"},
    "pace": {"channels": 5},
    "retry": {"max_attempts": MAX_ATTEMPTS},
    "callbacks": {"poll_after": "0.3s"},
    "guard": {"min_balance": 1},
}

Command = tuple[str, ...]
RUN: Command = ("run", "leads.csv", "--yes")
RESUME: Command = ("resume", "leads")
AGAIN: Command = (*RESUME, "--config", "campaign.toml")
ONE_BY_ONE: Command = (*RUN, "--config", "narrow.toml")
STOP: Command = ("stop", "leads", "--yes")
NOBODY: Command = ("run", "nobody.csv", "--yes")
REPORT: Command = ("report", "leads")
HALF: Command = (*RUN, "--limit", "4")
ADD: Command = ("add", "more.csv", "leads", "--yes")
UNLOAD: Command = ("unload", "fewer.csv", "leads", "--yes")
KEEP_A_COPY: Command = ("copy",)
PUT_IT_BACK: Command = ("put back",)
SCENES: Mapping[str, tuple[Command, ...]] = {
    "told": (RUN, RESUME),
    "asking": (HALF, AGAIN),
    "account refused": (ONE_BY_ONE, AGAIN),  # with a single channel somebody is always in line when it is refused
    "nobody to call": (NOBODY, RUN),
    "stopped": (HALF, STOP, RESUME),
    "added": (HALF, ADD, UNLOAD, RESUME),
    "older copy": (HALF, KEEP_A_COPY, RESUME, PUT_IT_BACK, RESUME),
}
"""What is typed, in order. Only in the first one are callbacks heard."""
ENDS: Mapping[Command, set[int]] = {NOBODY: {2}, STOP: {0, 2}}
USUAL_ENDS: Mapping[str, set[int]] = {"stopped": {0, 2, 3, 4}, "account refused": {0, 3, 4, 5}}


@dataclass(frozen=True, slots=True)
class Blow:
    """Where a command dies: a named point, or a call to the system, for the `hit`-th time.

    `error`: what the call to the system fails with instead, from then on where it ends with a +.
    """

    at: str
    hit: int
    system: bool = False
    error: str = ""

    def __str__(self) -> str:
        return f"{self.at}, time {self.hit}{f' ({self.error})' * bool(self.error)}"


@dataclass(frozen=True, slots=True)
class Case:
    """The `step`-th command of a scene dies; typed again it dies once more if there is an `again`."""

    scene: str
    step: int
    blow: Blow
    again: Blow | None = None

    def __str__(self) -> str:
        more = f", then at {self.again}" if self.again else ""
        return f"{self.scene}, {' '.join(SCENES[self.scene][self.step])}: at {self.blow}{more} ({self.words})"

    @property
    def words(self) -> str:
        """As a line of `regressions.txt` has it."""
        blows = [self.blow, self.again] if self.again else [self.blow]
        return "/".join([self.scene, str(self.step), *(f"{each.at}/{each.hit}" for each in blows)])


def case_of(words: str) -> Case:
    scene, step, *blows = words.split("/")
    first, *again = [Blow(at, int(hit), at in SYSTEM) for at, hit in zip(blows[::2], blows[1::2], strict=True)]
    return Case(scene, int(step), first, *again)


def town_for(folder: Path, offices: int, seed: int) -> AbstractContextManager[Town]:
    folder.mkdir()
    schema.prepare(folder / EMPTY)
    faults = {
        "faults.answer_lost": {"only": _numbers(LOST, offices), "first_n": 1},
        "faults.callback_never": {"only": _numbers(SILENT, offices)},
        "faults.limited": {"only": _numbers(LIMITED, offices), "first_n": 1, "by": "1s"},
        "faults.redials": {"only": _numbers(REDIALLED, offices), "first_n": 1, "by": "0.1s"},
    }
    return a_town(folder, seed=seed, **faults)


def _numbers(place: int, offices: int) -> list[str]:
    return [number(index * ROOM + place) for index in range(offices)]


class Scene:
    """One office, in which a scene is played. `killed`: how often a blow met its command."""

    def __init__(self, office: Office, index: int, name: str, launcher: Launcher, through: Path | None = None) -> None:
        self.office, self.name, self.launcher, self.through = office, name, launcher, through
        self.scripts: tuple[str, ...] = ("kyc answers", *SCRIPTS[1:]) if name == "account refused" else SCRIPTS
        if name == "added":
            self.scripts = (*SCRIPTS, *MORE)
        self.numbers = [number(index * ROOM + place) for place in range(len(self.scripts))]
        self.killed = 0
        self.over = False
        self.wrong: list[str] = []
        self.hits: dict[int, Counter[str]] = {}
        self.case: Case | None = None
        self._step = 0
        office.environment |= {"EXOTEL_CALLER_ID": f"0803{index:07d}"}
        lines = list(zip(self.numbers, self.scripts, strict=True))
        _write(office.folder / "leads.csv", lines[: len(SCRIPTS)])
        _write(office.folder / "more.csv", lines[len(SCRIPTS) :])
        _write(office.folder / "fewer.csv", lines[-1:])
        _write(office.folder / "nobody.csv", [("12", "answers")])
        rules = (office.folder / "campaign.toml").read_text()
        (office.folder / "narrow.toml").write_text(rules.replace("channels = 5", "channels = 1"))

    @property
    def unloaded(self) -> str:
        """Who is taken out again before the first call."""
        return self.numbers[-1] if self.name == "added" else ""

    @property
    def redialled(self) -> str:
        return self.numbers[REDIALLED]

    def plays(self, case: "Case | None") -> None:
        """Every command in turn, with its blow; what has nothing left to do is not typed unless a blow waits there."""
        self.case = case
        for step, command in enumerate(SCENES[self.name]):
            self._step = step
            if case and step == case.step:
                if self.types(command, case.blow):
                    if case.again:
                        self.types(command, case.again)
                    self.types(command)
            elif not (self.over and command in (RESUME, AGAIN) and case and step > case.step):
                self.types(command)
        for _ in range(2):  # what could not be settled the first time, since nothing told the provider's clock, now is
            if case and not self.over:
                self.types(RESUME)
        if self.name == "stopped":
            self.types(REPORT)

    def types(self, command: Command, blow: "Blow | None" = None) -> bool:
        """To its end; whether it was killed."""
        if command in (KEEP_A_COPY, PUT_IT_BACK):
            self.over = False
            self._copy(command)
            return False
        code = self._under_strace(command, blow) if blow and blow.system else self._launched(command, blow)
        if blow and code == -signal.SIGKILL:
            self.killed += 1
            return True
        if blow and blow.error and code == 1 and CLEAR in (self.office.folder / OUT).read_text():
            self.killed += 1
            return True
        self._look_at(command, code)
        return False

    def _launched(self, command: Command, blow: "Blow | None") -> int:
        note, out = self.office.folder / "note.json", self.office.folder / OUT
        order = Order(str(self.office.folder), self.office.environment, list(command), str(out), str(note))
        if blow:
            order = replace(order, point=blow.at, hit=blow.hit)
        code = self.launcher.carries_out(replace(order, through=str(self.through.resolve()) if self.through else ""))
        self.hits[self._step] = Counter(json.loads(note.read_text())) if note.exists() else Counter()
        note.unlink(missing_ok=True)
        return code

    def _under_strace(self, command: Command, blow: "Blow") -> int:
        what = f"error={blow.error.rstrip('+')}" if blow.error else "signal=KILL"
        inject = f"inject={blow.at}:{what}:when={blow.hit}{'+' * blow.error.endswith('+')}"
        strace = [
            "strace",
            "-f",
            "-o",
            "/dev/null",
            "-e",
            f"trace={blow.at}",
            "-e",
            inject,
            "--",
        ]  # --seccomp-bpf would not inject
        campaign = [str(self.through.resolve())] if self.through else ["-m", "campaign"]
        with (self.office.folder / OUT).open("w") as out:
            return subprocess.run(
                [*strace, sys.executable, *campaign, *command],
                cwd=self.office.folder,
                env=self.office.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=LONGEST,
                check=False,
            ).returncode

    def _look_at(self, command: Command, code: int) -> None:
        allowed = ENDS.get(command, USUAL_ENDS.get(self.name, {0, 3, 4}))
        if code not in allowed and not (self.killed and command == NOBODY):
            said = (self.office.folder / OUT).read_text()
            self.wrong.append(f"`{' '.join(command)}` ended with {code}: {said[-300:]}")
        self.over = command in (RUN, ONE_BY_ONE, RESUME, AGAIN) and code in ({0, 2} if self.name == "stopped" else {0})

    def _copy(self, command: Command) -> None:
        """The database alone: its owner has gone, and took the log in."""
        database, kept = self.office.folder / "campaign.db", self.office.folder / "kept.db"
        if command == KEEP_A_COPY:
            shutil.copy(database, kept)
            return
        for end in ("", "-wal", "-shm"):
            database.with_name(f"{database.name}{end}").unlink(missing_ok=True)
        shutil.copy(kept, database)


def system_calls(folder: Path, town: Town) -> Counter[str]:
    """How often the busiest thread of a run makes each of the calls at which `kills` strike."""
    with an_office(folder, town, SETTINGS) as office:
        office.environment |= callbacks()
        shutil.copy(town.log.with_name(EMPTY), folder / "campaign.db")
        _write(folder / "leads.csv", [(number(place), script) for place, script in enumerate(SCRIPTS)])
        trace = folder / "trace"
        strace = ["strace", "-f", "--seccomp-bpf", "-o", str(trace), "-e", f"trace={','.join(SYSTEM)}", "--"]
        subprocess.run(
            [*strace, sys.executable, "-m", "campaign", *RUN],
            cwd=folder, env=office.environment, capture_output=True, timeout=LONGEST, check=True,
        )  # fmt: skip
    calls = Counter(tuple(line.split("(")[0].split()) for line in trace.read_text().splitlines())
    return Counter({at: max((n for call, n in calls.items() if call[-1] == at), default=0) for at in SYSTEM})


def _write(file: Path, rows: Sequence[tuple[str, str]]) -> None:
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([("phone", "simulate"), *rows])


def play(
    folder: Path, town: Town, index: int, case: Case | str, launcher: Launcher, through: Path | None = None
) -> Scene:
    """A case, or a scene without any blow."""
    name, blow = (case, None) if isinstance(case, str) else (case.scene, case)
    with an_office(folder, town, SETTINGS) as office:
        if name == "told":
            office.environment |= callbacks()
        if name != "nobody to call":  # that one makes its own
            shutil.copy(town.log.with_name(EMPTY), folder / "campaign.db")
        scene = Scene(office, index, name, launcher, through)
        scene.plays(blow)
        return scene
