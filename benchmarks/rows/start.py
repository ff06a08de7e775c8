"""How soon a command is there: what a person waits for before anything happens."""

import os
import subprocess
import sys
import time

from benchmarks.measure import QUICK, ROOT, Measure, Row

ROUNDS = 2 if QUICK else 9
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An environment in which the first run leaves its bytecode to the later ones, as any user's does."""


def help_against_pandas() -> Row:
    return Row("campaign --help", "import pandas", _python("-m", "campaign", "--help"), _import_pandas(), 0.5, ROUNDS)


def command_line_against_pandas() -> Row:
    return Row(
        "import campaign.cli.main",
        "import pandas",
        _python("-c", "import campaign.cli.main"),
        _import_pandas(),
        None,
        ROUNDS,
    )


def _import_pandas() -> Measure:
    return _python("-c", "import pandas")


def _python(*arguments: str) -> Measure:
    """A process of its own, from its start to its end."""

    def measure() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT, env=COMPILED, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun

    return measure
