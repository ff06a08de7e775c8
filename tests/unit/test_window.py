"""The hours in which a number may be called: by the week, at their edges, and when the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.window import Open, Over, Shut, Window, always
from tests.builders import KOLKATA, at, hours, minutes, seconds, window

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
WEEK = window("09:00-13:00, 14:00-20:00", days={5: "10:00-12:00", 6: ""})


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-03-04 09:00", "2026-03-04 09:00"),  # a Wednesday
        ("2026-03-04 12:59:59", "2026-03-04 12:59:59"),
        ("2026-03-04 13:00", "2026-03-04 14:00"),  # lunch
        ("2026-03-04 14:00", "2026-03-04 14:00"),
        ("2026-03-04 19:59", "2026-03-04 19:59"),
        ("2026-03-04 20:00", "2026-03-05 09:00"),
        ("2026-03-05 00:00", "2026-03-05 09:00"),
        ("2026-03-05 08:59:59", "2026-03-05 09:00"),
        ("2026-03-06 20:00", "2026-03-07 10:00"),  # Saturday has hours of its own
        ("2026-03-07 12:00", "2026-03-09 09:00"),  # Sunday is closed
        ("2026-03-08 12:00", "2026-03-09 09:00"),
    ],
)
def test_the_next_opening(now: str, opening: str) -> None:
    assert WEEK.next_opening(at(now)) == at(opening)
    expected = Open() if now == opening else Shut(at(opening), "outside the calling hours")
    assert WEEK.at(at(now)) == expected


@pytest.mark.parametrize(
    ("now", "ringing", "opening"),
    [
        ("2026-03-04 19:59:29", seconds(30), "2026-03-04 19:59:29"),
        ("2026-03-04 19:59:30", seconds(30), "2026-03-05 09:00"),
        ("2026-03-04 12:59:45", seconds(30), "2026-03-04 14:00"),
        ("2026-03-07 09:00", hours(3), "2026-03-09 09:00"),  # Saturday is too short
    ],
)
def test_no_phone_rings_at_closing_time(now: str, ringing: timedelta, opening: str) -> None:
    assert WEEK.next_opening(at(now), ringing) == at(opening)


def test_a_stretch_shorter_than_the_ringing_never_opens() -> None:
    assert window("09:00-09:01").next_opening(at("2026-03-04 09:00"), minutes(1)) is None


def test_spans_that_touch_at_midnight_are_one() -> None:
    night = window("00:00-02:00, 20:00-24:00")
    assert night.at(at("2026-03-04 23:59:59"), minutes(1)) == Open()
    assert night.at(at("2026-03-05 01:59:30"), minutes(1)) == Shut(at("2026-03-05 20:00"), "outside the calling hours")


def test_a_day_that_is_open_until_midnight_ends_with_the_day() -> None:
    evening = window("20:00-24:00")
    assert evening.at(at("2026-03-04 23:59:59")) == Open()
    assert evening.at(at("2026-03-05 00:00")) == Shut(at("2026-03-05 20:00"), "outside the calling hours")


@pytest.mark.parametrize("overlapping", ["09:00-12:00, 11:00-13:00", "09:00-13:00, 10:00-11:00"])
def test_spans_that_overlap_are_one(overlapping: str) -> None:
    assert window(overlapping).at(at("2026-03-04 11:59:50"), minutes(1)) == Open()


def test_a_window_without_hours_is_over() -> None:
    assert window("").at(at("2026-03-04 12:00")) == Over("no opening is left before the campaign's end")


@pytest.mark.parametrize("zone", ZONES)
def test_always_is_open_at_any_instant_for_any_ringing(zone: str) -> None:
    whenever = always(ZoneInfo(zone))
    first = datetime(2026, 3, 20, tzinfo=UTC)
    assert all(whenever.at(first + hours(count), minutes(5)) == Open() for count in range(24 * 20))


def test_a_campaign_opens_with_its_start() -> None:
    later = window(start=at("2026-03-05 12:00"))
    assert later.at(at("2026-03-04 12:00")) == Shut(at("2026-03-05 12:00"), "the campaign has not started")
    assert later.at(at("2026-03-05 12:00")) == Open()
    assert later.at(at("2026-03-05 21:00")) == Shut(at("2026-03-06 09:00"), "outside the calling hours")


def test_a_start_outside_the_hours_waits_for_them() -> None:
    assert window(start=at("2026-03-05 22:00")).next_opening(at("2026-03-04 12:00")) == at("2026-03-06 09:00")


@pytest.mark.parametrize(
    ("now", "open_still"),
    [("2026-03-04 11:59:59", True), ("2026-03-04 12:00", False), ("2026-03-05 12:00", False)],
)
def test_a_campaign_is_over_at_its_end(now: str, open_still: bool) -> None:
    assert (window(end=at("2026-03-04 12:00")).at(at(now)) == Open()) is open_still


def test_a_campaign_is_over_when_it_ends_before_the_next_opening() -> None:
    ending = window(end=at("2026-03-05 08:00"))
    assert ending.at(at("2026-03-04 22:00")) == Over("no opening is left before the campaign's end")


def test_the_openings_are_the_hours_in_which_a_call_may_start() -> None:
    found = islice(WEEK.openings(at("2026-03-06 12:00"), minutes(1)), 5)
    assert list(found) == [
        (at("2026-03-06 12:00"), at("2026-03-06 12:59")),
        (at("2026-03-06 14:00"), at("2026-03-06 19:59")),
        (at("2026-03-07 10:00"), at("2026-03-07 11:59")),
        (at("2026-03-09 09:00"), at("2026-03-09 12:59")),  # Sunday is closed
        (at("2026-03-09 14:00"), at("2026-03-09 19:59")),
    ]


def test_the_openings_are_those_of_a_year() -> None:
    assert sum(1 for _ in window("09:00-10:00").openings(at("2026-03-04 09:30"))) == 367


def test_the_last_opening_is_cut_off_by_the_end() -> None:
    ending = window(end=at("2026-03-05 12:00"))
    last = (at("2026-03-05 09:00"), at("2026-03-05 12:00"))
    assert list(ending.openings(at("2026-03-04 22:00"))) == [last]
    assert not list(ending.openings(at("2026-03-05 12:00")))


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Asia/Kolkata", "2026-03-29", 24),
    ],
)
def test_nine_o_clock_is_nine_o_clock_on_the_day_the_clocks_change(zone: str, day: str, length: float) -> None:
    office = window("09:00-21:00", zone)
    midnight = at(f"{day} 00:00", zone)
    opens, closes = at(f"{day} 09:00", zone), at(f"{day} 21:00", zone)
    assert office.next_opening(midnight) == opens
    assert office.at(closes - seconds(1)) == Open()
    assert office.at(closes) == Shut(midnight + hours(length + 9), "outside the calling hours")


def test_a_span_the_clocks_jump_over_is_not_there_that_day() -> None:
    night = window("02:00-03:00", "Europe/Berlin")
    assert night.next_opening(at("2026-03-28 12:00", "Europe/Berlin")) == at("2026-03-30 02:00", "Europe/Berlin")


def test_a_weekly_span_the_clocks_jump_over_opens_a_week_later() -> None:
    sunday = window("", "Europe/Berlin", days={6: "02:00-03:00"})
    assert sunday.next_opening(at("2026-03-22 03:00", "Europe/Berlin")) == at("2026-04-05 02:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Australia/Lord_Howe", "2026-04-05"),
    ],
)
@pytest.mark.parametrize(
    "span", ["00:00-24:00", "01:00-02:00", "01:00-02:30", "01:45-02:15", "02:30-04:00", "02:00-03:00", "01:15-01:45"]
)
def test_no_phone_rings_outside_the_hours_on_the_night_the_clocks_change(zone: str, day: str, span: str) -> None:
    night = window(span, zone)
    midnight = at(f"{day} 00:00", zone)
    wrong = [
        wall.isoformat()
        for wall in ((midnight + minutes(5 * count)).astimezone(ZoneInfo(zone)) for count in range(6 * 12))
        if night.at(wall.astimezone(UTC)) == Open() and not wall_is_open(night, wall)
    ]
    assert not wrong


def wall_is_open(hours_of: Window, moment: datetime) -> bool:
    """What a person with the hours and a clock on the wall would say."""
    wall = moment.astimezone(hours_of.zone)
    return any(span.holds(wall.time()) for span in hours_of.hours[wall.weekday()])


QUARTERS = st.lists(st.integers(16, 96), min_size=0, max_size=4, unique=True).map(sorted)
"""Opening and closing times from 04:00 on: no clock change falls into them."""


def clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


def as_text(quarters: list[int]) -> str:
    return ", ".join(
        f"{clock(opens)}-{clock(closes)}" for opens, closes in zip(quarters[::2], quarters[1::2], strict=False)
    )


DAYS = st.fixed_dictionaries({day: QUARTERS.map(as_text) for day in range(7)}).filter(lambda days: any(days.values()))
INSTANTS = st.integers(0, 366 * 24 * 60).map(lambda count: datetime(2026, 1, 1, tzinfo=UTC) + minutes(count))
ANY_WINDOW = st.builds(lambda zone, days: window(zone=zone, days=days), st.sampled_from(ZONES), DAYS)


@given(ANY_WINDOW, INSTANTS)
def test_open_means_that_the_clock_on_the_wall_says_so(any_window: Window, now: datetime) -> None:
    assert (any_window.at(now) == Open()) == wall_is_open(any_window, now)


@given(ANY_WINDOW, INSTANTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(any_window: Window, now: datetime) -> None:
    opening = any_window.next_opening(now)
    assert opening is not None
    assert opening >= now
    assert any_window.at(opening) == Open()
    assert any_window.next_opening(opening) == opening
    before = [opening - seconds(1), *(now + (opening - now) * part / 32 for part in range(32))]
    assert not [moment for moment in before if now <= moment < opening and wall_is_open(any_window, moment)]


@given(ANY_WINDOW, INSTANTS, st.integers(1, 600).map(seconds))
def test_a_call_that_may_start_may_ring_to_its_end(any_window: Window, now: datetime, ringing: timedelta) -> None:
    opening = any_window.next_opening(now, ringing)
    assert opening is not None
    assert all(wall_is_open(any_window, opening + ringing * part / 8) for part in range(9))


@given(ANY_WINDOW, INSTANTS, st.integers(1, 10_000).map(minutes))
def test_an_instant_is_open_when_one_of_the_openings_holds_it(any_window: Window, now: datetime, on: timedelta) -> None:
    instant = now + on
    before = takewhile(lambda stretch: stretch[0] <= instant, any_window.openings(now))
    assert any(opens <= instant < shuts for opens, shuts in before) == (any_window.at(instant) == Open())


def test_an_opening_is_the_same_instant_in_every_zone_it_is_asked_in() -> None:
    now = at("2026-03-04 22:00")
    assert WEEK.next_opening(now) == WEEK.next_opening(now.astimezone(KOLKATA))
