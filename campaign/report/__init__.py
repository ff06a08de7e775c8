"""The ledger becomes files a person opens: what became of every line of the list, and why.

`files.write` makes the four files, `summary.summary` the totals for the screen. Called by the CLI, by way of `wiring`.
"""
