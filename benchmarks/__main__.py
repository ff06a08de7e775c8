"""`python -m benchmarks [WORD …]`: a table, each figure beside its goal; with words, of rows that have one of them."""

import sys

from benchmarks.measure import Figure, figure
from benchmarks.rows import ROWS

COLUMNS = f"{'measured':<36}{'against':<20}{'goal':>8}{'ratio':>8}{'spread':>16}{'figures':>22}"


def main(words: list[str]) -> None:
    print(COLUMNS, "-" * len(COLUMNS), sep="\n")
    for make in ROWS:
        if not words or any(word in f"{make.__module__}.{make.__name__}" for word in words):
            row = make()
            print(_line(figure(row)) if row else f"{make.__name__}: not installed", flush=True)


def _line(found: Figure) -> str:
    row, ratios = found.row, found.ratios
    goal = "" if row.goal is None else f"{'≥' if row.at_least else '≤'} {row.goal:g}"
    spread = f"{ratios[0]:.3f} … {ratios[-1]:.3f}"
    ours, theirs = found.both
    figures = f"{ours:,.3f} / {theirs:,.3f}"
    missed = "  missed" if found.missed else ""
    return f"{row.name:<36}{row.base:<20}{goal:>8}{found.ratio:>8.3f}{spread:>16}{figures:>22}{missed}"


if __name__ == "__main__":
    main(sys.argv[1:])
