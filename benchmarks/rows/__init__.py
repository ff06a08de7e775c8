"""A module for each subject, a function for each row; `ROWS` is the table, from top to bottom."""

from collections.abc import Callable

from benchmarks.measure import Row
from benchmarks.rows import callbacks, loading, numbers, pace, start

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
    loading.a_list_against_tuples,
    loading.the_usual_script,
    loading.memory_against_what_is_allowed,
    loading.memory_of_a_longer_list,
    callbacks.few_connections,
    callbacks.many_connections,
    callbacks.missing_after_a_kill,
    callbacks.wait_for_an_answer,
    callbacks.wait_while_a_list_is_added,
)
