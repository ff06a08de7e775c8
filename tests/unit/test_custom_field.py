"""The template of Exotel's CustomField: what it names, what it becomes, how long that is."""

import pytest

from campaign.core.custom_field import PUBLIC_ID_LENGTH, columns_used, fill, length
from campaign.core.keyed import PublicId

ATTEMPT = PublicId("a" * PUBLIC_ID_LENGTH)
COLUMNS = {"city": "Pune", "external id": "7", "attempt": "a column of that name"}


@pytest.mark.parametrize(
    ("template", "columns", "filled"),
    [
        ("", [], ""),
        ("{attempt}", [], ATTEMPT),
        ("{attempt} {external id} {city} {city}", ["external id", "city"], f"{ATTEMPT} 7 Pune Pune"),
        ("{city}/{street}", ["city", "street"], "Pune/"),  # a file without the column
        ("{} {{city}} {", ["city"], "{} {Pune} {"),
    ],
)
def test_a_template_names_its_columns_and_is_filled(template: str, columns: list[str], filled: str) -> None:
    assert columns_used(template) == columns
    assert fill(template, ATTEMPT, COLUMNS) == filled
    assert length(template, COLUMNS) == len(filled)


def test_a_cell_that_looks_like_a_place_is_not_filled_again() -> None:
    assert fill("{city}", ATTEMPT, {"city": "{attempt}"}) == "{attempt}"
