"""Settings: what is refused and in which words, what is understood, and that a stored version reads back."""

from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import SettingsError
from campaign.settings import PaceSettings, RetrySettings, Settings, parse, spans, too_many
from tests.builders import hours, minutes, seconds


def refusal(tables: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(tables, "campaign.toml")
    assert refused.value.exit_code == 2
    assert refused.value.hint
    return refused.value.message


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "key", "value", "right"),
    [
        ({"list": {"several": "both"}}, "list.several", "'both'", "'refuse' or 'first'."),
        ({"list": {"max_rejects": "a few"}}, "list.max_rejects", "'a few'", '"20%"'),
        ({"list": {"max_rejects": "120%"}}, "list.max_rejects", "'120%'", '"20%"'),
        ({"list": {"max_rejects": -1}}, "list.max_rejects", "-1", '"500"'),
        ({"list": {"tries_per_number": -1}}, "list.tries_per_number", "-1", "greater than or equal to 0"),
        ({"pace": {"rate": "fast"}}, "pace.rate", "'fast'", '"200/min"'),
        ({"pace": {"rate": "0/min"}}, "pace.rate", "'0/min'", '"200/min"'),
        ({"pace": {"rate": 200}}, "pace.rate", "200", '"200/min"'),
        ({"pace": {"look_up_share": 20}}, "pace.look_up_share", "20", '"20%"'),
        ({"pace": {"look_up_share": "95%"}}, "pace.look_up_share", "'95%'", "from 1% to 90%"),
        ({"list": {"order": "shuffled"}}, "list.order", "'shuffled'", "'file' or 'random'"),
        ({"pace": {"weight": 0}}, "pace.weight", "0", "greater than or equal to 0.01"),
        ({"pace": {"channels": 0}}, "pace.channels", "0", "greater than or equal to 1"),
        ({"retry": {"max_attempts": "many"}}, "retry.max_attempts", "'many'", "valid integer"),
        ({"retry": {"busy": ["10m", "soon"]}}, "retry.busy.1", "'soon'", '"30s", "10m", "2h" or "1d"'),
        ({"retry": {"min_gap": "-5m"}}, "retry.min_gap", "'-5m'", '"30s"'),
        ({"retry": {"min_gap": 5}}, "retry.min_gap", "5", '"30s"'),
        ({"provider": {"base_url": "http://api.exotel.com"}}, "provider.base_url", "'http://api", "https://"),
        ({"provider": {"base_url": "https://name:word@api.exotel.com"}}, "provider.base_url", "'https://…@api", ".env"),
        ({"provider": {"base_url": "api.exotel.com"}}, "provider.base_url", "'api.exotel.com'", "https://"),
        ({"provider": {"flow_url": "my.exotel.com"}}, "provider.flow_url", "'my.exotel.com'", "http://my.exotel.com"),
        ({"provider": {"region": "India"}}, "provider.region", "'India'", "^[A-Z]{2}$"),
        ({"window": {"timezone": "Mumbai"}}, "window.timezone", "'Mumbai'", '"Asia/Kolkata"'),
        ({"window": {"timezone": "../etc"}}, "window.timezone", "'../etc'", '"Asia/Kolkata"'),
        ({"window": {"hours": "nine to five"}}, "window.hours", "'nine to five'", '"09:00-21:00"'),
        ({"window": {"hours": "09:00"}}, "window.hours", "'09:00'", '"09:00-21:00"'),
        ({"window": {"mon": "21:00-09:00"}}, "window.mon", "'21:00-09:00'", "end after they begin"),
        ({"window": {"start": "tomorrow"}}, "window.start", "'tomorrow'", "with its offset"),
        ({"window": {"end": "2026-11-25T09:00:00"}}, "window.end", "'2026-11-25T09:00:00'", "with its offset"),
        ({"callbacks": {"public_url": "http://calls.example"}}, "callbacks.public_url", "'http://calls", "https://"),
        ({"report": {"reached_after": "long"}}, "report.reached_after", "'long'", '"30s"'),
        ({"pace": 3}, "pace", "3", "dictionary"),
    ],
)
def test_a_wrong_value_is_refused_with_key_value_and_what_would_be_right(
    tables: dict[str, Any], key: str, value: str, right: str
) -> None:
    message = refusal(tables)
    assert message.startswith(f"campaign.toml: {key} = {value}")
    assert right in message.partition("is wrong; right would be: ")[2]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"provider": {"ring_timeout": "61s"}}, "provider: ring_timeout: between 1s and 60s"),
        ({"provider": {"ring_timeout": "0s"}}, "provider: ring_timeout: between 1s and 60s"),
        ({"provider": {"time_limit": "5h"}}, "provider: time_limit: between 1s and 4h"),
        ({"window": {"hours": ""}}, "window: hours: open on at least one day"),
        (
            {"window": {"start": "2026-11-25T09:00:00+05:30", "end": "2026-11-25T03:30:00Z"}},
            "window: end: after start",
        ),
    ],
)
def test_values_that_do_not_fit_together_are_refused(tables: dict[str, Any], message: str) -> None:
    assert refusal(tables).startswith(f"campaign.toml: {message}")


