"""What cannot be carried out is refused before anybody is called, in a sentence that names what is wrong."""

import stat
from pathlib import Path

import pytest

from tests.acceptance.town import Tables, a_town, an_office

MISSING = ("EXOTEL_API_KEY", "EXOTEL_API_TOKEN", "EXOTEL_ACCOUNT_SID", "provider.caller_id", "provider.flow_url")


def test_without_a_terminal_a_new_list_needs_yes_and_nothing_is_loaded(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town) as office:
        office.write_list(["answers"])
        refused = office.types("run", "leads.csv")
        assert refused.code == 2, refused
        assert "--yes" in refused.err
        assert not office.types("list").out


def test_without_a_terminal_a_list_that_grew_needs_yes_and_the_new_are_not_called(tmp_path: Path) -> None:
    with a_town(tmp_path) as town, an_office(tmp_path / "office", town) as office:
        [first] = office.write_list(["answers:0.1s"])
        assert office.types("run", "leads.csv", "--yes").code == 0
        office.write_list(["answers:0.1s", "answers:0.1s"])
        refused = office.types("run", "leads.csv")
        assert refused.code == 2, refused
        assert "grew" in refused.err
        assert office.types("report").code == 0
        assert set(office.leads()) == {first}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"pace": {"speed": 5}}, "pace.speed"),
        ({"pace": {"rate": "quick"}}, "pace.rate = 'quick'"),
        ({"cost": {"budget": 5}}, "cost is not available yet"),
    ],
)
def test_a_setting_that_is_unknown_wrong_or_planned_is_named(tmp_path: Path, settings: Tables, named: str) -> None:
    with an_office(tmp_path, settings=settings) as office:
        office.write_list(["answers"])
        refused = office.types("run", "leads.csv", "--simulate")
        assert refused.code == 2, refused
        assert named in refused.err
        assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b'phone,name\n9812300001,Asha\n9812300002,"Ravi\n9812300003,Meena\n', "leads.csv, line 3"),
        (b"phone,name\n9812300001,Ra\0vi\n", "leads.csv, line 2"),
    ],
)
def test_a_broken_list_is_named_with_its_line(tmp_path: Path, text: bytes, named: str) -> None:
    with an_office(tmp_path, settings={"provider": {"custom_field": "{attempt}"}}) as office:
        (tmp_path / "leads.csv").write_bytes(text)
        refused = office.types("run", "leads.csv", "--simulate")
        assert refused.code == 2, refused
        assert named in refused.err


def test_a_list_of_too_many_rejects_is_loaded_only_where_they_are_accepted(tmp_path: Path) -> None:
    with an_office(tmp_path, settings={"provider": {"custom_field": "{attempt}"}}) as office:
        rejects = ["9.19E+11", "9.2E+11", "n/a", "", "12345", "112"]
        lines = [f"98123000{number:02},\n" for number in range(10)] + [f"{cell},\n" for cell in rejects]
        (tmp_path / "leads.csv").write_text("phone,name\n" + "".join(lines))
        refused = office.types("run", "leads.csv", "--simulate")
        assert refused.code == 2, refused
        told = "6 of 16 lines cannot be called, [list] max_rejects is 20%: 2 digits lost (first on line 12), "
        assert told + "1 not a number (line 14), 1 empty (line 15)." in refused.err
        assert not office.types("list", "--simulate").out
        accepted = office.types("run", "leads.csv", "--simulate", "--speed", "3600", "--accept-rejects")
        assert accepted.code == 0, accepted
        assert "6 rejects (2 digits lost, 1 not a number, 1 empty, " in accepted.err
        assert len(office.leads()) == 10


def test_missing_credentials_are_all_named(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        office.write_list(["answers"])
        refused = office.types("run", "leads.csv", "--yes")
        assert refused.code == 2, refused
        assert not [name for name in MISSING if name not in refused.err]
        assert not office.types("list").out


def test_init_writes_two_files_that_load(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        (tmp_path / "campaign.toml").unlink()
        written = office.types("init")
        assert written.code == 0, written
        assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
        office.write_list(["answers"])
        loaded = office.types("run", "leads.csv", "--yes")
        assert "still missing" in loaded.err, loaded
        again = office.types("init")
        assert again.code == 2, again
        assert "there already" in again.err


def test_commands_that_only_read_make_no_database(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        for command in ("report", "resume"):
            refused = office.types(command)
            assert refused.code == 2, refused
        assert not list(tmp_path.glob("*.db*"))
