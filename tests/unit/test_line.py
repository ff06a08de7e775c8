"""What a phone does follows from the seed and the number alone, unless a script fixes it."""

from collections import Counter
from pathlib import Path

import pytest

from campaign.errors import SettingsError
from campaign.simulator.calls import new_sid
from campaign.simulator.line import Fate, Kind, fate
from campaign.simulator.numbers import e164, echo
from campaign.simulator.town import Shares, Town, load_town
from tests.builders import NOON, seconds

SAMPLE = Path(__file__).parents[2] / "samples" / "town.toml"
TOWN = Town()
NUMBERS = [f"+9198{n:08}" for n in range(4000)]


def test_the_same_seed_and_number_give_the_same_fate() -> None:
    assert [fate(Town(), number, 2) for number in NUMBERS[:50]] == [fate(Town(), number, 2) for number in NUMBERS[:50]]


@pytest.mark.parametrize("other", [(Town(seed=2), 1), (TOWN, 2)], ids=["another seed", "the next call"])
def test_another_seed_or_call_gives_other_fates(other: tuple[Town, int]) -> None:
    town, call_no = other
    assert [fate(TOWN, number, 1) for number in NUMBERS[:50]] != [
        fate(town, number, call_no) for number in NUMBERS[:50]
    ]


def test_a_known_number_keeps_its_fate_from_release_to_release() -> None:
    assert fate(TOWN, "+919812300002", 1) == Fate(Kind.ANSWERS, seconds(11.1), seconds(64.5))


def test_the_shares_come_out() -> None:
    town = Town(shares=Shares(answers=0.4, busy=0.2, no_answer=0.2, switched_off=0.1, not_existing=0.05, ndnc=0.05))
    seen = Counter(fate(town, number, 1).kind for number in NUMBERS)
    wanted = {Kind(name.replace("_", "-")): share for name, share in town.shares.model_dump().items()}
    assert {kind: seen[kind] / len(NUMBERS) for kind in wanted} == pytest.approx(wanted, abs=0.025)


@pytest.mark.parametrize("kind", [Kind.NOT_EXISTING, Kind.NDNC])
def test_a_number_that_does_not_exist_or_is_on_the_register_stays_so(kind: Kind) -> None:
    town = Town(shares=Shares(answers=0.4, busy=0.2, no_answer=0, switched_off=0, not_existing=0.2, ndnc=0.2))
    number = next(number for number in NUMBERS if fate(town, number, 1).kind is kind)
    assert {fate(town, number, call_no) for call_no in range(1, 20)} == {Fate(kind)}


def test_a_town_of_one_kind_has_no_other() -> None:
    town = Town(shares=Shares(answers=0, busy=0, no_answer=0, switched_off=0, not_existing=1))
    assert {fate(town, number, 1).kind for number in NUMBERS[:200]} == {Kind.NOT_EXISTING}


def test_ringing_and_talking_stay_within_the_towns_spans() -> None:
    answered = [what for number in NUMBERS[:500] if (what := fate(TOWN, number, 1)).kind is Kind.ANSWERS]
    assert all(seconds(3) <= what.rings_for <= seconds(18) for what in answered)
    assert all(seconds(8) <= what.talks_for <= seconds(70) for what in answered)


@pytest.mark.parametrize(
    ("script", "call_no", "kind"),
    [
        ("busy answers", 1, Kind.BUSY),
        ("busy answers", 2, Kind.ANSWERS),
        ("busy answers", 7, Kind.ANSWERS),
        ("no-answer", 1, Kind.NO_ANSWER),
        ("switched-off", 3, Kind.SWITCHED_OFF),
        ("  not-existing  ", 1, Kind.NOT_EXISTING),
        ("ndnc", 1, Kind.NDNC),
        ("kyc answers", 1, Kind.KYC),
        ("kyc answers", 2, Kind.ANSWERS),
    ],
)
def test_a_script_fixes_call_by_call_and_its_last_word_repeats(script: str, call_no: int, kind: Kind) -> None:
    assert fate(TOWN, "+919812300001", call_no, script).kind is kind


