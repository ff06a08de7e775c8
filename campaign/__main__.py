"""`campaign`, and `python -m campaign`: run a command, and end with its exit code; never with a traceback."""

import logging
import resource
import signal
import sys
import traceback
from pathlib import Path

from campaign.errors import CampaignError

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # before anything is read: a core file would hold secrets
    from campaign.cli.main import app  # an error in here is reported as well

    logging.getLogger().addHandler(_Discreet())
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, signal.default_int_handler)
    try:
        # The library returns what a command ended with, and turns Ctrl-C into 130.
        sys.exit(app(standalone_mode=False) or 0)
    except CampaignError as wrong:
        _say(wrong.message, wrong.hint)
        sys.exit(wrong.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as ours:  # noqa: BLE001  whatever it is, a person gets a sentence
        sys.exit(_usage(ours) or _our_fault(ours))


def _usage(wrong: Exception) -> int:
    """What the command line library has to say about a command, in its own words."""
    show, code = getattr(wrong, "show", None), getattr(wrong, "exit_code", 0)
    if show is not None:
        show()
        return int(code)
    return INTERRUPTED if type(wrong).__name__ == "Abort" else 0


def _our_fault(wrong: Exception) -> int:
    """Where it happened, and no values: they may be numbers of people."""
    _say(
        f"This is a fault of campaign itself: {type(wrong).__name__} at {_where(wrong)}.",
        "What was called is on disk; `campaign resume` goes on. Please report the line above.",
    )
    return 1


def _where(wrong: BaseException) -> str:
    here = Path(__file__).parent
    frames = [frame for frame in traceback.extract_tb(wrong.__traceback__) if here in Path(frame.filename).parents]
    return ", ".join(f"{Path(frame.filename).relative_to(here)}:{frame.lineno}" for frame in frames[-3:])


class _Discreet(logging.Handler):
    """What libraries log of a request or an exception may hold a callback's address, a secret, a number.

    Told is only a fault of our own that they survived, and where.
    """

    def emit(self, record: logging.LogRecord) -> None:
        wrong = record.exc_info[1] if record.exc_info else None
        if wrong and (where := _where(wrong)):
            _say(f"A fault of campaign itself, and it goes on: {type(wrong).__name__} at {where}.", "")


def _say(message: str, hint: str) -> None:
    print(f"campaign: {message}", *filter(None, [hint]), sep="\n  ", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