def test_an_unknown_key_is_refused_with_those_that_are_known() -> None:
    known = "breaker, canary, channels, look_up_share, ramp, rate, retry_slack, weight"
    assert refusal({"pace": {"rat": "3/s"}}) == f"campaign.toml: there is no setting pace.rat. Known here: {known}."
    assert refusal({"paces": {}}).startswith(
        "campaign.toml: there is no setting paces. Known here: callbacks, guard, list, pace,"
    )


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"cost": {"budget": 5}}, "cost"),
        ({"window": {"holidays": ["2026-01-26"]}}, "window.holidays"),
    ],
)
def test_a_key_that_comes_later_is_refused_as_not_available_yet(tables: dict[str, Any], key: str) -> None:
    assert refusal(tables) == f"campaign.toml: {key} is not available yet."


def test_a_value_that_comes_later_is_refused_as_not_available_yet() -> None:
    message = refusal({"window": {"timezone": "lead"}})
    assert "window.timezone = 'lead'" in message
    assert "not available yet" in message


@pytest.mark.parametrize(
    "pool", [[], [""], [7], ["1", "1"], [{"share": 2}], [{"number": "1", "share": 0}], [{"number": "1", "channel": 2}]]
)
def test_a_wrong_pool_of_caller_ids_is_refused(pool: list[object]) -> None:
    message = refusal({"provider": {"caller_id": pool}})
    assert message.startswith("campaign.toml: provider.caller_id")
    assert 'right would be: one number in quotes, or a list of different ones: ["08030000000", {number' in message


# --- what is understood ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("500ms", seconds(0.5)),
        ("30s", seconds(30)),
        ("1.5 m", seconds(90)),
        ("10min", minutes(10)),
        ("2h", hours(2)),
        (" 1d ", hours(24)),
        ("0s", seconds(0)),
    ],
)
def test_a_duration_is_read(text: str, meant: timedelta) -> None:
    assert parse({"retry": {"min_gap": text}}, "").retry.min_gap == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("200/min", (200, minutes(1))),
        ("3/s", (3, seconds(1))),
        ("50/20s", (50, seconds(20))),
        ("10 / 0.5 h", (10, minutes(30))),
    ],
)
def test_a_rate_is_read(text: str, meant: tuple[int, timedelta]) -> None:
    assert parse({"pace": {"rate": text}}, "").pace.rate == meant


def test_a_pool_of_caller_ids_is_numbers_or_tables_and_reads_back() -> None:
    wanted = ["08012300000", {"number": "08012300001", "share": 2, "channels": 10}]
    settings = parse({"provider": {"caller_id": wanted}}, "")
    callers = [(each.number, each.share, each.channels) for each in settings.provider.callers]
    assert callers == [("08012300000", 1, None), ("08012300001", 2, 10)]
    assert parse(settings.model_dump(mode="json"), "") == settings


@pytest.mark.parametrize(("caller_id", "numbers"), [("", []), ("08012300000", ["08012300000"])])
def test_one_caller_id_is_a_pool_of_one(caller_id: str, numbers: list[str]) -> None:
    settings = parse({"provider": {"caller_id": caller_id}}, "")
    assert [each.number for each in settings.provider.callers] == numbers
    assert settings.provider.caller_id == caller_id


