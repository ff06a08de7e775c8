"""The question at the terminal."""

import asyncio
import signal
import sys
from collections.abc import Callable

import pytest

from campaign.cli.console import ask


class Person:
    """At the keyboard: does something, then gives an answer."""

    def __init__(self, answer: str, does: Callable[[], None] = lambda: None) -> None:
        self._answer, self._does = answer, does

    def readline(self) -> str:
        self._does()
        return self._answer


def ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


async def _asked() -> bool:
    return ask("Call 5 people?")


@pytest.mark.parametrize(
    ("person", "agreed"),
    [
        (Person("y\n"), True),
        (Person("n\n"), False),
        (Person("\n"), False),
        (Person(""), False),  # Ctrl-D
        (Person("y\n", ctrl_c), False),
    ],
)
def test_only_a_yes_is_a_yes_and_ctrl_c_is_heard_at_once(
    person: Person, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", person)
    before = signal.getsignal(signal.SIGINT)
    assert asyncio.run(_asked()) is agreed
    assert signal.getsignal(signal.SIGINT) is before
