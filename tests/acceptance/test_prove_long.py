"""A long run of the proof that was interrupted goes on where it was (`tests/prove/long_run.py`)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.prove import __main__ as proof
from tests.prove.long_run import LongRun
from tests.prove.part import Extent, Part, Proved

SIMULATION = "simulation  holds      10 s  seeds 5"


def test_a_run_that_was_interrupted_goes_on_with_its_seed_and_what_holds_already(tmp_path: Path) -> None:
    file = tmp_path / "run"
    first = LongRun("abc1234", 1, file)
    first.end(SIMULATION)
    again = LongRun("abc1234", 2, file)
    assert (first.seed, first.ended) == (1, {})
    assert (again.seed, again.ended) == (1, {"simulation": SIMULATION})


def test_a_line_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "run"
    LongRun("abc1234", 1, file).end(SIMULATION)
    with file.open("a") as cut:
        cut.write("kills  holds")
    LongRun("abc1234", 2, file).end("power  holds")
    assert list(LongRun("abc1234", 2, file).ended) == ["simulation", "power"]


@pytest.mark.parametrize(("before", "now"), [("abc1234", "def5678"), ("abc1234-changed", "abc1234-changed")])
def test_another_program_is_proved_from_the_beginning(before: str, now: str, tmp_path: Path) -> None:
    LongRun(before, 1, tmp_path / "run").end(SIMULATION)
    again = LongRun(now, 2, tmp_path / "run")
    assert (again.seed, again.ended) == (2, {})


def test_what_failed_or_was_cut_short_is_played_again_and_what_holds_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played: list[str] = []
    failing = {"two"}

    def part(name: str) -> Part:
        def prove(extent: Extent) -> Proved:
            played.append(f"{name} {extent.seed}")
            return Proved(name, {"steps": 1}, ["it broke"] if name in failing else ())

        return prove

    _with_parts(monkeypatch, tmp_path, part)
    assert _run(monkeypatch, "--seed", "7") == 1
    failing.clear()
    assert _run(monkeypatch) == 0
    assert played == ["one 7", "two 7", "two 7"]
    assert "one         holds        0 s  steps 1 (before" in capsys.readouterr().out


def test_a_part_that_breaks_off_has_failed_and_the_next_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def part(name: str) -> Part:
        def prove(extent: Extent) -> Proved:
            if name == "one":
                raise TimeoutError
            return Proved(name)

        return prove

    _with_parts(monkeypatch, tmp_path, part)
    assert _run(monkeypatch) == 1
    said = capsys.readouterr().out
    assert "one         FAILED" in said
    assert "it broke off: TimeoutError()" in said
    assert "two         holds" in said


def test_a_given_seed_begins_anew(tmp_path: Path) -> None:
    LongRun("abc1234", 1, tmp_path / "run").end(SIMULATION)
    again = LongRun("abc1234", 8, tmp_path / "run", anew=True)
    assert (again.seed, again.ended) == (8, {})


def test_a_share_of_a_long_run_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    LongRun("abc1234", 1, tmp_path / "run", share=0.01).end(SIMULATION)
    assert LongRun("abc1234", 2, tmp_path / "run", share=0.01).ended == {"simulation": SIMULATION}
    whole = LongRun("abc1234", 2, tmp_path / "run")
    assert (whole.seed, whole.ended) == (2, {})


def test_a_share_takes_its_part_of_everything_but_never_nothing() -> None:
    extent = Extent(long=True, share=0.01)
    assert (extent.pick(60, 20_000, 500_000), extent.pick(3, 14, 40)) == (5_000, 3)
    assert (len(extent.some(range(1000))), len(extent.some(range(10))), len(extent.some(range(10), 4))) == (10, 1, 4)
    assert Extent(long=True).some(range(10)) == list(range(10))


def _with_parts(monkeypatch: pytest.MonkeyPatch, folder: Path, part: Callable[[str], Part]) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(proof, "PARTS", ("one", "two"))
    monkeypatch.setattr(proof, "_part", part)
    monkeypatch.setattr(proof, "commit", lambda: "abc1234")


def _run(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr("sys.argv", ["prove", "--long", *given])
    return proof.main()
