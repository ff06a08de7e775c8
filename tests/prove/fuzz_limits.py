"""What every input is held to, whoever reads it: seconds of computing, and no exception but the room's own."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

SECONDS = 2.0


class TooSlow(BaseException):
    """Not an Exception: nobody on the way may swallow it."""


@dataclass(slots=True)
class Findings:
    """What came out; of one kind of breach the first input is kept, in `folder`."""

    folder: Path
    figures: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def breach(self, kind: str, what: str, data: bytes) -> None:
        self.figures["breaches"] += 1
        if what not in self.failures:
            self.folder.mkdir(parents=True, exist_ok=True)
            kept = self.folder / f"{kind}-{sha256(data).hexdigest()[:12]}"
            kept.write_bytes(data)
            self.failures[what] = f"{what} ({kept}; mended, it belongs into tests/prove/corpus)"

    def never(self, kind: str, marks: Iterator[str]) -> None:
        """What must have happened, or nothing was tried."""
        for mark in marks:
            if not self.figures[f"{kind} {mark}"]:
                self.failures[f"{kind}: never {mark}"] = f"{kind}: never {mark}"


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Raises TooSlow after so many seconds of this process's own computing: a busy machine is no breach."""

    def late(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def story(broken: BaseException) -> str:
    """The kind of an exception and where it came from, so that one fault is told once."""
    trace = broken.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "nowhere"
    return f"{type(broken).__name__} at {where}"
