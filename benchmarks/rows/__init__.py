"""A module for each subject, a function for each row; `ROWS` is the table, from top to bottom."""

from collections.abc import Callable

from benchmarks.measure import Row
from benchmarks.rows import numbers, pace, start

ROWS: tuple[Callable[[], Row], ...] = (
    start.help_against_pandas,
    start.command_line_against_pandas,
    numbers.usual_spellings,
    pace.span_against_ideal,
    pace.rate_bound,
    pace.channel_bound,
    pace.bound_by_both,
    pace.retries_first,
    pace.cost_of_waiting,
)
