"""A module for each subject, a function for each row; `ROWS` is the table; None: not installed here."""

from collections.abc import Callable

from benchmarks.measure import Row
from benchmarks.rows import callbacks, dispatch, loading, numbers, pace, size, start

ROWS: tuple[Callable[[], Row | None], ...] = (
    start.help_against_pandas,
    start.command_line_against_pandas,
    numbers.usual_spellings,
    pace.span_against_ideal,
    pace.rate_bound,
    pace.channel_bound,
    pace.bound_by_both,
    pace.retries_first,
    pace.cost_of_waiting,
    dispatch.span_by_the_real_clock,
    dispatch.calls_asked_for,
    dispatch.the_usual_script,
    dispatch.threads,
    size.claim,
    size.one_call,
    size.counts,
    size.what_counting_adds,
    size.what_counting_adds_to_many,
    size.memory_of_resume,
    size.memory_of_a_larger_one,
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
