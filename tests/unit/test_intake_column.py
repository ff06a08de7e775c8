"""Which column holds the numbers, and which headers are refused."""

import pytest

from campaign.core.lead import PhoneNumber
from campaign.core.records import NewLead, Reject, RejectReason
from campaign.errors import ListError
from campaign.intake.column import check_header, check_numbers, find_phone_column, header_of, names_of
from campaign.intake.table import Row


@pytest.mark.parametrize(
    "name",
    ["phone", "Phone", "PHONE_NUMBER", "phone no.", "Mobile", "Mobile Number", "mobile-number", "number", "Contact",
     "contact number", "MSISDN", "From", "tel", "Telephone"],
)  # fmt: skip
def test_a_column_is_recognised_by_its_name_however_it_is_spelt(name: str) -> None:
    assert find_phone_column(["name", name], "", "l.csv", 1) == (name, "recognised by its name")


def test_a_person_names_the_column_where_two_would_do() -> None:
    header = ["mobile", "telephone"]
    assert find_phone_column(header, "telephone", "l.csv", 1) == ("telephone", "as named")


@pytest.mark.parametrize(
    ("header", "named", "told"),
    [
        (["name", "city"], "", ["no column is recognised", "“name”, “city”", "--phone-column"]),
        (["mobile", "city", "Phone"], "", ["several columns", "“mobile”, “Phone”", "--phone-column"]),
        (["name", "phone"], "mobil", ["“mobil”", "“name”, “phone”"]),
        (["name", "whatsapp"], "", ["no column is recognised"]),
        (["Asha", "+91 98123 00001"], "", ["no column is recognised", "no header", "--phone-column 2"]),
        (["9812300001", "Asha"], "phone", ["there is no column “phone”", "no header", "--phone-column 1"]),
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
        (["phone", "city", "city"], [], "2 columns are called “city”"),
        (["phone", *["n" * 5_000] * 2], [], f"2 columns are called “{'n' * 60}…”."),
        (["phone", "city"], ["city", "order_id", "agent"], "“order_id”, “agent”"),
    ],
)
def test_a_header_that_cannot_be_worked_with_is_refused(header: list[str], needs: list[str], told: str) -> None:
    with pytest.raises(ListError, match=told) as refused:
        check_header(header, needs, "l.csv", 1)
    assert refused.value.hint


def test_a_column_without_a_name_is_called_by_its_place() -> None:
    assert names_of([" phone ", "", "city", " "]) == ("phone", "column 2", "city", "column 4")


def rows(*of: str) -> list[Row]:
    return [Row(line, tuple(cells.split(","))) for line, cells in enumerate(of, 1)]


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ([], 1),
        (["Leads of March"], 2),
        (["Leads of March,,,", "Region,West,,", ",,,"], 4),
        (["handset,owner,city,type"], 1),  # a header of its own
        (["Asha,9812300009,,"], 1),  # somebody's line
        (["9812300009"], 1),
    ],
)
def test_the_header_is_the_first_row_that_names_the_numbers_below_nothing_but_titles(
    above: list[str], line: int
) -> None:
    found = rows(*above, "name,phone,city,type", "Asha,9812300001,Pune,mobile")
    assert header_of(found, []).line == line


def test_a_named_column_finds_the_header_too_and_a_data_cell_never_does() -> None:
    assert header_of(rows("Leads", "who,whatsapp", "Asha,9812300001"), ["whatsapp"]).line == 2
    assert header_of(rows("who,handset,kind", "Asha,9812300001,mobile"), []).line == 1


def lines(good: int, *reasons: RejectReason) -> list[NewLead | Reject]:
    leads = [NewLead(2, PhoneNumber("+919812300001"), ())] * good
    return [*leads, *(Reject(3, "id", "", reason, "") for reason in reasons)]


def test_a_column_of_few_numbers_is_refused_and_damaged_numbers_are_numbers() -> None:
    serial = [RejectReason.INVALID_NUMBER, RejectReason.SHORT_CODE, RejectReason.EMPTY, RejectReason.NOT_A_NUMBER]
    check_numbers(lines(4, *serial), "id", "l.csv")
    check_numbers(lines(0, *serial, *[RejectReason.DIGITS_LOST] * 4), "id", "l.csv")
    with pytest.raises(ListError, match="only 3 of the first 7 lines have a phone number in “id”") as refused:
        check_numbers(lines(3, *serial), "id", "l.csv")
    assert "--phone-column" in refused.value.hint


def test_a_header_with_all_that_custom_field_uses_passes() -> None:
    check_header(["phone", "city", ""], ["city"], "l.csv", 1)