def test_code_may_give_plain_values() -> None:
    assert PaceSettings(rate=(3, seconds(1))) == PaceSettings.model_validate({"rate": "3/s"})
    assert RetrySettings(min_gap=minutes(1)) == RetrySettings.model_validate({"min_gap": "1m"})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", []),
        ("09:00-21:00", [(time(9), time(21))]),
        (" 09:00 - 13:00,14:00-20:00 ", [(time(9), time(13)), (time(14), time(20))]),
        ("00:00-24:00", [(time(0), time(0))]),
        ("20:00-00:00", [(time(20), time(0))]),
    ],
)
def test_hours_are_read(text: str, meant: list[tuple[time, time]]) -> None:
    assert spans(text) == meant


def test_a_weekday_has_its_own_hours_or_those_of_every_day() -> None:
    week = parse({"window": {"sat": "10:00-12:00", "sun": ""}}, "").window
    assert [week.on(day) for day in (4, 5, 6)] == ["09:00-21:00", "10:00-12:00", ""]


@pytest.mark.parametrize(
    "address", ["", "https://api.in.exotel.com", "http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:1"]
)
def test_an_address_is_https_or_this_machine(address: str) -> None:
    assert parse({"callbacks": {"public_url": address}}, "").callbacks.public_url == address


def test_an_address_loses_the_slash_at_its_end() -> None:
    assert parse({"callbacks": {"public_url": "https://calls.example/"}}, "").callbacks.public_url == (
        "https://calls.example"
    )


# --- policy versions -------------------------------------------------------------------------------------------------


def stored(settings: Settings) -> Settings:
    """Stored with the campaign and read again."""
    return parse(settings.model_dump(mode="json"), "policy version 1")


def test_the_defaults_read_back_as_they_were_stored() -> None:
    assert stored(Settings()) == Settings()


DURATIONS = st.builds("{}{}".format, st.integers(0, 999), st.sampled_from(["ms", "s", "m", "h", "d"]))


@given(
    rate=st.builds("{}/{}{}".format, st.integers(1, 10_000), st.integers(1, 99), st.sampled_from(["s", "min", "h"])),
    waits=st.lists(DURATIONS, max_size=4),
    gap=DURATIONS,
)
def test_any_settings_read_back_as_they_were_stored(rate: str, waits: list[str], gap: str) -> None:
    settings = parse({"pace": {"rate": rate}, "retry": {"busy": waits, "min_gap": gap}}, "")
    assert stored(settings) == settings


@pytest.mark.parametrize(
    "tables",
    [
        {"report": {"settle_for": "1000001s"}},
        {"retry": {"min_gap": "100000.5s"}},
        {"retry": {"min_gap": "0.01ms"}},
        {"pace": {"rate": "1/278h"}},
    ],
)
def test_long_and_fine_settings_read_back_as_they_were_stored(tables: dict[str, Any]) -> None:
    settings = parse(tables, "")
    assert stored(settings) == settings


@pytest.mark.parametrize(
    ("most", "rejects", "refused"),
    [
        ("20%", 20, False),
        ("20%", 21, True),
        ("12.5%", 13, True),
        ("0%", 0, False),
        ("100%", 100, False),
        ("5", 5, False),
        ("5", 6, True),
        ("0", 1, True),
    ],
)
def test_a_share_or_a_count_of_a_hundred_lines_is_too_many(most: str, rejects: int, refused: bool) -> None:
    assert too_many(rejects, 100, most) is refused
    assert parse({"list": {"max_rejects": most}}, "").list.max_rejects == most


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"phone_column": "mobile", "phone_columns": ["mobile", "landline"]}, "either phone_column, or phone_columns"),
        ({"phone_columns": ["mobile", "mobile"]}, "phone_columns: the names of different columns"),
        ({"phone_columns": ["mobile", ""]}, "phone_columns: the names of different columns"),
    ],
)
def test_columns_of_numbers_are_named_once(section: dict[str, Any], told: str) -> None:
    assert told in refusal({"list": section})


@pytest.mark.parametrize(
    ("section", "columns"),
    [
        ({}, ()),
        ({"phone_column": "mobile"}, ("mobile",)),
        ({"phone_columns": ["mobile", "landline"]}, ("mobile", "landline")),
    ],
)
def test_one_column_is_named_or_several_or_none(section: dict[str, Any], columns: tuple[str, ...]) -> None:
    assert parse({"list": section}, "").list.columns == columns
