"""The most memory of `campaign resume` while it dials, in MB: `python -m benchmarks.memory LEDGER`; of a copy of it.

`python -m benchmarks.memory libraries`: of a process that imports the same libraries and does nothing. Linux only.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.dispatch import DELAY, provider
from benchmarks.measure import ROOT, peak
from campaign.store.mark import Mark

DIALS_FOR = 6.0
BEGUN_WITHIN = 60.0
RESUME = "import campaign.__main__, campaign.cli.main, campaign.cli.run, campaign.wiring.floor, campaign.wiring.owner"
LOADED = "print(json.dumps([each for each in sys.modules if each.partition('.')[0] not in ('campaign', '__main__')]))"
PEAK = "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
ALONE = "import importlib, json, sys\nfor name in json.loads(sys.argv[1]):\n    importlib.import_module(name)\n"


def libraries() -> float:
    names = _printed(f"import json, sys\n{RESUME}\n{LOADED}")
    return int(_printed(f"{ALONE}{PEAK}", names)) / 1024


def _printed(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.strip()


def resume(ledger: Path) -> float:
    with tempfile.TemporaryDirectory(dir=ledger.parent) as made:
        folder = Path(made)
        database = Path(shutil.copy(ledger, folder / "campaign.db"))
        with provider(folder, DELAY, 0, 1) as base:
            _as_if_made_here(database, folder, base)
            with (folder / "told").open("w") as told:
                command = [sys.executable, "-m", "campaign", "resume", "list", "--db", str(database)]
                process = subprocess.Popen(
                    command, cwd=folder, env=_environment(folder, base), stdout=told, stderr=subprocess.STDOUT
                )
            try:
                _dials(process, database, folder)
                time.sleep(DIALS_FOR)
                return peak(process.pid)
            finally:
                process.kill()
                process.wait()


def _as_if_made_here(database: Path, folder: Path, base: str) -> None:
    """For that provider, and not taken for an older copy, which would wait before it dials."""
    os.environ["XDG_STATE_HOME"] = str(folder)
    mark = Mark(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE account SET base_url = ?", (base,))
        [(last_event,)] = connection.execute("SELECT max(id) FROM event")
    mark.set(last_event)


def _environment(folder: Path, base: str) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder), "CAMPAIGN_KEY": "a key for benchmarks",
        "EXOTEL_API_KEY": "key", "EXOTEL_API_TOKEN": "token", "EXOTEL_ACCOUNT_SID": "x", "EXOTEL_BASE_URL": base,
        "EXOTEL_CALLER_ID": "08030000000", "EXOTEL_FLOW_URL": "http://my.exotel.com/x/exoml/start_voice/1",
    }  # fmt: skip


def _dials(process: "subprocess.Popen[bytes]", database: Path, folder: Path) -> None:
    """Returns once it does."""
    until = time.perf_counter() + BEGUN_WITHIN
    while True:
        assert process.poll() is None, (folder / "told").read_text()
        assert time.perf_counter() < until, "it begins to dial"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            if connection.execute("SELECT 1 FROM event WHERE kind = 'accepted' LIMIT 1").fetchone():
                return
        time.sleep(0.2)


if __name__ == "__main__":
    what = sys.argv[1]
    print(libraries() if what == "libraries" else resume(Path(what)))