def test_a_length_in_a_script_is_that_of_the_talk_or_else_of_the_ringing() -> None:
    assert fate(TOWN, "+919812300001", 1, "answers:25s").talks_for == seconds(25)
    assert fate(TOWN, "+919812300001", 1, "busy:5s") == Fate(Kind.BUSY, seconds(5))


@pytest.mark.parametrize("script", ["maybe", "busy maybe", "answers:soon", "answers:", "no-channel", "Busy"])
def test_a_script_that_cannot_be_read_is_refused_on_the_first_call_already(script: str) -> None:
    with pytest.raises(ValueError, match=r"script|duration"):
        fate(TOWN, "+919812300001", 1, script)


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        (Fate(Kind.ANSWERS, seconds(5), seconds(200)), Fate(Kind.ANSWERS, seconds(5), seconds(60))),
        (Fate(Kind.ANSWERS, seconds(40), seconds(20)), Fate(Kind.NO_ANSWER, seconds(30))),
        (fate(TOWN, "+919812300001", 1, "no-answer"), Fate(Kind.NO_ANSWER, seconds(30))),
        (fate(TOWN, "+919812300001", 1, "no-answer:4s"), Fate(Kind.NO_ANSWER, seconds(4))),
        (Fate(Kind.BUSY, seconds(40)), Fate(Kind.BUSY, seconds(30))),
    ],
    ids=["a long talk", "a late answer", "nobody there", "a ringing of its own", "busy"],
)
def test_a_call_is_cut_to_the_requests_ring_time_and_time_limit(whole: Fate, cut: Fate) -> None:
    assert whole.within(seconds(30), seconds(60)) == cut


@pytest.mark.parametrize(
    ("kind", "status"),
    [(Kind.ANSWERS, "completed"), (Kind.BUSY, "busy"), (Kind.NO_ANSWER, "no-answer"), (Kind.SWITCHED_OFF, "failed")],
)
def test_each_kind_has_exotels_word(kind: Kind, status: str) -> None:
    assert Fate(kind).status == status


def test_the_sample_explains_every_key_and_is_the_default() -> None:
    assert load_town(SAMPLE) == Town()
    keys = {*Town.model_fields, *Shares.model_fields} - {"shares", "faults"}
    assert all(f"{key} = " in SAMPLE.read_text() for key in keys)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sed = 1", "there is no setting sed. Known here: answers_after"),
        ("[shares]\nanswer = 1.0", "there is no setting shares.answer. Known here: answers, busy"),
        ("[shares]\nanswers = 0.9", "shares that make 1 together"),
        ('rate = "fast"', "rate = 'fast' is wrong; right would be: a rate such as"),
        ('talks_for = ["9s", "3s"]', "the shorter one first"),
        ("channels = 0", "channels = 0 is wrong"),
        ("seed = ", "is not valid TOML"),
    ],
)
def test_a_wrong_town_is_refused_with_what_would_be_right(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "town.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_town(file)
    assert says in refused.value.message


def test_a_town_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_town(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("written", "number", "echoed"),
    [
        ("+919812300001", "+919812300001", "09812300001"),
        ("09812300001", "+919812300001", "09812300001"),
        ("919812300001", "+919812300001", "09812300001"),
        ("9812300001", "+919812300001", "09812300001"),
        ("+442071230001", "+442071230001", "+442071230001"),
        ("hello", None, "hello"),
        ("12345", None, "12345"),
    ],
)
def test_numbers_are_read_as_exotel_reads_them_and_echoed_with_a_zero(
    written: str, number: str | None, echoed: str
) -> None:
    assert (e164(written), echo(written)) == (number, echoed)


def test_a_sid_is_32_lower_case_letters_and_digits_and_not_hexadecimal() -> None:
    sids = [new_sid(number, 1, NOON) for number in NUMBERS[:100]]
    assert len(set(sids)) == 100
    assert all(len(sid) == 32 and sid.isalnum() and sid == sid.lower() for sid in sids)
    assert all(set(sid) - set("0123456789abcdef") for sid in sids)
