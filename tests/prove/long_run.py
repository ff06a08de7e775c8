"""What a long run has proved so far, so that one that was interrupted goes on with the first part it had not ended."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.prove.part import CHANGED

FILE = Path(".prove-long")


class LongRun:
    """In a file: commit, share and seed, then the line of each part that holds. `ended`: those, by part.

    `fresh`: the seed of a run that begins. Another commit or share, or files that were changed, begin anew, as `anew`
    does.
    """

    def __init__(self, commit: str, fresh: int, file: Path = FILE, *, share: float = 1, anew: bool = False) -> None:
        self._file = file
        head, *rest = _whole_lines(file) or [""]
        if anew or head.split()[:2] != [commit, str(share)] or commit.endswith(CHANGED):
            head, rest = f"{commit} {share} {fresh}", []
        self.seed = int(head.split()[2])
        self.ended: Mapping[str, str] = {line.split()[0]: line for line in rest}
        self._write("\n".join([head, *rest, ""]), "w")

    def end(self, line: str) -> None:
        self._write(f"{line}\n", "a")

    def over(self) -> None:
        """Every part holds: the next run begins anew."""
        self._file.unlink()

    def _write(self, text: str, mode: str) -> None:
        with self._file.open(mode) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _whole_lines(file: Path) -> list[str]:
    """All but one that was cut off."""
    return file.read_text().split("\n")[:-1] if file.exists() else []
