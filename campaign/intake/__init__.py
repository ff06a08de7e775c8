"""The way in: a row of a file becomes a lead, or a reject with a reason. Called by `wiring`.

`sheet` opens a file and finds its header: `file` its bytes, `form` what was said of it, `column` which one holds the
numbers. It is read as a `table`: `text` (by `encoding`, `dialect`, `scan` for its records and pandas in `cells`),
`workbook` (`archive`, `failed`) or `parquet`. `number` reads one number (`spelling` at a glance, `damage` what a
spreadsheet made of it), `check` judges a row, `reading` puts it together.
"""

from campaign.intake.form import Form
from campaign.intake.number import NumberRules
from campaign.intake.reading import columns_with_numbers, lines, preview
from campaign.intake.sheet import Sheet, open_sheet

__all__ = ["Form", "NumberRules", "Sheet", "columns_with_numbers", "lines", "open_sheet", "preview"]
