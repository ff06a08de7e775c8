"""A few safeguards are taken out, and the proof must notice (`tests/prove/ablations.py`); `make prove` all."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.prove import ablations
from tests.prove.ablations_kit import Ablation, Slice
from tests.prove.part import Extent


def test_a_safeguard_that_is_taken_out_is_missed() -> None:
    proved = ablations.prove(Extent(slice=True))
    assert not proved.failures, "\n".join(proved.failures)
    assert proved.figures["caught"] == proved.figures["ablations"] == 3


def holds(folder: Path) -> list[str]:
    return []


def breaks(folder: Path) -> list[str]:
    return ["C2: sent twice"]


def crashes(folder: Path) -> list[str]:
    raise AttributeError("something else")


@pytest.mark.parametrize(
    ("scene", "told"),
    [(holds, "not noticed by holds"), (breaks, "breaks does not hold with it: C2"), (crashes, "crashes crashed: Attr")],
)
def test_what_is_not_noticed_or_crashes_or_never_held_is_no_catch(
    scene: Slice, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablations, "ABLATIONS", {"one": Ablation("one", nullcontext, scene, "C2")})
    verdict = ablations.judge("one")
    assert not verdict.by
    assert told in verdict.wrong
