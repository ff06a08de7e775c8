"""Which faults hit a request follows from the seed, the number and how often it was asked for; rules narrow it down."""

import re
import tomllib
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import SettingsError
from campaign.simulator.faults import CLOCK, HELD_BACK, LASTING, USUAL, Fault, Hits, draw
from campaign.simulator.spoil import WITH_CALL, WITHOUT_CALL, WRONG_SID
from campaign.simulator.town import Town, load_town
from tests.builders import hours, minutes, seconds

SAMPLE = Path(__file__).parents[2] / "samples" / "town.toml"
NUMBERS = [f"+9198123{n:05}" for n in range(2000)]
LEAD, OTHER = NUMBERS[1], NUMBERS[2]


def drawn(number: str = LEAD, request_no: int = 1, seed: int = 1, **faults: Any) -> Hits:
    return draw(Town.model_validate({"faults": faults}).faults, seed, number, request_no)


def test_without_rules_nothing_goes_wrong() -> None:
    assert drawn() == {}


def test_the_same_seed_number_and_request_draw_the_same() -> None:
    once, again = ([drawn(number, 2, html=0.5) for number in NUMBERS[:100]] for _ in range(2))
    assert once == again


@pytest.mark.parametrize(("seed", "request_no"), [(2, 1), (1, 2)], ids=["another seed", "the next request"])
def test_another_seed_or_request_draws_differently(seed: int, request_no: int) -> None:
    some = NUMBERS[:100]
    assert [drawn(number, html=0.5) for number in some] != [
        drawn(number, request_no, seed, html=0.5) for number in some
    ]


def test_a_known_draw_stays_from_release_to_release() -> None:
    hit = [number for number in NUMBERS[:20] if drawn(number, html=0.25)]
    assert hit == [f"+9198123000{n:02}" for n in (1, 2, 5, 7, 9, 13, 18)]


def test_the_share_comes_out() -> None:
    hit = sum(bool(drawn(number, empty=0.2)) for number in NUMBERS)
    assert hit / len(NUMBERS) == pytest.approx(0.2, abs=0.025)


def test_two_faults_are_drawn_apart_from_each_other() -> None:
    seen = Counter(len(drawn(number, html=0.5, slow_answer=0.5)) for number in NUMBERS)
    assert [seen[hits] / len(NUMBERS) for hits in range(3)] == pytest.approx([0.25, 0.5, 0.25], abs=0.04)


def test_a_share_of_all_hits_everybody_and_a_share_of_nothing_nobody() -> None:
    assert all(drawn(number, html=1, empty=0).keys() == {Fault.HTML} for number in NUMBERS)


@pytest.mark.parametrize("only", [LEAD, [LEAD], "09812300001"])
def test_a_rule_may_be_for_some_numbers_only(only: object) -> None:
    rule = {"only": only}
    assert (bool(drawn(LEAD, html=rule)), bool(drawn(OTHER, html=rule))) == (True, False)


def test_a_rule_may_be_for_the_first_requests_only() -> None:
    assert [bool(drawn(LEAD, request_no, html={"first_n": 2})) for request_no in (1, 2, 3)] == [True, True, False]


def test_of_several_rules_the_first_that_hits_counts() -> None:
    rules = [{"only": LEAD, "by": "1m"}, {"by": "2m"}]
    assert drawn(LEAD, slow_answer=rules)[Fault.SLOW_ANSWER] == minutes(1)
    assert drawn(OTHER, slow_answer=rules)[Fault.SLOW_ANSWER] == minutes(2)


def test_a_measure_left_out_is_the_usual_one_and_a_measure_of_nothing_is_nothing() -> None:
    assert drawn(callback_late=1)[Fault.CALLBACK_LATE] == hours(3)
    assert drawn(callback_late={"by": "0s"})[Fault.CALLBACK_LATE] == seconds(0)


def test_faults_are_drawn_in_the_order_in_which_they_are_named() -> None:
    assert list(drawn(redials=1, html=1, refused=1)) == [Fault.REFUSED, Fault.HTML, Fault.REDIALS]


def test_every_fault_is_made_somewhere() -> None:
    way_in = {Fault.REFUSED, Fault.CLOSED_AT_ACCEPT}
    assert {*way_in, *WITHOUT_CALL, Fault.SLOW_ANSWER, *WITH_CALL, *WRONG_SID, *LASTING} == set(Fault)
    assert CLOCK.keys() | HELD_BACK <= LASTING


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("faults.hmtl = 0.1", "there is no fault hmtl. Known here: refused, "),
        ("faults.html = 2", "faults.html.0.share = 2 is wrong"),
        ("faults.html = true", "faults.html.0 = True is wrong"),
        ("faults.html = { only = 'nobody' }", 'right would be: phone numbers such as "+919812300001"'),
        ("faults.html = { first_n = 0 }", "faults.html.0.first_n = 0 is wrong"),
        (
            "faults.html = { shares = 1 }",
            "there is no setting faults.html.0.shares. Known here: by, first_n, only, share",
        ),
        ("faults.html = { by = '3s' }", "right would be: html without `by`, which belongs to refused, "),
    ],
)
def test_a_rule_that_is_wrong_is_refused_with_what_would_be_right(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "town.toml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_town(tmp_path / "town.toml")
    assert says in str(refused.value)


def test_the_sample_names_every_fault_with_its_usual_measure() -> None:
    shown = SAMPLE.read_text().partition("# [faults]")[2]
    named = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", shown, flags=re.MULTILINE))
    assert list(Town.model_validate({"faults": named}).faults) == list(Fault)
    measures = dict(re.findall(r"# (\w+) = .*\(([\d.]+[smh])\b", shown))
    units = {"s": 1, "m": 60, "h": 3600}
    assert {name: timedelta(seconds=float(text[:-1]) * units[text[-1]]) for name, text in measures.items()} == {
        **USUAL,
    }
