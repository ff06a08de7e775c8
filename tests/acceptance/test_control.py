"""One process dials; others reach it: a second owner is turned away, `pause` and `stop` are obeyed at once."""

import json
from pathlib import Path

from tests.acceptance.town import Tables, a_town, an_office, until
from tests.acceptance.town_log import TownLog

SLOW: Tables = {"pace": {"rate": "15/s", "channels": 20}}


def _posted(log: Path, count: int) -> None:
    until(lambda: len(TownLog(log).posts) >= count)


def test_a_run_beside_an_owner_hands_its_list_over_and_ends_as_its_campaign_does(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, SLOW) as office:
        numbers = office.write_list(["answers:0.5s"] * 20)
        owner = office.start("run", "leads.csv", "--yes")
        _posted(town.log, 1)
        (office.folder / "more.csv").write_text(
            f"phone,simulate\n+919812399999,answers:0.5s\n{numbers[0]},answers:0.5s\n"
        )
        watching = [office.start("resume", "leads"), office.start("run", "more.csv", "--yes")]
        for watched in [each.ended() for each in watching]:
            assert watched.code == 0, watched
            assert f"rocess {owner.pid} " in watched.err
        assert owner.ended().code == 0
        posts = sorted(post.number for post in TownLog(town.log).posts)
        assert posts == sorted([*numbers, numbers[0], "+919812399999"])


def test_a_second_database_of_the_same_account_is_refused_with_6_and_told_whom_to_look_for(tmp_path: Path) -> None:
    with (
        a_town(tmp_path) as town,
        an_office(tmp_path / "office", town, SLOW) as office,
        an_office(tmp_path / "other", town) as other,
    ):
        office.write_list(["answers:1s"] * 60)
        other.write_list(["answers"])
        owner = office.start("run", "leads.csv", "--yes")
        _posted(town.log, 1)
        same_state = {"XDG_STATE_HOME": office.environment["XDG_STATE_HOME"]}
        ended = other.start("run", "leads.csv", "--yes", **same_state).ended()
        assert ended.code == 6, ended
        assert f"process {owner.pid}," in ended.err
        assert not owner.over
        assert json.loads(office.types("status", "--json").out)["running"]["pid"] == owner.pid


def test_after_pause_has_returned_no_call_leaves_until_resume(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, SLOW) as office:
        numbers = office.write_list(["answers:0.2s"] * 30)
        running = office.start("run", "leads.csv", "--yes")
        _posted(town.log, 3)
        during = office.types("report", "--out", "during")
        assert during.code == 0, during
        assert len(office.table("leads.csv", "during")) == len(numbers)
        paused = office.types("pause")
        posts = len(TownLog(town.log).posts)
        assert paused.code == 0, paused

        ended = running.ended()
        assert ended.code == 3, ended
        assert len(TownLog(town.log).posts) == posts < len(numbers)
        assert json.loads(office.types("status", "--json").out)["state"] == "paused"
        resumed = office.types("resume")
        assert resumed.code == 0, resumed
        assert sorted(post.number for post in TownLog(town.log).posts) == numbers
        assert {row["outcome"] for row in office.leads().values()} == {"completed"}


def test_stop_cancels_whoever_was_not_called_and_ends_the_run_with_3(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, SLOW) as office:
        numbers = office.write_list(["answers:0.2s"] * 40)
        running = office.start("run", "leads.csv", "--yes")
        _posted(town.log, 3)
        unasked = office.types("stop")
        assert unasked.code == 2, unasked
        assert "--yes" in unasked.err
        stopped = office.types("stop", "--yes")
        assert stopped.code == 0, stopped

        ended = running.ended()
        assert ended.code == 3, ended
        called = {post.number for post in TownLog(town.log).posts}
        assert 0 < len(called) < len(numbers)
        assert {each: row["outcome"] for each, row in office.leads().items()} == {
            each: "completed" if each in called else "canceled" for each in numbers
        }
        again = office.types("resume")
        assert again.code == 2, again
        assert "stopped for good" in again.err


def test_a_limit_pauses_after_so_many_leads(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town) as office:
        numbers = office.write_list(["answers:0.1s"] * 8)
        limited = office.types("run", "leads.csv", "--yes", "--limit", "5")
        assert limited.code == 3, limited
        assert sorted(post.number for post in TownLog(town.log).posts) == numbers[:5]
        resumed = office.types("resume")
        assert resumed.code == 0, resumed
        assert sorted(post.number for post in TownLog(town.log).posts) == numbers
