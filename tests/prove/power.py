"""Power cuts: a campaign is recorded call by call to the system, and the power fails at every moment of it.

Of each moment many disk images: what was synced is there, what was not is kept, lost, torn or late. Each must open, and
hold every callback that had been answered 200 and every attempt whose connect request had begun to leave.
`python -m tests.prove.power FOLDER --seed N` looks again at a recording that was kept.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

from tests.prove import power_run
from tests.prove.part import Extent, Proved, memory, regressions
from tests.prove.power_disk import DATABASE, JOURNAL, SYNCS, WAL, Disk
from tests.prove.power_image import Cut, Image, Way
from tests.prove.power_promises import Answered, Posted, Promise, attempt_of, promises
from tests.prove.power_run import Recording
from tests.prove.power_trace import Call, read
from tests.prove.power_verdict import breaches, refusal

PART = "power"
SOMETIMES = (
    "name lost",
    "removal lost",
    "lost",
    "torn",
    "reordered",
    "with a journal",
    "with a log",
    "no database",
)
"""What must have happened to some image, or the cuts are no cuts."""
NAMINGS = ("openat", "unlink", "rename")
ENOUGH = 400
"""Rounds without enough different images: there are no more."""


@dataclass(slots=True)
class Findings:
    """What came out; the same breach is told once."""

    figures: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def breach(self, what: str, where: str) -> None:
        self.figures["breaches"] += 1
        self.failures.setdefault(what, f"{what} ({where})")


@dataclass(frozen=True, slots=True)
class Moment:
    """Right after a call of the trace: `promised` are the promises said so far.

    `turning`: the last of them was said just now, or a file was named or lost its name.
    """

    line: int
    disk: Disk
    promised: Sequence[Promise]
    turning: bool


def prove(extent: Extent, launcher: Path | None = None) -> Proved:
    """`launcher`: a Python file that is run in place of `-m campaign`, to show that a safeguard's loss is noticed."""
    if hindrance := power_run.hindrance():
        failures = ["power cuts must be proved in CI"] if os.environ.get("CI") else []
        return Proved(PART, {"skipped": hindrance}, failures)
    found = Findings()
    for seed in _seeds(extent):
        with tempfile.TemporaryDirectory(dir=memory()) as base:
            _prove_one(extent, seed, launcher, Path(base).resolve(), found)
    return Proved(PART, found.figures, list(found.failures.values()))


def _prove_one(extent: Extent, seed: int, launcher: Path | None, base: Path, found: Findings) -> None:
    before = len(found.failures)
    try:
        recording = power_run.record(base, extent.pick(3, 14, 40), seed, launcher, paused=not extent.slice)
    except power_run.Unrecorded as why:
        found.breach(str(why), f"seed {seed}")
        return
    _cut_up(recording, extent.pick(150, 10_000, 40_000), extent.pick(2, 60, 400), seed, found)
    if len(found.failures) > before and not launcher:
        found.failures[str(base)] = f"again: python -m tests.prove.power {_keep(base)} --seed {seed}"


def _seeds(extent: Extent) -> Iterator[int]:
    yield from range(extent.seed, extent.seed + extent.pick(1, 1, 50))
    yield from map(int, regressions(PART))


def _keep(folder: Path) -> Path:
    kept = Path(tempfile.mkdtemp(prefix="power-cut-"))
    return Path(shutil.copytree(folder, kept, dirs_exist_ok=True))


def _cut_up(recording: Recording, wanted: int, reopened: int, seed: int, found: Findings) -> None:
    calls = read(recording.trace)
    promised = sorted(promises(calls), key=lambda promise: promise.said)
    found.figures["connect requests"] += sum(isinstance(each, Posted) for each in promised)
    found.figures["callbacks answered"] += sum(isinstance(each, Answered) for each in promised)
    first = promised[0].said if promised else calls[-1].done
    found.figures["checkpoints"] += sum(_is_checkpoint(call) and call.begun > first for call in calls)
    _check_recording(recording, calls, promised, found)
    film = _Film(recording.was / "office", calls, promised)
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        _draw(film, wanted, seed, found, Path(folder))
        _reopen(film, reopened, seed, found, Path(folder))
    for mark in (*SOMETIMES, "connect requests", "callbacks answered", "checkpoints"):
        if not found.figures[mark]:
            found.breach(f"no image was ever: {mark}", f"seed {seed}")


