"""What separates the columns of a text. Called by `text`."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import TextIO

from campaign.errors import ListError
from campaign.intake.cells import cells_of
from campaign.intake.column import is_phone
from campaign.intake.scan import Rules, records
from campaign.intake.table import PEEK

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""The likelier one first, by what a person calls them."""
SAMPLE = 64_000
"""Characters looked at."""

_SAID = re.compile(r'"?sep=([^\w\s"+]|\t)"?', re.IGNORECASE)


def said(line: str) -> str:
    """The delimiter that a first line such as `sep=;` names, as Excel writes and reads it; else nothing."""
    found = _SAID.fullmatch(line.rstrip("\r\n"))
    return found[1] if found else ""


def delimiter_of(text: TextIO, named: str) -> str:
    """The sign under which the column of numbers has its name, or else the most records are equally wide.

    `named`: the column that was named, if one was.
    """
    sample = text.read(SAMPLE)
    whole = sample if len(sample) < SAMPLE else sample[: sample.rfind("\n") + 1] or sample
    scores = {each: _score(whole, each, named) for each in DELIMITERS}
    return max(scores, key=lambda each: scores[each])


def _score(sample: str, delimiter: str, named: str) -> tuple[bool, int]:
    found = list(_records(sample, delimiter))
    widths = Counter(fields for fields, _ in found if fields > 1)
    above = [cell for fields, text in found[:PEEK] if fields > 1 for cell in cells_of(text, delimiter)]
    recognised = any(cell.strip() == named if named else is_phone(cell) for cell in above)
    return recognised, max(widths.values(), default=0)


def _records(sample: str, delimiter: str) -> Iterator[tuple[int, str]]:
    """As many as are well-formed; what is not is told when the file is read."""
    with suppress(ListError):
        for found in records(StringIO(sample, newline=""), Rules("", delimiter, multiline=True)):
            yield from zip(found.fields, found.texts, strict=True)
