"""`campaign call`: one test call outside the reports, and whoever holds the database makes it."""

from pathlib import Path

from tests.acceptance.town import Tables, a_town, an_office, until
from tests.acceptance.town_log import TownLog

SPACED: Tables = {"retry": {"min_gap": "5m"}}
NUMBER = "+919812355555"


def test_a_test_call_is_made_told_and_counted_and_in_no_report(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, SPACED) as office:
        unasked = office.types("call", NUMBER)
        assert (unasked.code, TownLog(town.log).posts) == (2, [])
        called = office.types("call", "98123", "55555", "--yes")
        assert called.code == 0, called
        assert [post.number for post in TownLog(town.log).posts] == [NUMBER]
        assert "accepted: Exotel's call " in called.out
        assert "learnt by asking" in called.out
        again = office.types("call", NUMBER, "--yes")
        assert again.code == 3
        assert "Not called: too soon after the last call to this number" in again.out
        assert office.types("list").out == ""
        assert office.types("status").code == 2
        assert "test call " in office.types("explain", NUMBER).out
        assert office.types("verify", "--provider").code == 0
        office.write_list(["answers"])
        assert office.types("run", "leads.csv", "--yes").code == 0
        assert len(office.leads()) == 1
        assert "nobody here made" not in office.types("status").out
        assert len(office.types("list").out.splitlines()) == 1


def test_beside_an_owner_it_is_made_by_that_one_and_a_paused_campaign_keeps_its_people(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, {"pace": {"rate": "5/s"}}) as office:
        numbers = office.write_list(["answers:0.5s"] * 40)
        owner = office.start("run", "leads.csv", "--yes")
        until(lambda: len(TownLog(town.log).posts) >= 1)
        called = office.types("call", NUMBER, "--yes")
        assert called.code == 0, called
        assert f"Process {owner.pid} " in called.err
        assert NUMBER in [post.number for post in TownLog(town.log).posts]
        assert office.types("pause").code == 0
        owner.ended()
        last = office.types("call", numbers[-1], "--yes")
        assert last.code == 3, last
        assert "a campaign that this number is to be called in is paused" in last.out
        assert numbers[-1] not in [post.number for post in TownLog(town.log).posts]
