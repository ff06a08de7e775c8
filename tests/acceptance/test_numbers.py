"""People with several numbers, from the list to the report."""

from pathlib import Path

from tests.acceptance.town import Tables, an_office

SETTINGS: Tables = {
    "list": {"phone_columns": ["mobile", "landline"]},
    "provider": {"custom_field": "{attempt}", "ring_timeout": "30s", "time_limit": "5m", "margin": "1m"},
    "retry": {"max_attempts": 3, "no_answer": ["1m"], "busy": ["1m"], "min_gap": "1s"},
}
LIST = """\
name,mobile,landline,simulate
Asha,9812300001,080 2345 6789,no-answer
Ravi,9812300002,080 2345 6789,busy
Meena,9.19E+11,022 2345 6789,answers
Tara,9812300004,,answers
"""


def test_people_with_two_numbers_are_called_at_one_after_the_other(tmp_path: Path) -> None:
    with an_office(tmp_path, settings=SETTINGS) as office:
        (tmp_path / "leads.csv").write_text(LIST)
        run = office.types("run", "leads.csv", "--simulate", "--speed", "600")
        assert run.code == 0, run
        assert "the columns “mobile” and “landline”, as named" in run.err
        assert "1 number passed over (1 digits lost)" in run.err
        assert "line 2 of leads.csv and line 3 of leads.csv have a number in common" in run.err
        leads = {row["name"]: (row["phone_number"], row["outcome"]) for row in office.table("leads.csv")}
        assert leads == {
            "Asha": ("+918023456789", "no_answer"),
            "Ravi": ("+918023456789", "busy"),
            "Meena": ("+912223456789", "completed"),
            "Tara": ("+919812300004", "completed"),
        }
        to_asha = [row["phone_number"] for row in office.table("attempts.csv") if row["lead_id"] == "1"]
        assert to_asha == ["+919812300001", "+919812300001", "+918023456789"]
        assert office.types("verify", "--simulate").code == 0


def test_a_further_list_is_shown_as_the_campaign_reads_it_whatever_the_settings_say_today(tmp_path: Path) -> None:
    with an_office(tmp_path, settings=SETTINGS) as office:
        (tmp_path / "leads.csv").write_text(LIST.replace("9.19E+11", "9812300003"))
        assert office.types("run", "leads.csv", "--simulate", "--speed", "3600").code == 0
        (tmp_path / "campaign.toml").write_text('[list]\nphone_column = "landline"\n')
        (tmp_path / "more.csv").write_text("name,mobile,landline,simulate\nDivya,9812300005,,answers\n")
        more = office.types("run", "more.csv", "--name", "leads", "--simulate", "--speed", "3600")
        assert more.code == 0, more
        assert "the columns “mobile” and “landline”, as named" in more.err
        assert "line 2    +919812300005" in more.err
