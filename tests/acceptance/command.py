"""A `campaign` process of its own, forked from one that has done the imports: they are most of a short command's time.

It has its own arguments, environment, folder, output and signals; only the interpreter's start is shared.
"""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import alembic.command
import alembic.context  # noqa: F401  both: what a command that makes a database imports

import campaign.cli.main
import campaign.cli.run
import campaign.cli.simulate
import campaign.report.files
import campaign.simulator.server
import campaign.wiring.floor
import campaign.wiring.looking  # noqa: F401  this and all above: what a command imports
from campaign.__main__ import main

NOTHING = Path(os.devnull)
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path, fed: Path = NOTHING
) -> ForkServerProcess:
    """`campaign` with these arguments, its standard input read from a file, output and error written to files."""
    files = (fed, out, err)
    process = _FORKS.Process(target=_become, args=(tuple(command), folder, dict(environment), files), daemon=True)
    process.start()
    return process


def _become(
    command: tuple[str, ...], folder: Path, environment: dict[str, str], files: tuple[Path, Path, Path]
) -> None:  # pragma: no cover  in the forked process
    gc.freeze()  # what was imported is no garbage: looking for some in it takes as long as a short command
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, _ANEW, _ANEW), strict=True)):
        opened = os.open(file, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  the process has it until its end
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115  line by line, for whoever waits
    sys.argv = ["campaign", *command]
    main()


_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
