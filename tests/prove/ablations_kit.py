"""What an ablation is made of: a safeguard taken out, a slice that must notice, and the invariant it must name."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

PATIENCE = 40.0
"""Seconds, before a slice that waits for something gives up."""
LAUNCHER: ContextVar[Path | None] = ContextVar("launcher", default=None)
"""A Python file that slices with processes run in place of `-m campaign`."""

Slice = Callable[[Path], Sequence[str]]
"""Plays something in an empty folder; what broke, each with the invariant's name."""
Out = Callable[[], AbstractContextManager[object]]


class CannotBeShown(Exception):
    """This machine lacks what a slice needs; the message says what."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """`breaks`: what the slice must say when the safeguard is out, a regular expression. `slow`: it takes processes."""

    name: str
    out: Out
    slice: Slice
    breaks: str
    slow: bool = False


def here(scene: Callable[[Path], Awaitable[Sequence[str]]]) -> Slice:
    """A slice from a coroutine, in a loop of its own."""

    @functools.wraps(scene)
    def play(folder: Path) -> Sequence[str]:
        return asyncio.run(_patiently(scene(folder)))

    return play


async def _patiently(scene: Awaitable[Sequence[str]]) -> Sequence[str]:
    asyncio.get_running_loop().set_exception_handler(nothing)  # it tells of what the loop's end cuts short
    async with asyncio.timeout(PATIENCE):
        return await scene


def swapped(where: object, name: str, new: Any) -> Out:
    """Take `where.name` out and put `new` in its place."""
    return lambda: patch.object(where, name, new)


def around(where: object, name: str, make: Callable[[Any], Any]) -> Out:
    """Put what `make` makes of `where.name` in its place."""
    return lambda: patch.object(where, name, make(getattr(where, name)))


def all_of(*outs: Out) -> Out:
    """Several safeguards that stand behind one another, taken out together."""

    @contextmanager
    def out() -> Iterator[None]:
        if not outs:
            yield
            return
        with outs[0](), all_of(*outs[1:])():
            yield

    return out


def launched_by(file: Path) -> Out:
    """In the processes that a slice starts."""

    @contextmanager
    def out() -> Iterator[None]:
        before = LAUNCHER.set(file)
        try:
            yield
        finally:
            LAUNCHER.reset(before)

    return out


def nothing(*_: Any, **__: Any) -> None:
    """Does it."""


async def nothing_later(*_: Any, **__: Any) -> None:
    """As above, awaited."""
