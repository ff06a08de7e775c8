"""The way in: a line of a CSV file becomes a lead, or a reject with a reason. Called by `wiring`.

`sheet` opens a file, `scan` finds its records, `cells` lets pandas read them, `column` knows which one holds the
numbers, `number` reads one (`spelling` at a
glance, `damage` what a spreadsheet made of it), `check` judges a record, `reading` puts it together.
"""

from campaign.intake.number import NumberRules
from campaign.intake.reading import lines, preview
from campaign.intake.sheet import Sheet, open_sheet

__all__ = ["NumberRules", "Sheet", "lines", "open_sheet", "preview"]
