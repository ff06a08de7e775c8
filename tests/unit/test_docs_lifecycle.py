"""The drawing of a call's life is the table's: every step of it, and none that is not in it."""

import re
from pathlib import Path

import pytest

from campaign.core.lifecycle import TABLE

Step = tuple[str, str, str]

PAGE = (Path(__file__).parents[2] / "docs" / "life-of-a-call.md").read_text(encoding="utf-8")
STEPS: list[Step] = [(str(before), event.__name__, str(after)) for (before, event), after in TABLE.items()]
ROWS: list[Step] = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
ARROWS: list[Step] = [
    (before, event, after) for before, after, event in re.findall(r"^ +(\w+) --> (\w+): (\w+)$", PAGE, re.MULTILINE)
]


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_every_step_stands_in_the_table_and_in_the_drawing(step: Step) -> None:
    assert step in ROWS
    assert step in ARROWS


def test_the_page_tells_no_step_that_is_not_there() -> None:
    assert sorted(ROWS) == sorted(ARROWS) == sorted(STEPS)
