"""A database that cannot be used is refused with clear words, and nothing of it is changed; `disk` asks for it."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.town import Office, an_office, toml
from tests.prove.part import Proved, memory

DATABASE = "campaign-simulated.db"
RUN = ("run", "leads.csv", "--simulate", "--speed", "3600", "--limit", "1")
COMMANDS: Sequence[tuple[str, ...]] = (("resume", "leads", "--simulate"), ("status", "leads", "--simulate"))
LONGEST = 40.0
READABLE = {"read-only file", "read-only folder", "locked by a stranger", "key missing"}
"""What does not keep anybody from looking: only `resume` must refuse."""
TOWN = {"answers_after": ["1s", "2s"], "talks_for": ["1s", "2s"]}


@dataclass(frozen=True, slots=True)
class Hurt:
    """A folder with a database to be hurt, and what must be undone afterwards."""

    folder: Path
    undo: ExitStack = field(default_factory=ExitStack)

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    def overwrite(self, at: int, data: bytes) -> None:
        with self.database.open("r+b") as file:
            file.seek(at)
            file.write(data)


def _read_only_file(hurt: Hurt) -> None:
    hurt.database.chmod(0o400)


def _read_only_folder(hurt: Hurt) -> None:
    hurt.folder.chmod(0o500)
    hurt.undo.callback(hurt.folder.chmod, 0o700)


STRANGER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def _locked(hurt: Hurt) -> None:
    """By another process: this one would lose its lock by looking at the file."""
    stranger = hurt.undo.enter_context(
        subprocess.Popen(
            [sys.executable, "-c", STRANGER, str(hurt.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    )
    assert stranger.stdout is not None
    stranger.stdout.readline()


def _damaged_page(hurt: Hurt) -> None:
    """The root page of the leads: whoever reads them comes upon it."""
    with closing(sqlite3.connect(hurt.database)) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'lead'")
        [(size,)] = connection.execute("PRAGMA page_size")
    hurt.overwrite((page - 1) * size, b"\xff" * size)


def _damaged_header(hurt: Hurt) -> None:
    hurt.overwrite(0, b"no database at all")


def _truncated(hurt: Hurt) -> None:
    os.truncate(hurt.database, hurt.database.stat().st_size // 2)


def _newer_schema(hurt: Hurt) -> None:
    with closing(sqlite3.connect(hurt.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def _key_missing(hurt: Hurt) -> None:
    (hurt.folder / "campaign.key").unlink()


HURTS: Mapping[str, Callable[[Hurt], None]] = {
    "read-only file": _read_only_file,
    "read-only folder": _read_only_folder,
    "locked by a stranger": _locked,
    "damaged page": _damaged_page,
    "damaged header": _damaged_header,
    "truncated": _truncated,
    "newer schema": _newer_schema,
    "key missing": _key_missing,
}


def prove() -> Proved:
    with tempfile.TemporaryDirectory(dir=memory()) as base, an_office(Path(base) / "whole") as office:
        office.environment.pop("CAMPAIGN_KEY")  # the key lies beside the database, where it can be lost
        office.write_list(["answers"] * 300)
        (office.folder / "town.toml").write_text(toml(TOWN))
        made = _types(office, office.folder, (*RUN, "--town", "town.toml"))
        if made.returncode != 3:
            return Proved("refusals", {}, [f"no database was made: {made.stderr[-300:]}"])
        failures = [each for name in HURTS for each in _refusals(name, office, Path(base) / name.replace(" ", "-"))]
        return Proved("refusals", {"refused files": len(HURTS)}, failures)


def _refusals(name: str, office: Office, folder: Path) -> list[str]:
    found = []
    for command in COMMANDS[: 1 if name in READABLE else 2]:
        shutil.copytree(office.folder, folder)
        hurt = Hurt(folder)
        HURTS[name](hurt)
        before = hurt.database.read_bytes()
        with hurt.undo:
            ended = _types(office, folder, command)
            found += [f"{name}: `{' '.join(command)}` {wrong}" for wrong in _wrong(ended)]
        if hurt.database.read_bytes() != before:
            found.append(f"{name}: `{' '.join(command)}` changed the file")
        shutil.rmtree(folder)
    return found


def _wrong(ended: "subprocess.CompletedProcess[str]") -> list[str]:
    said = ended.stderr[-400:]
    wrong = []
    if ended.returncode not in (1, 2, 6):
        wrong.append(f"ended with {ended.returncode}: {said}")
    if "fault of campaign itself" in said or "Traceback" in said or "campaign: " not in said:
        wrong.append(f"does not say it plainly: {said}")
    return wrong


def _types(office: Office, folder: Path, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """As somebody whom file permissions bind, which they do not bind root."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("setpriv")
    bound = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"] if root else []
    try:
        return subprocess.run(
            [*bound, sys.executable, "-m", "campaign", *command],
            cwd=folder, env=office.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, -1, "", f"did not end within {LONGEST:g} s")
