"""`campaign`, and `python -m campaign`: run a command, and end with its exit code; never with a traceback."""

import sys
import traceback
from pathlib import Path

from campaign.errors import CampaignError

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    from campaign.cli.main import app  # an error in here is reported as well

    try:
        app(standalone_mode=False)
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
    here = Path(__file__).parent
    frames = [frame for frame in traceback.extract_tb(wrong.__traceback__) if here in Path(frame.filename).parents]
    where = ", ".join(f"{Path(frame.filename).relative_to(here)}:{frame.lineno}" for frame in frames[-3:])
    _say(
        f"This is a fault of campaign itself: {type(wrong).__name__} at {where}.",
        "What was called is on disk; `campaign resume` goes on. Please report the line above.",
    )
    return 1


def _say(message: str, hint: str) -> None:
    print(f"campaign: {message}", *filter(None, [hint]), sep="\n  ", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
