"""A running campaign on the screen: a bar on a terminal, plain lines elsewhere."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from campaign.cli import words
from campaign.cli.console import say, somebody_is_there
from campaign.core.policy import Policy
from campaign.engine.clock import RealClock
from campaign.engine.feed import Pulse

Show = Callable[[Pulse], None]
GIVING_UP = "giving up what was loaded"
BAR_EVERY, LINE_EVERY = timedelta(seconds=0.25), timedelta(seconds=10)


@contextmanager
def display(policy: Policy, zone: ZoneInfo) -> Iterator[tuple[Show, timedelta]]:
    """What to call with each pulse, and how often."""
    if somebody_is_there():
        with suppress(OSError), _bars() as bar:
            yield bar("", policy, zone), BAR_EVERY
    else:
        yield _lines("", zone), LINE_EVERY


@contextmanager
def displays(policies: Mapping[str, Policy]) -> Iterator[tuple[Mapping[str, Show], timedelta]]:
    """The same for several campaigns, by their names; each says which it is."""
    if somebody_is_there():
        with suppress(OSError), _bars() as bar:
            yield {name: bar(name, each, each.window.zone) for name, each in policies.items()}, BAR_EVERY
    else:
        yield {name: _lines(f"{name}: ", each.window.zone) for name, each in policies.items()}, LINE_EVERY


@contextmanager
def opening() -> Iterator[None]:
    """While a list is looked at, which takes some seconds where it is a large workbook."""
    with _busy("opening the list"):
        yield


@contextmanager
def giving_up() -> Iterator[None]:
    """While a list that was read and then not wanted is taken away again."""
    with _busy(GIVING_UP):
        yield


@contextmanager
def _busy(doing: str) -> Iterator[None]:
    if not somebody_is_there():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(doing):
        yield


@dataclass(frozen=True, slots=True)
class Watch:
    """What to call while a list is read: with the bytes done (None where nobody looks), and before it is given up."""

    advance: Callable[[int], None] | None
    giving_up: Callable[[], None]


@contextmanager
def loading(size: int) -> Iterator[Watch]:
    """While a list of so many bytes is read."""
    try:
        if somebody_is_there():
            with suppress(OSError), _reading(size) as watch:
                yield watch
        else:
            yield Watch(None, lambda: say(f"{GIVING_UP[0].upper()}{GIVING_UP[1:]}."))
    except (asyncio.CancelledError, KeyboardInterrupt):
        say("Interrupted: nothing of the list was loaded.")
        raise


@contextmanager
def _reading(size: int) -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(30),
        TaskProgressColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the list", total=size)

        def give_up() -> None:
            bar.update(task, visible=False)
            bar.add_task(GIVING_UP, total=None)

        yield Watch(lambda done: bar.update(task, completed=done), give_up)


def _lines(name: str, zone: ZoneInfo) -> Show:
    last = noted = ""

    def show(pulse: Pulse) -> None:
        nonlocal last, noted
        if pulse.note != noted:
            say(f"{name}{pulse.note}")
        noted = pulse.note
        line = ". ".join(filter(None, [words.progress(pulse.tally), _saying(pulse, zone)]))
        if line != last:
            say(f"{_when(pulse, zone)}  {name}{line}")
        last = line

    return show


@contextmanager
def _bars() -> Iterator[Callable[[str, Policy, ZoneInfo], Show]]:
    """What makes a bar of its own for each campaign."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    # On a narrow terminal the words go on in a second line, rather than press the time and the bar together.
    columns = (
        TextColumn("{task.fields[time]}"),
        BarColumn(20, table_column=Column(no_wrap=True)),
        TextColumn("{task.description}", markup=False, table_column=Column()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def bar(name: str, policy: Policy, zone: ZoneInfo) -> Show:
            noted = ""
            task = bars.add_task("starting", total=1, time="")

            def show(pulse: Pulse) -> None:
                nonlocal noted
                if pulse.note != noted:
                    bars.console.print(": ".join(filter(None, [name, pulse.note])), markup=False, highlight=False)
                noted = pulse.note
                tally = pulse.tally
                expected = words.finishing(pulse.expected, policy.window, pulse.now) if pulse.expected else ""
                parts = [
                    name,
                    words.progress(tally),
                    f"{words.many(pulse.sent, 'request')} in {words.duration(policy.rate.period)}",
                    _saying(pulse, zone) or expected,
                ]
                bars.update(
                    task,
                    total=max(tally.total, 1),
                    completed=tally.done,
                    description=" · ".join(filter(None, parts)),
                    time=_when(pulse, zone),
                )

            return show

        yield bar


def _when(pulse: Pulse, zone: ZoneInfo) -> str:
    """The campaign's time; its day too where that is not today, as in a simulation."""
    return words.moment(pulse.now, zone, RealClock().now())


def _saying(pulse: Pulse, zone: ZoneInfo) -> str:
    if not pulse.saying:
        return ""
    return pulse.saying if pulse.until is None else f"{pulse.saying} {words.moment(pulse.until, zone, pulse.now)}"
