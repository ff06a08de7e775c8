"""Whatever ends a run, nobody is called again because of it, and nobody is forgotten."""

import signal
from pathlib import Path

import pytest

from tests.acceptance.fates import OF_SCRIPT, expected
from tests.acceptance.town import Office, Running, Tables, a_town, an_office, callbacks, until
from tests.acceptance.town_log import TownLog, told

SCRIPTS = [*OF_SCRIPT, *OF_SCRIPT, *OF_SCRIPT]
POSTS_BEFORE_EACH_KILL = (5, 30)
SLOW: Tables = {"pace": {"rate": "15/s", "channels": 20}}


def _posted(log: Path, count: int, running: Running | None = None) -> None:
    """Wait until so many connect requests have arrived."""
    until(lambda: len(TownLog(log).posts) >= count or (running and running.over))


def _pending(office: Office) -> int:
    return sum(row["outcome_reason"] == "pending" for row in office.leads().values())


def _assert_the_rest_is_called_once_each(office: Office, log: Path, numbers: list[str]) -> None:
    resumed = office.types("resume")
    assert resumed.code == 0, resumed
    assert {row["outcome"] for row in office.leads().values()} == {"completed"}
    assert sorted(post.number for post in TownLog(log).posts) == numbers


@pytest.mark.parametrize("how", ["asking", pytest.param("callbacks", marks=pytest.mark.soak)])
def test_killed_at_several_moments_a_campaign_goes_on_without_a_second_call(tmp_path: Path, how: str) -> None:
    heard = callbacks() if how == "callbacks" else {}
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town) as office:
        numbers = office.write_list(SCRIPTS)
        while_loading = office.start("run", "leads.csv", "--yes", **heard)
        until((office.folder / "campaign.db").exists)
        while_loading.kill()
        for posts in POSTS_BEFORE_EACH_KILL:
            running = office.start("run", "leads.csv", "--yes", **heard)
            _posted(town.log, posts, running)
            running.kill()
        ended = office.types("resume", **heard)

        log, leads = TownLog(town.log), office.leads()
        assert not log.tokens_posted_twice()
        held = {each for each, row in leads.items() if row["outcome_reason"] == "held"}
        unanswered = [row for row in office.table("attempts.csv") if row["state"] == "unknown"]
        assert {row["phone_number"] for row in unanswered if not row["disposition"]} == held
        assert ended.code == (4 if held else 0), ended
        wanted = {each: story for each, story in expected(numbers, SCRIPTS).items() if each not in held}
        assert wanted, "a kill leaves only few in doubt"
        found, seen = told(leads), log.stories(numbers)
        assert {each: found[each] for each in wanted} == wanted
        assert {each: seen[each] for each in wanted} == wanted


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_once_the_calls_alive_have_ended(tmp_path: Path, which: signal.Signals) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, SLOW) as office:
        numbers = office.write_list(["answers:0.6s"] * 30)
        running = office.start("run", "leads.csv", "--yes")
        _posted(town.log, 4)
        running.send(which)
        ended = running.ended()

        assert ended.code == 130, ended
        assert "resume" in ended.out
        assert {row["disposition"] for row in office.table("attempts.csv") if row["sent_at"]} == {"completed"}
        assert _pending(office) == len(numbers) - len(TownLog(town.log).posts) > 0
        office.settle()  # the rest at full speed
        _assert_the_rest_is_called_once_each(office, town.log, numbers)


def test_a_second_ctrl_c_leaves_at_once_and_is_still_safe(tmp_path: Path) -> None:
    talking: Tables = {"provider": {"time_limit": "30s"}, "pace": SLOW["pace"]}
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, talking) as office:
        numbers = office.write_list(["answers:3s"] * 5 + ["answers:0.1s"] * 10)
        running = office.start("run", "leads.csv", "--yes")
        _posted(town.log, 4)
        running.send(signal.SIGINT)
        assert "process" in office.types("status").out, "it waits for its calls"
        running.send(signal.SIGINT)
        ended = running.ended()

        assert ended.code == 130, ended
        accepted = [row for row in office.table("attempts.csv") if row["state"] == "accepted"]
        assert [row for row in accepted if not row["disposition"]], "it did not wait for them"
        _assert_the_rest_is_called_once_each(office, town.log, numbers)
