"""A rehearsal: a campaign of days in seconds, by the real steps, of which nothing is kept."""

import asyncio
from pathlib import Path

import pytest

from campaign import wiring
from campaign.cli.run import simulation_of
from campaign.core.lead import LeadState
from campaign.core.window import Open
from campaign.engine.clock import JumpingClock
from campaign.engine.run import Ending
from campaign.engine.tasks import beside
from campaign.errors import UsageError
from campaign.intake import Form
from campaign.settings import Loaded, Secrets, Settings, parse
from campaign.wiring.rehearsing import rehearsing
from tests.builders import NOON, hours, minutes

MAX = float("inf")
HOURS = {"window": {"hours": "09:00-12:00, 13:00-21:00"}}


def settings_of(**more: object) -> Settings:
    return wiring.simulated_settings(parse({**HOURS, **more}, "a test"), rehearsal=True)


def a_list(folder: Path, leads: int) -> Path:
    file = folder / "leads.csv"
    file.write_text("phone\n" + "".join(f"+9198123{number:05d}\n" for number in range(leads)))
    return file


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_campaign_of_days_is_rehearsed_in_its_hours_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file, settings = a_list(tmp_path, 25), settings_of()
    loaded = Loaded(settings, Secrets(), None)
    async with rehearsing(loaded, wiring.Simulation(MAX)) as house:
        begun = house.clock.now()
        taken = await house.take_in(file, "leads", settings, Form())
        assert taken.import_id
        await house.accept(taken.import_id)
        campaign = await house.find("leads")
        assert campaign
        ending = await wiring.dial(house, campaign, limit=None, show=lambda _: None, every=minutes(1))
        assert ending is Ending.DONE
        assert (await house.books.tally(campaign.id)).states == {LeadState.DONE: 25}
        calls = [each async for chunk in house.books.attempts(campaign.id) for each in chunk]
        policy = wiring.policy_of(settings)
        sent = [each.attempt.sent_at for each in calls if each.attempt.sent_at]
        assert len(sent) > 25
        assert all(policy.window.at(at, policy.ring_timeout) == Open() for at in sent)
        assert house.clock.now() - begun > hours(4), "the wait after a switched-off phone was waited for"
        assert all(each.duration_sec is not None for each in calls if each.attempt.call_sid)
        async with house.books.snapshot() as still:
            assert (await still.tally(campaign.id)).done == 25
    assert files_in(tmp_path) == [file]


async def test_a_town_in_which_things_go_wrong_needs_the_wire(tmp_path: Path) -> None:
    town = tmp_path / "town.toml"
    town.write_text("[faults]\nanswer_lost = 0.3\n")
    with pytest.raises(UsageError, match="faults"):
        async with rehearsing(Loaded(settings_of(), Secrets(), None), wiring.Simulation(MAX, town)):
            pass


async def test_time_jumps_from_one_awaited_instant_to_the_next() -> None:
    clock, seen = JumpingClock(NOON), []

    async def wait(*spans: int) -> None:
        for span in spans:
            await clock.wait(clock.now() + hours(span))
            seen.append(clock.now() - NOON)

    async with beside(clock.jumping()), asyncio.TaskGroup() as group:
        group.create_task(wait(1, 3))
        group.create_task(wait(2))
    assert seen == [hours(1), hours(2), hours(4)]


async def test_time_stands_still_while_a_thread_is_at_work() -> None:
    clock, bell = JumpingClock(NOON), asyncio.Event()
    at_work = [True] * 3
    clock.busy = lambda: bool(at_work and at_work.pop())
    async with beside(clock.jumping()):
        await clock.wait(NOON + hours(1))
        assert not at_work
        bell.set()
        await clock.wait(None, bell)  # what rings already needs no time
        assert not bell.is_set()
    assert clock.now() == clock.steady() == NOON + hours(1)


@pytest.mark.parametrize(("typed", "speed"), [(None, 60), ("1", 1), ("3600", 3600), ("2.5", 2.5), ("max", MAX)])
def test_a_speed_is_a_number_or_max(typed: str | None, speed: float) -> None:
    assert simulation_of(simulate=True, speed=typed, town=None) == wiring.Simulation(speed, None)


@pytest.mark.parametrize("typed", ["0.5", "3601", "inf", "nan", "fast"])
def test_any_other_speed_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="from 1 to 3600, or max"):
        simulation_of(simulate=True, speed=typed, town=None)


@pytest.mark.parametrize(("speed", "town"), [("max", None), ("60", None), (None, Path("town.toml"))])
def test_nobody_is_really_called_who_was_to_be_simulated(speed: str | None, town: Path | None) -> None:
    assert simulation_of(simulate=False, speed=None, town=None) is None
    with pytest.raises(UsageError, match="for --simulate"):
        simulation_of(simulate=False, speed=speed, town=town)
