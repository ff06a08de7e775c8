"""`campaign` under a launcher that kills it: at the n-th time it comes to a named point, with SIGKILL, mid-sentence.

A point is before and after each method of the Store and Provider ports and each commit; `points()` has them all, from
`ports.py`, so a new method is a new point. `kills` chooses among them. An order may name a file to go `through`: a
Python file that is run in place of `-m campaign`.
"""

import asyncio
import functools
import importlib
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy.engine.default import DefaultDialect

import campaign.cli
from campaign import ports
from campaign.provider.exotel.client import ExotelClient
from campaign.store.ledger import Ledger

ROOT = Path(__file__).parents[2]
LONGEST = 90
"""Seconds for a command."""
HOLES: dict[type, type] = {ports.Store: Ledger, ports.Provider: ExotelClient}
COMMIT = "commit"
Reach = Callable[[str], None]


def methods(port: type) -> list[str]:
    return [name for name, value in vars(port).items() if callable(value) and not name.startswith("_")]


def points() -> list[str]:
    """Every named point."""
    names = [f"{port.__name__}.{name}" for port in HOLES for name in methods(port)]
    return [f"{when} {name}" for name in [*names, COMMIT] for when in ("before", "after")]


class Reached:
    """Counts how often each point was reached, and dies where it shall."""

    def __init__(self, point: str, hit: int) -> None:
        self.hits: Counter[str] = Counter()
        self._point, self._hit = point, hit

    def __call__(self, point: str) -> None:
        self.hits[point] += 1
        if point == self._point and self.hits[point] == self._hit:
            os.kill(os.getpid(), signal.SIGKILL)


def wrap(reach: Reach) -> None:
    """From now on every point is told to `reach`."""
    for port, concrete in HOLES.items():
        for name in methods(port):
            setattr(concrete, name, _told(getattr(concrete, name), f"{port.__name__}.{name}", reach))
    DefaultDialect.do_commit = _told(DefaultDialect.do_commit, COMMIT, reach)  # type: ignore[method-assign]


def _told(method: Callable[..., Any], name: str, reach: Reach) -> Callable[..., Any]:
    @functools.wraps(method)
    def plain(*given: Any, **named: Any) -> Any:
        reach(f"before {name}")
        answer = method(*given, **named)
        reach(f"after {name}")
        return answer

    @functools.wraps(method)
    async def waiting(*given: Any, **named: Any) -> Any:
        reach(f"before {name}")
        answer = await method(*given, **named)
        reach(f"after {name}")
        return answer

    return waiting if asyncio.iscoroutinefunction(method) else plain


@dataclass(frozen=True, slots=True)
class Order:
    """One command: where, with what environment, killed where. `out`: a file for all it says; `through`: see above."""

    folder: str
    environment: dict[str, str]
    command: list[str]
    out: str
    note: str = ""
    point: str = ""
    hit: int = 0
    through: str = ""


def carry_out(order: Order) -> NoReturn:
    """In a process of its own, which this is."""
    signal.alarm(LONGEST)
    _move_to(order)
    reached, code = Reached(order.point, order.hit), 1
    wrap(reached)
    sys.argv = ["campaign", *order.command]
    try:
        if order.through:
            runpy.run_path(order.through, run_name="__main__")
        else:
            runpy.run_module("campaign", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else bool(ended.code)
    except BaseException:  # noqa: BLE001  as the interpreter would
        traceback.print_exc()
    Path(order.note or os.devnull).write_text(json.dumps(reached.hits))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _move_to(order: Order) -> None:
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    said = os.open(order.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    silence = os.open(os.devnull, os.O_RDONLY)
    for place, descriptor in enumerate((silence, said, said)):
        os.dup2(descriptor, place)


def main() -> None:
    """Forks a process for each order (a line of JSON), and answers with how it ended."""
    for each in pkgutil.iter_modules(campaign.cli.__path__, "campaign.cli."):
        importlib.import_module(each.name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            carry_out(Order(**json.loads(line)))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


class Launcher:
    """The other end: a launcher that runs, for one thread. Making a process of it takes no imports."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.prove.launcher"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def carries_out(self, order: Order) -> int:
        """The exit code, or the signal that ended it, negative."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


if __name__ == "__main__":
    main()
