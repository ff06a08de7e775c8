"""`campaign resume --all`: what is not over is gone on with, all of it by one process at one rate."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.acceptance.town import Office, Tables, a_town, an_office, number, until
from tests.acceptance.town_log import TownLog

RATE = 20
SETTINGS: Tables = {"pace": {"rate": f"{RATE}/s", "channels": 20}}
LISTS = {"first": range(1, 13), "second": range(101, 113), "third": range(201, 203)}


def _lists(office: Office) -> None:
    """Three campaigns: two paused after a few calls, and one that is over."""
    for name, numbers in LISTS.items():
        rows = [f"{number(each)},answers:0.5s" for each in numbers]
        (office.folder / f"{name}.csv").write_text("\n".join(["phone,simulate", *rows]) + "\n")
        paused = office.types("run", f"{name}.csv", "--yes", "--limit", "3")
        assert paused.code == (0 if name == "third" else 3), paused


def test_all_that_is_not_over_is_gone_on_with_at_one_rate_also_beside_an_owner(tmp_path: Path) -> None:
    with a_town(tmp_path, rate=f"{RATE}/1s") as town, an_office(tmp_path / "office", town, SETTINGS) as office:
        _lists(office)
        before = len(TownLog(town.log).posts)
        owner = office.start("resume", "--all")
        until(lambda: len(TownLog(town.log).posts) > before)
        watching = office.types("resume", "--all")
        ended = owner.ended()
        for each in (ended, watching):
            assert each.code == 0, each
            assert "Going on with first, second.\n" in each.err
            assert {line.split()[1] for line in each.err.splitlines() if " left" in line} == {"first:", "second:"}
        log = TownLog(town.log)
        assert Counter(post.number for post in log.posts) == {number(n): 1 for all_ in LISTS.values() for n in all_}
        assert log.most_requests_in(timedelta(seconds=1)) <= RATE
        assert "there is nothing to go on with" in office.types("resume", "--all").out


def test_it_ends_with_the_worst_of_the_codes_and_takes_no_name(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, SETTINGS) as office:
        _lists(office)
        going = office.start("resume", "--all")
        until(lambda: len(TownLog(town.log).posts) > 3 + 3 + 2)
        assert office.types("pause", "second").code == 0
        assert going.ended().code == 3
        assert len(office.table("leads.csv", "reports/first")) == len(LISTS["first"])
        assert office.types("resume", "first", "--all").code == 2
