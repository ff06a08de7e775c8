"""A run as it is seen: plain lines, and a bar on a terminal."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.text import Text

from campaign.cli import progress
from campaign.core.lead import LeadState
from campaign.core.tally import Tally
from campaign.engine.clock import RealClock
from campaign.engine.feed import Pulse
from tests.builders import minutes, policy

ZONE = ZoneInfo("Asia/Kolkata")
LEFT = Tally({LeadState.PENDING: 24})


@pytest.mark.parametrize(("days", "form"), [(0, "%H:%M"), (2, "%a %d %b %H:%M")])
def test_a_line_says_the_day_where_it_is_not_today(days: int, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    noon = RealClock().now().astimezone(ZONE).replace(hour=12, minute=0)
    then = noon + timedelta(days=days)
    with progress.display(policy(), ZONE) as (show, _):
        show(Pulse(then, LEFT, 0, "", None))
    assert capsys.readouterr().err == f"{then:{form}}  24 left\n"


def test_while_a_list_is_given_up_again_the_bar_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "somebody_is_there", lambda: True)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with progress.loading(1_000) as watch:
        assert watch.advance
        watch.advance(500)
        watch.giving_up()
    screen = Text.from_ansi(capsys.readouterr().err).plain
    assert "giving up what was loaded" in screen
    assert "50 %" not in screen


def test_where_nobody_looks_a_line_says_that_a_list_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.loading(1_000) as watch:
        assert watch.advance is None
        watch.giving_up()
    assert capsys.readouterr().err == "Giving up what was loaded.\n"


def test_on_a_narrow_terminal_the_bar_loses_neither_the_time_nor_the_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "somebody_is_there", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    then = RealClock().now() + timedelta(days=2)
    with progress.display(policy(), ZONE) as (show, every):
        assert every < minutes(1)
        show(Pulse(then, LEFT, 0, "outside the calling hours: calling goes on", then))
    screen = Text.from_ansi(capsys.readouterr().err).plain
    assert f"{then.astimezone(ZONE):%a %d %b %H:%M} ━━━━━━━━━━" in screen
    assert "goes on" in screen
    assert "…" not in screen
