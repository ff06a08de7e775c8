"""A running campaign on the screen: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from campaign.cli import words
from campaign.cli.console import say, somebody_is_there
from campaign.core.policy import Policy
from campaign.engine.feed import Pulse

Show = Callable[[Pulse], None]
BAR_EVERY, LINE_EVERY = timedelta(seconds=0.25), timedelta(seconds=10)


@contextmanager
def display(policy: Policy, zone: ZoneInfo) -> Iterator[tuple[Show, timedelta]]:
    """What to call with each pulse, and how often."""
    if somebody_is_there():
        with suppress(OSError), _bar(policy, zone) as show:
            yield show, BAR_EVERY
    else:
        yield _lines(zone), LINE_EVERY


@contextmanager
def loading(size: int) -> Iterator[Callable[[int], None] | None]:
    """While a list of so many bytes is read: what to call with the bytes done; None where nobody looks."""
    if not somebody_is_there():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("reading the list"),
        BarColumn(30),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with suppress(OSError), Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size)
        yield lambda done: bar.update(task, completed=done)


def _lines(zone: ZoneInfo) -> Show:
    last = ""

    def show(pulse: Pulse) -> None:
        nonlocal last
        line = ". ".join(filter(None, [words.progress(pulse.tally), _saying(pulse, zone)]))
        if line != last:
            say(f"{words.moment(pulse.now, zone, pulse.now)}  {line}")
        last = line

    return show


@contextmanager
def _bar(policy: Policy, zone: ZoneInfo) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.fields[time]}"), BarColumn(30), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1, time="")

        def show(pulse: Pulse) -> None:
            tally = pulse.tally
            expected = words.finishing(pulse.expected, policy.window, pulse.now) if pulse.expected else ""
            parts = [
                words.progress(tally),
                f"{pulse.sent} requests in {words.duration(policy.rate.period)}",
                _saying(pulse, zone) or expected,
            ]
            bar.update(
                task,
                total=max(tally.total, 1),
                completed=tally.done,
                description=" · ".join(filter(None, parts)),
                time=words.moment(pulse.now, zone, pulse.now),
            )

        yield show


def _saying(pulse: Pulse, zone: ZoneInfo) -> str:
    if not pulse.saying:
        return ""
    return pulse.saying if pulse.until is None else f"{pulse.saying} {words.moment(pulse.until, zone, pulse.now)}"
