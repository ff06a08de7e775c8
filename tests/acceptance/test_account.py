"""What the provider refuses costs no lead anything: a wrong account pauses, a used-up rate makes everybody wait."""

from pathlib import Path

from tests.acceptance.town import a_town, an_office
from tests.acceptance.town_log import TownLog


def test_wrong_credentials_pause_the_campaign_with_5_and_right_ones_finish_it(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town) as office:
        numbers = office.write_list(["answers:0.1s"] * 5)
        refused = office.types("run", "leads.csv", "--yes", EXOTEL_API_TOKEN="a-token-that-is-wrong")
        assert refused.code == 5, refused
        assert "campaign resume" in refused.out
        assert {row["outcome_reason"] for row in office.leads().values()} == {"pending"}
        assert {row["attempts"] for row in office.leads().values()} == {"0"}
        assert "paused" in office.types("status").out.splitlines()[0]

        resumed = office.types("resume")
        assert resumed.code == 0, resumed
        assert {each: row["outcome"] for each, row in office.leads().items()} == dict.fromkeys(numbers, "completed")
        assert {row["attempts"] for row in office.leads().values()} == {"1"}


def test_a_town_that_allows_less_than_we_were_told_loses_nobody(tmp_path: Path) -> None:
    with a_town(tmp_path, rate="12/s") as town, an_office(tmp_path / "office", town) as office:
        numbers = office.write_list(["answers:0.1s"] * 30)
        run = office.types("run", "leads.csv", "--yes")
        log = TownLog(town.log)
        assert run.code == 0, run
        assert log.statuses[429] > 0, "the limit was met"
        assert {each: row["outcome"] for each, row in office.leads().items()} == dict.fromkeys(numbers, "completed")
        assert {row["attempts"] for row in office.leads().values()} == {"1"}
        assert len(log.of("call")) == len(numbers)
        assert not log.tokens_posted_twice()
