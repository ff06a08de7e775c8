"""A small part of the proof that no secret and no number gets out (`tests/prove/canary.py`)."""

import pytest

from tests.prove.canary import prove
from tests.prove.canary_needles import Secret
from tests.prove.part import Extent

SECRET = Secret("API token", 'ca"na/+ %&=ry')


@pytest.mark.timeout(180)  # several processes
def test_no_secret_and_no_number_gets_out_and_no_core_may_be_dumped() -> None:
    proved = prove(Extent(slice=True))
    assert not proved.failures, "\n".join(proved.failures)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("raw", b'x ca"na/+ %&=ry'),
        ("base64", b"Basic a2V5OmNhIm5hLysgJSY9cnk="),
        ("base64", b"Y2EibmEvKyAlJj1yeQ=="),
        ("base64url", b"a2V5OmNhIm5hLysgJSY9cnk=".replace(b"/", b"_").replace(b"+", b"-")),
        ("hex", b"6361226e612f2b202526" + b"3d7279"),
        ("URL", b"ca%22na%2F%2B+%25%26%3Dry"),
        ("JSON", b'ca\\"na/+ %&=ry'),
        ("UTF-16", 'ca"na/+ %&=ry'.encode("utf-16-le")),
        ("reversed", b'yr=&% +/an"ac'),
    ],
)
def test_a_secret_is_seen_in_each_of_eight_encodings(encoding: str, text: bytes) -> None:
    assert SECRET.seen_in(b"before " + text + b" after")
    assert encoding in dict(SECRET.needles())
