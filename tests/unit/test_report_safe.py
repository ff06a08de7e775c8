"""No cell of a report may run in a spreadsheet (P4), and no cell that is harmless may change."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.report.safe import safe


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "=", "+", "+91 98123 00001", "+0123456789"],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Asha", "'=1", " =1", "1-2", "a=b", "2026-11-25T10:00:00+05:30", "नमस्ते"])
def test_a_harmless_cell_stays_as_it_is(cell: str) -> None:
    assert safe(cell) == cell


@pytest.mark.parametrize(("cell", "stays"), [("+919812300001", True), ("+1234567", True), ("+123456", False)])
def test_a_number_in_e164_stays_a_number(cell: str, stays: bool) -> None:
    assert (safe(cell) == cell) is stays


@pytest.mark.parametrize("cell", ["+919812300001\n", "+9198123000011234", "+९१९८१२३००००१"])
def test_what_only_resembles_e164_is_made_harmless(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@given(st.text(alphabet="=+-@\t\r\n\0'1a", max_size=12))
def test_no_cell_begins_like_a_formula_and_none_is_lost(cell: str) -> None:
    written = safe(cell)
    assert not re.match(r"[=+\-@\t\r\n\0]", written) or re.fullmatch(r"\+[1-9][0-9]{6,14}", written)
    assert written.removeprefix("'") == cell.removeprefix("'")
