"""`python -m benchmarks`: one table, each figure beside its goal."""

from benchmarks.measure import Figure, figure
from benchmarks.rows import ROWS

COLUMNS = f"{'measured':<32}{'against':<18}{'goal':>8}{'ratio':>8}{'spread':>16}{'seconds':>22}"


def main() -> None:
    print(COLUMNS, "-" * len(COLUMNS), sep="\n")
    for make in ROWS:
        print(_line(figure(make())), flush=True)


def _line(found: Figure) -> str:
    row, ratios = found.row, found.ratios
    goal = "" if row.goal is None else f"≤ {row.goal:g}"
    spread = f"{ratios[0]:.3f} … {ratios[-1]:.3f}"
    ours, theirs = found.seconds
    seconds = f"{ours:.3f} / {theirs:.3f}"
    missed = "  missed" if row.goal is not None and found.ratio > row.goal else ""
    return f"{row.name:<32}{row.base:<18}{goal:>8}{found.ratio:>8.3f}{spread:>16}{seconds:>22}{missed}"


if __name__ == "__main__":
    main()
