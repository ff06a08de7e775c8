"""Which column holds the numbers, and which headers are refused."""

import pytest

from campaign.errors import ListError
from campaign.intake.column import check_header, find_phone_column


@pytest.mark.parametrize(
    "name",
    ["phone", "Phone", "PHONE_NUMBER", "phone no.", "Mobile", "Mobile Number", "mobile-number", "number", "Contact",
     "contact number", "MSISDN", "From", "tel", "Telephone"],
)  # fmt: skip
def test_a_column_is_recognised_by_its_name_however_it_is_spelt(name: str) -> None:
    assert find_phone_column(["name", name], "", "l.csv", 1) == (name, "recognised by its name")


def test_the_settings_name_the_column_where_two_would_do() -> None:
    header = ["mobile", "telephone"]
    assert find_phone_column(header, "telephone", "l.csv", 1) == ("telephone", "named by [list] phone_column")


@pytest.mark.parametrize(
    ("header", "named", "told"),
    [
        (["name", "city"], "", ["no column is recognised", "“name”, “city”", "[list] phone_column"]),
        (["mobile", "city", "Phone"], "", ["several columns", "“mobile”, “Phone”", "[list] phone_column"]),
        (["name", "phone"], "mobil", ["“mobil”", "[list] phone_column", "“name”, “phone”"]),
        (["name", "whatsapp"], "", ["no column is recognised"]),
        (["name", ""], "", ["no column is recognised"]),
    ],
)
def test_none_or_several_candidates_are_refused_naming_them(header: list[str], named: str, told: list[str]) -> None:
    with pytest.raises(ListError) as refused:
        find_phone_column(header, named, "l.csv", 3)
    assert all(part in f"{refused.value.message} {refused.value.hint}" for part in told)
    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("header", "needs", "told"),
    [
        (["name;phone"], [], "not separated by commas"),
        (["name\tphone"], [], "not separated by commas"),
        (["phone", "city", "city"], [], "2 columns are called “city”"),
        (["phone", "", ""], [], "2 columns have no name"),
        (["phone", "city"], ["city", "order_id", "agent"], "“order_id”, “agent”"),
    ],
)
def test_a_header_that_cannot_be_worked_with_is_refused(header: list[str], needs: list[str], told: str) -> None:
    with pytest.raises(ListError, match=told) as refused:
        check_header(header, needs, "l.csv", 1)
    assert refused.value.hint


def test_a_header_with_all_that_custom_field_uses_passes() -> None:
    check_header(["phone", "city", ""], ["city"], "l.csv", 1)
