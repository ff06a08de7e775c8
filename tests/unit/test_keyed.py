"""What the key makes is steady, separated by purpose, and never shows the key."""

import pickle
from base64 import urlsafe_b64decode

import pytest

from campaign.core.keyed import Key, PublicId
from campaign.core.lead import PhoneNumber
from tests.builders import NUMBER

KEY = Key(b"a key for tests")
ANOTHER = Key(b"another key for tests")
ATTEMPT = PublicId("attempt-1")


def test_the_same_number_has_the_same_hash_under_one_key_only() -> None:
    assert KEY.number_hash(NUMBER) == Key(b"a key for tests").number_hash(PhoneNumber(NUMBER.e164))
    assert KEY.number_hash(NUMBER) != ANOTHER.number_hash(NUMBER)
    assert KEY.number_hash(NUMBER) != KEY.number_hash(PhoneNumber("+919812300002"))


def test_a_hash_has_128_bits_and_no_digits_of_the_number() -> None:
    made = KEY.number_hash(NUMBER)
    assert len(bytes.fromhex(made)) == 16
    assert NUMBER.e164[1:] not in made


def test_a_tag_has_128_bits_and_can_stand_in_an_address() -> None:
    tag = KEY.tag(ATTEMPT)
    assert len(urlsafe_b64decode(tag + "==")) == 16
    assert "=" not in tag


def test_a_tag_fits_its_own_attempt_under_its_own_key() -> None:
    assert KEY.tag_fits(ATTEMPT, KEY.tag(ATTEMPT))


@pytest.mark.parametrize(
    "tag",
    ["", KEY.tag(PublicId("attempt-2")), ANOTHER.tag(ATTEMPT), KEY.tag(ATTEMPT) + "A", KEY.tag(ATTEMPT)[:-1], "é"],
)
def test_any_other_tag_does_not_fit(tag: str) -> None:
    assert not KEY.tag_fits(ATTEMPT, tag)


def test_purposes_never_mix() -> None:
    text = PublicId(NUMBER.e164)
    assert urlsafe_b64decode(KEY.tag(text) + "==").hex() != KEY.number_hash(NUMBER)


def test_a_database_can_tell_a_wrong_key_by_its_id() -> None:
    assert KEY.id == Key(b"a key for tests").id
    assert KEY.id != ANOTHER.id


def test_a_key_is_never_printed() -> None:
    assert f"{KEY} {KEY!r} {[KEY]}" == "Key(***) Key(***) [Key(***)]"


def test_a_key_is_not_written_anywhere() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