def _is_checkpoint(call: Call) -> bool:
    """The database itself is synced when its log has been written back into it, and while it is made."""
    return call.name in SYNCS and Path(call.path).name == DATABASE


@dataclass(frozen=True, slots=True)
class _Film:
    """A recording that can be played again and again."""

    folder: Path
    calls: Sequence[Call]
    promised: Sequence[Promise]

    def play(self) -> Iterator[Moment]:
        """A write counts from its beginning, a sync from its end: so a cut may come between."""
        disk, said = Disk(self.folder), 0
        order = sorted((call.done if call.name in SYNCS else call.begun, call.name, call) for call in self.calls)
        for line, _, call in order:
            before = said
            while said < len(self.promised) and self.promised[said].said <= line:
                said += 1
            if disk.apply(call) or said > before:
                yield Moment(line, disk, self.promised[:said], said > before or call.name in NAMINGS)


def _check_recording(recording: Recording, calls: Sequence[Call], promised: Sequence[Promise], found: Findings) -> None:
    """The trace tells the whole story: the simulator saw no more, and the files are as it says."""
    posted = {attempt_of(line["body"]) for line in recording.seen() if line.get("path", "").endswith("connect.json")}
    if posted != {each.attempt for each in promised if isinstance(each, Posted)}:
        found.breach("the simulator saw other connect requests than the trace", f"{len(posted)} seen")
    answered = sum(line["kind"] == "callback" and line.get("answer") == 200 for line in recording.seen())
    if answered != sum(isinstance(each, Answered) for each in promised):
        found.breach("the simulator was answered 200 another number of times than in the trace", f"{answered}")
    disk = Disk(recording.was / "office")
    for call in calls:
        disk.apply(call)
    for name, data in disk.now().items():
        if (recording.office / name).read_bytes() != data:
            found.breach(f"{name} is not what the trace makes of it", f"{len(data)} bytes")


def _draw(film: _Film, wanted: int, seed: int, found: Findings, folder: Path) -> None:
    """Different images only. At each turn one that lost all that was not synced: what was said was on disk first."""
    moments = sum(1 for _ in film.play())
    found.figures["moments"] += moments
    known: set[tuple[int, int]] = set()
    for round_ in count():
        if len(known) >= wanted or round_ == ENOUGH:
            return
        for moment in film.play():
            luck = Random(f"{seed}/{round_}/{moment.line}")
            strictly = moment.turning and round_ == 0
            if strictly or luck.random() < wanted / moments:
                way = Way.NOTHING if strictly else luck.choice([*Way, Way.ANY, Way.ANY])
                image = Cut(way, luck).image(moment.disk)
                key = hash(tuple(sorted(image.files.items()))), len(moment.promised)
                if key not in known:
                    known.add(key)
                    _judge(moment, image, way, found, folder)


def _judge(moment: Moment, image: Image, way: Way, found: Findings, folder: Path) -> None:
    found.figures["images"] += 1
    found.figures.update(image.marks)
    found.figures["with a journal"] += bool(image.files.get(JOURNAL))
    found.figures["with a log"] += bool(image.files.get(WAL))
    found.figures["no database"] += not image.files.get(DATABASE)
    for what in breaches(image.files, moment.promised, folder):
        found.breach(what, f"cut after line {moment.line} of the trace, kept: {way}")


def _reopen(film: _Film, wanted: int, seed: int, found: Findings, folder: Path) -> None:
    """The program itself must go on with what a cut leaves: half of the cuts while the database is being made."""
    moments = [(moment.line, bool(moment.promised)) for moment in film.play()]
    drawn = Random(f"{seed}/reopen")
    chosen: set[int] = set()
    for promised in (False, True):
        lines = [line for line, later in moments if later is promised]
        chosen.update(drawn.sample(lines, min(wanted // 2, len(lines))))
    for moment in film.play():
        if moment.line in chosen:
            luck = Random(f"{seed}/reopen/{moment.line}")
            found.figures["reopened"] += 1
            if refused := refusal(Cut(luck.choice(list(Way)), luck).image(moment.disk).files, folder):
                found.breach(f"the program does not go on: {refused}", f"cut after line {moment.line} of the trace")


def _again() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove.power")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = Findings()
    _cut_up(power_run.kept(given.folder), 10_000, 60, given.seed, found)
    print(dict(found.figures), *found.failures.values(), sep="\n")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(_again())
