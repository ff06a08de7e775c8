"""Which column holds the numbers, and whether the others are there. Called by `sheet`."""

import re
from collections import Counter
from collections.abc import Sequence

from campaign.errors import ListError

NAMES = frozenset(
    {
        "contact", "contactno", "contactnumber", "from", "mobile", "mobileno", "mobilenumber", "mobilephone", "msisdn",
        "number", "phone", "phoneno", "phonenumber", "tel", "telephone", "telephoneno", "telephonenumber",
    }
)  # fmt: skip
"""Names a column of numbers goes by, in lower case and without spaces, underscores, hyphens and dots."""

_BETWEEN = re.compile(r"[\s_.\-]+")


def find_phone_column(header: Sequence[str], named: str, file: str, line: int) -> tuple[str, str]:
    """The column's name and why it is the one; `named` is `[list] phone_column`. Raises ListError: none, or several."""
    if named:
        if named not in header:
            raise ListError(
                f"there is no column “{named}”, which [list] phone_column names.",
                _there_are(header),
                file=file,
                line=line,
            )
        return named, "named by [list] phone_column"
    candidates = [name for name in header if _BETWEEN.sub("", name).casefold() in NAMES]
    if not candidates:
        raise ListError("no column is recognised as the phone number.", _name_it(header), file=file, line=line)
    if len(candidates) > 1:
        raise ListError(
            f"several columns may be the phone number: {_quoted(candidates)}.",
            _name_it(candidates),
            file=file,
            line=line,
        )
    return candidates[0], "recognised by its name"


def check_header(header: Sequence[str], needs: Sequence[str], file: str, line: int) -> None:
    """Raises ListError when the file is not comma-separated, two columns share a name, or one of `needs` is missing."""
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise ListError(
            "its columns are not separated by commas.",
            "Save it as CSV with commas and try again.",
            file=file,
            line=line,
        )
    for name, times in Counter(header).items():
        if times > 1:
            which = f"{times} columns are called “{name}”" if name else f"{times} columns have no name"
            raise ListError(f"{which}.", "Give each column a name of its own.", file=file, line=line)
    if missing := [name for name in needs if name not in header]:
        raise ListError(
            f"custom_field uses columns that the list lacks: {_quoted(missing)}.",
            _there_are(header),
            file=file,
            line=line,
        )


def _quoted(names: Sequence[str]) -> str:
    """As many as a person reads."""
    shown = ", ".join(f"“{name}”" if len(name) <= 60 else f"“{name[:60]}…”" for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def _there_are(header: Sequence[str]) -> str:
    return f"The columns are {_quoted(header)}."


def _name_it(names: Sequence[str]) -> str:
    return f'Name the right one in the settings file, [list] phone_column = "…"; there are {_quoted(names)}.'
