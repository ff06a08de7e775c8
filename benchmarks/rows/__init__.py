"""A module for each subject, a function for each row; `ROWS` is the table, from top to bottom."""

from collections.abc import Callable

from benchmarks.measure import Row
from benchmarks.rows import numbers, start

ROWS: tuple[Callable[[], Row], ...] = (
    start.help_against_pandas,
    start.command_line_against_pandas,
    numbers.usual_spellings,
)
