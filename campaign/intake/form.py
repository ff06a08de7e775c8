"""What a person says of a file that does not speak for itself. Typed with `run`; read by `sheet`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """What was said; empty: to be recognised.

    `phone_column`: a name, or its place in a list without a header, from 1 on; goes before `[list]`. `encoding`: as
    Python calls it. `sheet`: of a workbook. `multiline`: line breaks in cells are meant, whatever they look like.
    `file_name`: what the file is called, where its path is only where it was put.
    """

    phone_column: str = ""
    encoding: str = ""
    sheet: str = ""
    multiline: bool = False
    file_name: str = ""
