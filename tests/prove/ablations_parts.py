"""The long ablations: what each whole part makes of the product without one safeguard, in child processes too."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from tests.prove import canary, disk, fuzz, kills, power, simulation
from tests.prove.ablations_kit import LAUNCHER, Ablation
from tests.prove.part import Extent, Part, Proved

ROOT = Path(__file__).parents[2]
SLICE = Extent(slice=True)
HERE: Mapping[str, Part] = {
    "simulation": simulation.prove,
    "disk": disk.prove,
    "fuzz": fuzz.prove,
    "canary": canary.prove,
}
"""In this process, where the safeguard is out."""
THERE: Mapping[str, Callable[[Extent, Path | None], Proved]] = {"kills": kills.prove, "power": power.prove}
"""In processes of their own, by a launcher."""

_CHILD = """import sys
sys.path[0] = {root!r}
from campaign.__main__ import main
from tests.prove.ablations import ABLATIONS
with ABLATIONS[{name!r}].out():
    main()
"""


def noticing(ablation: Ablation, folder: Path) -> Iterator[str]:
    """The parts that hold as they are, and fail without this safeguard."""
    for name, prove in HERE.items():
        if _holds(name):
            with ablation.out():
                if _fails(partial(prove, SLICE)):
                    yield name
    through = launcher_of(ablation, folder)
    for name, prove_there in THERE.items():
        if _holds(name) and _fails(partial(prove_there, SLICE, through)):
            yield name


def launcher_of(ablation: Ablation, folder: Path) -> Path:
    """A Python file to be run in place of `-m campaign`: the same program without the safeguard."""
    with ablation.out():
        if own := LAUNCHER.get():
            return own
    file = folder / "without.py"
    file.write_text(_CHILD.format(root=str(ROOT), name=ablation.name))
    return file


@cache
def _holds(name: str) -> bool:
    return not (HERE[name](SLICE) if name in HERE else THERE[name](SLICE, None)).failures


def _fails(proving: Callable[[], Proved]) -> bool:
    """A part that crashes has noticed something, but not what was broken: it does not count."""
    try:
        return bool(proving().failures)
    except Exception:  # noqa: BLE001  see above
        return False
