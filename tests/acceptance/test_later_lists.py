"""Lists before they are run (`check`) and after the first one: `add` and `unload`, beside an owner and without."""

import json
from pathlib import Path

from tests.acceptance.town import Office, Tables, a_town, an_office, until
from tests.acceptance.town_log import TownLog

ONE_BY_ONE: Tables = {"pace": {"rate": "15/s", "channels": 1}, "provider": {"time_limit": "5s"}}


def _list(office: Office, name: str, *lines: str) -> str:
    (office.folder / name).write_text("".join(f"{line}\n" for line in ("name,phone,simulate", *lines)))
    return name


def test_people_are_added_and_taken_out_while_a_campaign_runs_and_while_it_does_not(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town, ONE_BY_ONE) as office:
        numbers = office.write_list(["answers:5s", *["answers:0.2s"] * 5])
        owner = office.start("run", "leads.csv", "--yes")
        until(lambda: len(TownLog(town.log).posts) >= 1)
        more = _list(
            office, "more.csv", ",+919812399991,answers", ",+919812399992,answers", f"Asha,{numbers[1]},answers"
        )
        refused = office.types("add", more)
        assert (refused.code, "--yes answers for you" in refused.err) == (2, True), refused
        added = office.types("add", more, "--yes")
        assert added.code == 0, added
        assert "2 new, 1 known (1 of them changed), 0 rejects; they are called with the others" in added.out
        fewer = _list(office, "fewer.csv", f",{numbers[0]},", ",+919812399992,", f",{numbers[5]},", ",+919812399998,")
        assert office.types("unload", fewer).code == 2
        unloaded = office.types("unload", fewer, "--yes")
        assert (unloaded.code, unloaded.out) == (0, "2 excluded: they will not be called.\n"), unloaded
        assert "1 on the line" in unloaded.err
        assert owner.ended().code == 0
        called = sorted(post.number for post in TownLog(town.log).posts)
        assert called == sorted([*numbers[:5], "+919812399991"])

        late = office.types(
            "add", _list(office, "late.csv", ",+919812399993,answers", ",+919812399994,answers"), "--yes"
        )
        assert "2 new, 0 rejects; `campaign resume leads` calls them" in late.out, late
        assert office.types("unload", _list(office, "not.csv", ",+919812399993,"), "--yes").out.startswith("1 excluded")
        assert office.types("resume").code == 0
        assert sorted(post.number for post in TownLog(town.log).posts) == sorted([*called, "+919812399994"])
        assert "Everything holds." in office.types("verify").out
        outcomes = {row["phone_number"]: row["outcome"] for row in office.table("leads.csv")}
        assert [outcomes[each] for each in (numbers[5], "+919812399992", "+919812399993")] == ["excluded"] * 3
        story = office.types("explain", numbers[5]).out
        assert "unloaded with fewer.csv" in story


def _files(office: Office) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in office.folder.iterdir() if each.is_file()}


def test_a_check_tells_what_a_list_is_and_writes_nothing(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town) as office:
        mixed = (",+919812300001,", ",9.81E+11,", ",+919812300001,", ",08023456789,", ",+14155552671,", ",9812300002,")
        _list(office, "mixed.csv", *mixed)
        before = _files(office)
        checked = office.types("check", "mixed.csv", "--json")
        assert checked.code == 2, "two of six lines cannot be called"
        told = json.loads(checked.out)
        assert (told["lines"], told["new"], told["known"]) == (6, 4, 0)
        assert told["rejects"] == {"digits_lost": 1, "duplicate": 1}
        assert [each["line"] for each in told["examples"]["duplicate"]] == [4]
        assert (told["kinds"], told["countries"]) == (
            {"mobile": 2, "landline": 1, "mobile or landline": 1}, {"IN": 3, "US": 1},
        )  # fmt: skip
        assert "max_rejects" in told["refused"]
        assert _files(office) == before, "not even a database"

        office.write_list(["answers"] * 2)
        assert office.types("run", "leads.csv", "--yes").code == 0
        calls = len(TownLog(town.log).posts)
        known = office.table("leads.csv")[0]["phone_number"]
        _list(office, "later.csv", f",{known},", ",+919812300099,")
        database = (office.folder / "campaign.db").read_bytes()
        as_itself = office.types("check", "later.csv", "--name", "leads")
        assert as_itself.code == 0, as_itself
        assert "1 new, 1 known (1 of them changed), 0 rejects" in as_itself.out
        elsewhere = office.types("check", "later.csv")
        assert "2 new, 0 rejects" in elsewhere.out
        assert "1 of them are leads of leads too" in elsewhere.out
        assert (office.folder / "campaign.db").read_bytes() == database
        assert len(TownLog(town.log).posts) == calls
