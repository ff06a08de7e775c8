"""Which row is the header, which column holds the numbers, and whether the others are there. Called by `sheet`."""

import re
from collections import Counter
from collections.abc import Sequence

from campaign.core.records import NewLead, Reject, RejectReason
from campaign.errors import ListError
from campaign.intake.table import Row

NAMES = frozenset(
    {
        "contact", "contactno", "contactnumber", "from", "mobile", "mobileno", "mobilenumber", "mobilephone", "msisdn",
        "number", "phone", "phoneno", "phonenumber", "tel", "telephone", "telephoneno", "telephonenumber",
    }
)  # fmt: skip
"""Names a column of numbers goes by, in lower case and without spaces, underscores, hyphens and dots."""

LOOKED_AT = 1_000
"""Lines by which a column that was not named is judged."""

_BETWEEN = re.compile(r"[\s_.\-]+")
_MANY_DIGITS = re.compile(r"(?:\D*\d){7}")
_NO_NUMBER = {RejectReason.EMPTY, RejectReason.NOT_A_NUMBER, RejectReason.INVALID_NUMBER, RejectReason.SHORT_CODE}
_NO_CELL = {RejectReason.TOO_FEW_FIELDS, RejectReason.TOO_MANY_FIELDS}


def is_phone(name: str) -> bool:
    """A name that a column of numbers goes by."""
    return _BETWEEN.sub("", name).casefold() in NAMES


def header_of(rows: Sequence[Row], named: Sequence[str]) -> Row:
    """The first row that names the column of numbers, where all above are titles; else the first of all."""
    for at, row in enumerate(rows):
        names = [cell.strip() for cell in row.cells]
        if set(named) <= set(names) if named else any(map(is_phone, names)):
            titles = rows[:at]
            return row if all(_is_title(each, row) for each in titles) else rows[0]
    return rows[0]


def _is_title(row: Row, header: Row) -> bool:
    """Little stands in it and no number, so that nobody's line is taken for one."""
    filled = [cell for cell in row.cells if cell.strip()]
    most = max(1, sum(1 for cell in header.cells if cell.strip()) // 2)
    return len(filled) <= most and not any(map(_MANY_DIGITS.match, filled))


def names_of(cells: Sequence[str]) -> tuple[str, ...]:
    """A header's names; a column without one is called by its place."""
    return tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, 1))


def find_phone_column(header: Sequence[str], named: str, file: str, line: int) -> tuple[str, str]:
    """The column's name and why it is the one; `named`: as the settings or the command line do.

    Raises ListError: none, or several.
    """
    if named:
        if named not in header:
            hint = _counted(header) or _there_are(header)
            raise ListError(f"there is no column {_quoted([named])}.", hint, file=file, line=line)
        return named, "as named"
    candidates = [name for name in header if is_phone(name)]
    if not candidates:
        hint = _counted(header) or _name_it(header)
        raise ListError("no column is recognised as the phone number.", hint, file=file, line=line)
    if len(candidates) > 1:
        raise ListError(
            f"several columns may be the phone number: {_quoted(candidates)}.",
            _name_it(candidates),
            file=file,
            line=line,
        )
    return candidates[0], "recognised by its name"


def _counted(header: Sequence[str]) -> str:
    """What to do where the header looks like a person's line; nothing for one that does not."""
    place = next((place for place, name in enumerate(header, 1) if _MANY_DIGITS.match(name)), 0)
    if not place:
        return ""
    return (
        "This line has a number, so there seems to be no header: say which column has the numbers, counted from 1: "
        f"--phone-column {place}."
    )


def check_header(header: Sequence[str], needs: Sequence[str], file: str, line: int) -> None:
    """Raises ListError when two columns share a name, or one of `needs` is missing."""
    for name, times in Counter(header).items():
        if times > 1:
            raise ListError(
                f"{times} columns are called {_quoted([name])}.",
                "Give each column a name of its own.",
                file=file,
                line=line,
            )
    if missing := [name for name in needs if name not in header]:
        raise ListError(
            f"custom_field uses columns that the list lacks: {_quoted(missing)}.",
            _there_are(header),
            file=file,
            line=line,
        )


def check_numbers(lines: Sequence[NewLead | Reject], column: str, file: str) -> None:
    """Raises ListError when fewer than half of these lines have a number in the column, however damaged."""
    cells = [line for line in lines if isinstance(line, NewLead) or line.reason not in _NO_CELL]
    numbers = sum(1 for line in cells if isinstance(line, NewLead) or line.reason not in _NO_NUMBER)
    if 2 * numbers < len(cells):
        raise ListError(
            f"only {numbers} of the first {len(cells)} lines have a phone number in {_quoted([column])}.",
            f"Name the right column with --phone-column; if it is this one, --phone-column {_quoted([column])}.",
            file=file,
        )


def _quoted(names: Sequence[str]) -> str:
    """As many as a person reads."""
    shown = ", ".join(f"“{name}”" if len(name) <= 60 else f"“{name[:60]}…”" for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _there_are(header: Sequence[str]) -> str:
    return f"The columns are {_quoted(header)}."


def _name_it(names: Sequence[str]) -> str:
    return f"Name the right one with --phone-column, or in [list] phone_column; there are {_quoted(names)}."
