"""Many leads of mixed fate, judged by the other side's log: nobody twice, never too fast, never too many at once."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.fates import expected, mixed
from tests.acceptance.town import Tables, a_town, an_office, callbacks
from tests.acceptance.town_log import TownLog, told


@dataclass(frozen=True, slots=True)
class Scale:
    """`requests` may leave in any `seconds`; a quick machine would pass both limits."""

    leads: int
    requests: int
    seconds: int
    channels: int


def test_200_leads_are_each_called_as_often_as_they_must_inside_rate_and_channels(tmp_path: Path) -> None:
    _judge(tmp_path, Scale(leads=200, requests=80, seconds=1, channels=16), heard={})


@pytest.mark.soak
@pytest.mark.parametrize("how", ["asking", "callbacks"])
def test_2000_leads_are_each_called_as_often_as_they_must_inside_rate_and_channels(tmp_path: Path, how: str) -> None:
    scale = Scale(leads=2000, requests=120, seconds=2, channels=12)
    _judge(tmp_path, scale, heard=callbacks() if how == "callbacks" else {})


def _judge(folder: Path, scale: Scale, heard: dict[str, str]) -> None:
    rate = f"{scale.requests}/{scale.seconds}s"
    settings: Tables = {
        "pace": {"rate": rate, "channels": scale.channels},
        "guard": {"pause_if_failed": ""},  # those who fail at once come first in this list
        "callbacks": {"poll_every": "0.1s"},
    }
    with a_town(folder, rate=rate) as town, an_office(folder / "office", town, settings) as office:
        scripts = mixed(scale.leads)
        numbers = office.write_list(scripts)
        run = office.start("run", "leads.csv", "--yes", **heard).ended(within=600)
        assert run.code == 0, run

        log, leads = TownLog(town.log), office.leads()
        busiest, alive = log.most_requests_in(timedelta(seconds=scale.seconds)), log.most_alive()
        print(  # noqa: T201  what was counted belongs on the screen of whoever soaks
            f"\n{len(numbers)} leads: {len(log.posts)} posts, {len(log.of('request'))} requests, "
            f"at most {busiest} in {scale.seconds} s of {scale.requests}, "
            f"at most {alive} calls alive of {scale.channels}; answers {dict(log.statuses)}"
        )
        assert not log.tokens_posted_twice()
        assert busiest <= scale.requests
        assert alive <= scale.channels
        assert not log.statuses[429]
        assert list(leads) == numbers, "a row for every line, in the order of the list"
        assert told(leads) == log.stories(numbers) == expected(numbers, scripts)
        assert [row["simulate"] for row in leads.values()] == scripts
