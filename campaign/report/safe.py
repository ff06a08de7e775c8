"""A spreadsheet runs a cell that looks like a formula; nothing out of somebody's list may run. Called by `files`."""

import re

_RUNS = frozenset("=+-@\t\r\n\0")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def safe(cell: str) -> str:
    """The cell, with an apostrophe in front if a spreadsheet might run it; numbers in E.164 stay as they are.

    Source: OWASP "CSV Injection" (the first characters), ASVS 5.0 1.2.10 (NUL).
    """
    return f"'{cell}" if cell[:1] in _RUNS and not _E164.fullmatch(cell) else cell
