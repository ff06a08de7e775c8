"""Phones of every fate, and what a campaign of at most three calls a lead must make of them."""

from collections.abc import Sequence
from itertools import cycle, islice

from tests.acceptance.town_log import Story

OF_SCRIPT: dict[str, Story] = {
    "answers:0.2s": ("completed", "1"),
    "busy:0.1s answers:0.2s": ("completed", "2"),
    "no-answer:0.2s answers:0.2s": ("completed", "2"),
    "no-answer:0.2s busy:0.1s answers:0.2s": ("completed", "3"),
    "busy:0.1s": ("busy", "3"),
    "no-answer:0.2s": ("no_answer", "3"),
    "switched-off:0.1s": ("failed", "3"),
    "not-existing": ("failed", "3"),
    "ndnc": ("dnc", "0"),
}


def mixed(count: int) -> list[str]:
    """So many scripts, every kind of them; those whose calls are over at once come first."""
    quickly = {"not-existing": 0, "ndnc": 0}
    return sorted(islice(cycle(OF_SCRIPT), count), key=lambda script: quickly.get(script, 1))


def expected(numbers: Sequence[str], scripts: Sequence[str]) -> dict[str, Story]:
    return {number: OF_SCRIPT[script] for number, script in zip(numbers, scripts, strict=True)}
