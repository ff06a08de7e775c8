"""The rate, watched from the provider's side: it never counts more than the account's limit, and never a burst."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.allowance import Allowance
from campaign.core.pace import Go, Pace, Wait, Why
from campaign.core.policy import Rate
from tests.builders import NOON, hours, minutes, seconds

ONE_A_SECOND = Rate(60, minutes(1))
THREE_A_MINUTE = Rate(3, minutes(1))


def after_sending(rate: Rate, *instants: float) -> Pace:
    """Requests sent at these seconds after noon, none of them answered."""
    pace = Pace(rate)
    for instant in instants:
        pace.sent(NOON + seconds(instant))
    return pace


def test_the_first_request_leaves_at_once() -> None:
    assert Pace(ONE_A_SECOND).decide(NOON) == Go()


@pytest.mark.parametrize(
    ("sent", "now", "decision"),
    [
        ([0], 0, Wait(NOON + seconds(1), Why.GRID)),
        ([0], 0.999, Wait(NOON + seconds(1), Why.GRID)),
        ([0], 1, Go()),
        ([0, 1.4], 1.9, Wait(NOON + seconds(2), Why.GRID)),  # a little late: the grid keeps its line
        ([0, 1.4], 2, Go()),
        ([0, 1.9, 2], 2.9, Wait(NOON + seconds(3), Why.GRID)),  # it caught up once, and not again
        ([0, 2], 2.9, Wait(NOON + seconds(3), Why.GRID)),  # an interval late: a new line, nothing to catch up
        ([0, 3600], 3600.9, Wait(NOON + seconds(3601), Why.GRID)),
    ],
)
def test_requests_leave_one_interval_apart(sent: list[float], now: float, decision: object) -> None:
    assert after_sending(ONE_A_SECOND, *sent).decide(NOON + seconds(now)) == decision


def test_a_place_is_free_one_period_after_its_answer() -> None:
    pace = after_sending(THREE_A_MINUTE, 0, 20, 40)
    assert pace.decide(NOON + seconds(60)) == Wait(None, Why.WINDOW)  # nothing is known before an answer
    pace.answered(NOON + seconds(61))
    pace.answered(NOON + seconds(65))
    freed = NOON + seconds(61 + 60)
    assert pace.decide(NOON + seconds(70)) == Wait(freed, Why.WINDOW)
    assert pace.decide(freed - seconds(0.001)) == Wait(freed, Why.WINDOW)
    assert pace.decide(freed) == Go()


def test_a_request_that_did_not_leave_gives_its_place_back_at_once() -> None:
    pace = after_sending(THREE_A_MINUTE, 0, 20, 40)
    pace.withdrawn(NOON + seconds(60))
    assert pace.decide(NOON + seconds(60)) == Go()


def test_a_restart_takes_up_the_places_of_the_process_before() -> None:
    pace = Pace(THREE_A_MINUTE)
    pace.restore([NOON - seconds(10), NOON - seconds(90), NOON - seconds(20), NOON - seconds(15)], NOON)
    assert pace.decide(NOON) == Wait(NOON + seconds(40), Why.WINDOW)  # the oldest of three answered 20 s ago
    assert pace.decide(NOON + seconds(40)) == Go()


def test_a_restart_after_the_clock_was_set_back_waits_a_period_at_most() -> None:
    pace = Pace(THREE_A_MINUTE)
    pace.restore([NOON + hours(24)] * 3, NOON)
    assert pace.decide(NOON + minutes(1)) == Go()


@pytest.mark.parametrize("why", [Why.ASKED, Why.NO_CONNECTION])
def test_nothing_leaves_during_a_pause(why: Why) -> None:
    pace = Pace(ONE_A_SECOND)
    pace.pause(NOON + seconds(30), why)
    assert pace.decide(NOON) == pace.decide(NOON + seconds(29)) == Wait(NOON + seconds(30), why)
    assert pace.decide(NOON + seconds(30)) == Go()


def without_connection(*flying: float) -> Pace:
    """At noon no connection was to be had; requests sent at these seconds are still on their way."""
    pace = after_sending(ONE_A_SECOND, *flying)
    pace.pause(NOON + seconds(30), Why.NO_CONNECTION)
    return pace


def test_after_a_lost_connection_one_request_probes_alone() -> None:
    pace = without_connection()
    assert pace.decide(NOON + seconds(30)) == Go()
    pace.sent(NOON + seconds(30))
    assert pace.decide(NOON + seconds(40)) == Wait(None, Why.NO_CONNECTION)
    pace.answered(NOON + seconds(40))
    assert pace.decide(NOON + seconds(40)) == Go()


def test_a_probe_that_found_no_connection_is_followed_by_another() -> None:
    pace = without_connection()
    pace.sent(NOON + seconds(30))
    pace.withdrawn(NOON + seconds(31))
    pace.pause(NOON + seconds(61), Why.NO_CONNECTION)
    assert pace.decide(NOON + seconds(31)) == Wait(NOON + seconds(61), Why.NO_CONNECTION)
    pace.sent(NOON + seconds(61))
    assert pace.decide(NOON + seconds(70)) == Wait(None, Why.NO_CONNECTION)


def test_a_request_that_timed_out_during_the_pause_was_no_probe() -> None:
    pace = without_connection(-1)
    pace.answered(NOON + seconds(10))
    pace.sent(NOON + seconds(30))
    assert pace.decide(NOON + seconds(40)) == Wait(None, Why.NO_CONNECTION)


def test_of_two_pauses_the_longer_holds() -> None:
    pace = Pace(ONE_A_SECOND)
    pace.pause(NOON + seconds(30), Why.ASKED)
    pace.pause(NOON + seconds(20), Why.NO_CONNECTION)
    assert pace.decide(NOON) == Wait(NOON + seconds(30), Why.ASKED)
    pace.pause(NOON + seconds(40), Why.NO_CONNECTION)
    assert pace.decide(NOON) == Wait(NOON + seconds(40), Why.NO_CONNECTION)


def test_a_clock_that_steps_back_moves_the_pause_the_grid_and_the_places_with_it() -> None:
    earlier = NOON - hours(1)
    pace = after_sending(ONE_A_SECOND, 0)
    assert pace.decide(earlier) == Wait(earlier + seconds(1), Why.GRID)
    pace.pause(earlier + seconds(30), Why.ASKED)
    assert pace.decide(earlier - hours(1)) == Wait(earlier - hours(1) + seconds(30), Why.ASKED)

    full = after_sending(THREE_A_MINUTE, 0, 20, 40)
    full.answered(NOON + seconds(50))
    full.answered(NOON + seconds(60))
    assert full.decide(earlier) == Wait(earlier + seconds(50), Why.WINDOW)  # 50 + 60 s after noon, 60 of them past


def test_a_clock_that_jumps_ahead_makes_no_burst() -> None:
    pace = after_sending(ONE_A_SECOND, 0, 1, 2)
    woken = NOON + hours(8)
    assert pace.decide(woken) == Go()
    pace.sent(woken)
    assert pace.decide(woken) == Wait(woken + seconds(1), Why.GRID)


def test_from_the_first_call_on_the_rate_rises() -> None:
    pace = Pace(Rate(60, minutes(1)), minutes(10))
    pace.sent(NOON)  # a look-up
    assert pace.decide(NOON) == Wait(NOON + seconds(1), Why.GRID)
    pace.calls_begin(NOON + seconds(1))
    pace.sent(NOON + seconds(1))
    assert pace.decide(NOON + seconds(1)) == Wait(NOON + seconds(11), Why.GRID)
    pace.calls_begin(NOON + minutes(10))  # not the first any more
    assert pace.in_force(NOON + minutes(5) + seconds(1)) == Rate(33, minutes(1))
    assert pace.in_force(NOON + minutes(11)) == Rate(60, minutes(1))


def test_while_it_rises_no_more_places_are_held_than_it_has() -> None:
    pace = Pace(THREE_A_MINUTE, minutes(10))
    pace.calls_begin(NOON)
    pace.sent(NOON)
    assert pace.decide(NOON + minutes(1)) == Wait(None, Why.WINDOW)


def test_a_clock_that_steps_back_moves_the_ramp_with_it() -> None:
    pace = Pace(Rate(60, minutes(1)), minutes(10))
    pace.calls_begin(NOON)
    pace.decide(NOON)
    pace.decide(NOON - hours(1))
    assert pace.in_force(NOON - hours(1) + minutes(10)) == Rate(60, minutes(1))


@dataclass
class World:
    """A provider that counts each request somewhere between its send and its answer, and our clock, which may be wrong.

    `now` is the true time; the program sees `now + off`. `journal`: when requests were answered or given up, by our
    clock, as the ledger keeps it.
    """

    rate: Rate
    now: datetime = NOON
    off: timedelta = timedelta()
    sent: list[datetime] = field(default_factory=list)
    counted: list[datetime] = field(default_factory=list)
    flying: list[datetime] = field(default_factory=list)
    journal: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pace = Pace(self.rate)

    @property
    def clock(self) -> datetime:
        return self.now + self.off

    def live(self, span: timedelta) -> None:
        """Let time pass; answers that arrive meanwhile are seen when they arrive."""
        until = self.now + span
        for answer in sorted(self.flying):
            if answer <= until:
                self.now = answer
                self.flying.remove(answer)
                self.journal.append(self.clock)
                self.pace.answered(self.clock)
        self.now = until

    def send(self, flight: timedelta, arrives: float) -> None:
        """As soon as the pace allows; the provider counts it after the share `arrives` of its flight."""
        while isinstance(wait := self.pace.decide(self.clock), Wait):
            steps = [answer - self.now for answer in self.flying] + ([wait.until - self.clock] if wait.until else [])
            assert min(steps) > timedelta(), "told to wait for an instant that has come"
            self.live(min(steps))
        self.pace.sent(self.clock)
        self.sent.append(self.now)
        self.counted.append(self.now + flight * arrives)
        self.flying.append(self.now + flight)

    def restart(self) -> None:
        """The process dies and its connections with it; the next one knows what the journal knows."""
        self.counted = [min(instant, self.now) for instant in self.counted]
        self.journal += [self.clock] * len(self.flying)
        self.flying.clear()
        self.pace = Pace(self.rate)
        self.pace.restore([at for at in self.journal if at > self.clock - self.rate.period], self.clock)

    def most_in_a_period(self) -> int:
        """In any sliding window, and so in any fixed one."""
        return max(
            sum(first <= instant < first + self.rate.period for instant in self.counted) for first in self.counted
        )


@dataclass(frozen=True)
class Step:
    """Before the next request: idle for a while, have the clock set back, perhaps start anew."""

    idle: timedelta
    back: timedelta
    restart: bool
    flight: timedelta
    arrives: float


RATES = st.builds(Rate, st.integers(1, 8), st.sampled_from([seconds(1), seconds(20), minutes(1)]))
MOSTLY_NONE = st.one_of(st.just(0), st.just(0), st.integers(0, 90_000))
FLIGHTS = st.one_of(st.integers(1, 200), st.integers(200, 3_000), st.integers(10_000, 90_000))
"""Milliseconds: jitter, a stall, a time-out."""


def milliseconds(counts: st.SearchStrategy[int]) -> st.SearchStrategy[timedelta]:
    return counts.map(lambda count: timedelta(milliseconds=count))


def steps(restarts: st.SearchStrategy[bool]) -> st.SearchStrategy[list[Step]]:
    step = st.builds(
        Step,
        idle=milliseconds(MOSTLY_NONE),
        back=milliseconds(MOSTLY_NONE),
        restart=restarts,
        flight=milliseconds(FLIGHTS),
        arrives=st.floats(0, 1),
    )
    return st.lists(step, min_size=1, max_size=40)


def lived(rate: Rate, schedule: list[Step]) -> World:
    world = World(rate)
    for step in schedule:
        world.live(step.idle)
        world.off -= step.back
        if step.restart:
            world.restart()
        world.send(step.flight, step.arrives)
    return world


@given(RATES, steps(restarts=st.sampled_from([False, False, False, True])))
def test_the_provider_never_counts_more_than_the_limit_in_any_period(rate: Rate, schedule: list[Step]) -> None:
    assert lived(rate, schedule).most_in_a_period() <= rate.requests


@given(RATES, steps(restarts=st.just(False)))
def test_any_stretch_of_requests_is_at_most_one_interval_shorter_than_the_grid(
    rate: Rate, schedule: list[Step]
) -> None:
    sent = lived(rate, schedule).sent
    assert all(
        later - earlier >= rate.interval * (far - 1)
        for near, earlier in enumerate(sent)
        for far, later in enumerate(sent[near + 1 :], start=1)
    )


@given(RATES, st.lists(st.integers(0, 10_000_000), min_size=1, max_size=20))
def test_a_clock_that_jumps_ahead_grants_one_place_at_a_time(rate: Rate, jumps: list[int]) -> None:
    pace, now = Pace(rate), NOON
    for jump in jumps:
        now += timedelta(milliseconds=jump)
        granted = 0
        while pace.decide(now) == Go():
            pace.sent(now)
            pace.answered(now)
            granted += 1
        assert granted <= 1


def test_a_refusal_waits_and_then_leaves_half_the_pace() -> None:
    pace = Pace(ONE_A_SECOND)
    pace.refused(NOON + seconds(30), NOON)
    assert pace.decide(NOON) == Wait(NOON + seconds(30), Why.ASKED)
    pace.sent(NOON + seconds(30))
    assert pace.decide(NOON + seconds(31)) == Wait(NOON + seconds(32), Why.GRID)


def test_refusals_of_requests_sent_before_the_pause_are_one_refusal() -> None:
    pace = Pace(ONE_A_SECOND)
    for after in (0, 0.1, 5):
        pace.refused(NOON + seconds(30), NOON + seconds(after))
    assert pace.allowance.percent == 50
    pace.refused(NOON + seconds(61), NOON + seconds(31))
    assert pace.allowance.percent == 25


def test_a_lower_limit_that_is_told_counts_the_places_too() -> None:
    pace = Pace(THREE_A_MINUTE)
    pace.allowance = Allowance(told=Rate(1, minutes(1)))
    pace.sent(NOON)
    pace.answered(NOON)
    assert pace.decide(NOON + seconds(59)) == Wait(NOON + minutes(1), Why.GRID)
    assert pace.decide(NOON + minutes(1)) == Go()
    pace.sent(NOON + minutes(1))
    assert pace.decide(NOON + minutes(2)) == Wait(None, Why.WINDOW)


def test_a_clock_that_steps_back_keeps_what_a_refusal_left() -> None:
    pace = Pace(ONE_A_SECOND)
    pace.refused(NOON, NOON)
    assert pace.decide(NOON - hours(1)) == Go()
    assert pace.allowance.since == NOON - hours(1)


def test_a_thousand_requests_take_the_time_the_rate_allows() -> None:
    world = World(Rate(200, minutes(1)))
    for _ in range(1000):
        world.send(flight=seconds(0.09), arrives=0.5)
    fastest = world.rate.interval * 999
    assert fastest <= world.sent[-1] - world.sent[0] <= fastest * (1 + 0.09 / 60 + 0.003)


def test_the_limit_is_reached_and_not_passed() -> None:
    world = World(Rate(20, minutes(1)))
    for _ in range(60):
        world.send(flight=seconds(2), arrives=1)
    assert world.most_in_a_period() == 20
