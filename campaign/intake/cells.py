"""What stands in the cells: pandas reads well-formed records. Called by `text` and `dialect`.

Each record takes its line number through pandas as a column of its own, so a cell can never end up beside another
record's line; a record that comes back missing, split or joined is a bug of ours and raises.
"""

import csv
from collections.abc import Sequence
from io import StringIO

csv.field_size_limit(10_000_000)  # longer than any record may be


def columns_of(lines: Sequence[int], texts: Sequence[str], width: int, delimiter: str = ",") -> list[list[str]]:
    """The cells of records of one width, column by column; everything is text, exactly as written."""
    import pandas as pd  # half a second, which a refused file need not cost

    if not lines:
        return [[] for _ in range(width)]
    numbers = list(map(str, lines))
    titles = delimiter.join(map(str, range(width + 1)))
    text = "\n".join([titles, *map(delimiter.join, zip(numbers, texts, strict=True)), ""])
    frame = pd.read_csv(
        StringIO(text),
        sep=delimiter,
        dtype=object,
        engine="c",
        index_col=False,
        low_memory=False,
        na_filter=False,  # "NA" is a name, an empty cell is empty
        skip_blank_lines=False,
    )
    came_back, *columns = frame.to_numpy().T.tolist()
    if came_back != numbers:
        raise AssertionError("pandas and the streaming pass disagree on the records of a list")
    return columns


def cells_of(text: str, delimiter: str = ",") -> tuple[str, ...]:
    """The cells of one record, for the few that are looked at before it is known how wide the list is."""
    return tuple(next(csv.reader(StringIO(text, newline=""), delimiter=delimiter)))
