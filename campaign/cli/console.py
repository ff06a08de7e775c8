"""Where words go: what a command is asked for to standard output, everything on the way to standard error."""

import signal
import sys
from contextlib import suppress

import typer


def say(*lines: str) -> None:
    """Something on the way."""
    with suppress(OSError):  # a closed terminal or pipe does not stop the calls
        for line in lines:
            typer.echo(line, err=True)


def tell(*lines: str) -> None:
    """A result."""
    with suppress(OSError):
        for line in lines:
            typer.echo(line)


def somebody_is_there() -> bool:
    """A person who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Ctrl-C and Ctrl-D are a no."""
    # asyncio only notes a Ctrl-C, to cancel what waits; here nothing does, and it would go unheard until Enter.
    of_the_loop = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort:
        say("")
        return False
    finally:
        signal.signal(signal.SIGINT, of_the_loop)
