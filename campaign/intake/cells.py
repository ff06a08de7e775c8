"""What stands in the cells: pandas reads well-formed records. Called by `sheet` (the header) and `reading`.

Each record takes its line number through pandas as a column of its own, so a cell can never end up beside another
record's line; a record that comes back missing, split or joined is a bug of ours and raises.
"""

from collections.abc import Sequence
from io import StringIO

from campaign.intake.scan import Record


def cells_by_line(well_formed: Sequence[Record]) -> dict[int, tuple[str, ...]]:
    """The cells of records of one width, by the line each record starts on; everything is text, exactly as written."""
    import pandas as pd  # half a second, which a refused file need not cost

    if not well_formed:
        return {}
    titles = ",".join(map(str, range(well_formed[0].fields + 1)))
    text = "".join([titles, "\n", *(f"{record.line},{record.text}\n" for record in well_formed)])
    frame = pd.read_csv(
        StringIO(text),
        dtype=object,
        engine="c",
        index_col=False,
        low_memory=False,
        na_filter=False,  # "NA" is a name, an empty cell is empty
        skip_blank_lines=False,
    )
    found = {int(line): tuple(cells) for line, *cells in frame.itertuples(index=False, name=None)}
    if list(found) != [record.line for record in well_formed]:
        raise AssertionError("pandas and the streaming pass disagree on the records of a list")
    return found
