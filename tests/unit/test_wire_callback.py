"""What a status callback says, in whichever notation it comes."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.attempt import CallSid, Disposition
from campaign.core.call import CallReport, Unreadable
from campaign.provider.exotel.wire import MAX_CALLBACK, disposition, read_callback

SID = "c0ffee0000000000000000000000189g"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=form-data-boundary-0123456789abcdef"


def multipart(
    *fields: tuple[str, str], boundary: str = "form-data-boundary-0123456789abcdef", eol: str = "\r\n"
) -> bytes:
    parts = [f'--{boundary}{eol}Content-Disposition: form-data; name="{n}"{eol}{eol}{v}{eol}' for n, v in fields]
    return ("".join(parts) + f"--{boundary}--{eol}{eol}").encode()


ENDED = (("CallSid", SID), ("Status", "no-answer"))
REPORT = CallReport(CallSid(SID), "no-answer", Disposition.NO_ANSWER)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (MULTIPART, multipart(*ENDED)),
        (MULTIPART, multipart(*ENDED, eol="\n")),
        (MULTIPART, b"a preamble\r\n" + multipart(*ENDED)),
        ('Multipart/Form-Data; Boundary="x"', multipart(*ENDED, boundary="x")),
        ("", multipart(*ENDED)),
        (FORM, multipart(*ENDED)),
        ("multipart/form-data", multipart(*ENDED)),
        (FORM, urlencode(ENDED).encode()),
        ("", urlencode(ENDED).encode()),
        ("text/plain", urlencode(ENDED).encode()),
        ("application/json", b'{"CallSid": "%s", "Status": "no-answer"}' % SID.encode()),
        ("application/json; charset=utf-8", b'\xef\xbb\xbf{"CallSid": "%s", "Status": "no-answer"}' % SID.encode()),
        (FORM, b' {"CallSid": "%s", "Status": "no-answer"}' % SID.encode()),
    ],
)
def test_one_callback_in_every_notation_says_the_same(content_type: str, body: bytes) -> None:
    assert read_callback(content_type, body) == REPORT


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (MULTIPART, multipart(("Status", "completed"))),
        (MULTIPART, multipart(("CallSid", ""), ("Status", "completed"))),
        (FORM, b"CallSid=&Status=completed"),
        (FORM, b"Sid=c0ffee&Status=completed"),
        ("application/json", b'{"CallSid": null, "Status": "completed"}'),
        ("application/json", b'{"CallSid": ["a"], "Status": "completed"}'),
    ],
)
def test_without_a_sid_it_says_nothing(content_type: str, body: bytes) -> None:
    assert read_callback(content_type, body) == Unreadable("no CallSid")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (MULTIPART, b""),
        (FORM, b""),
        ("application/json", b"[1, 2]"),
        ("application/json", b'{"CallSid": "c0ffee'),
        ("application/json", b"[" * 60_000),
        (MULTIPART, b"--another\r\n"),
        (MULTIPART, b"--form-data-boundary-0123456789abcdef--"),
        (FORM, b"a=1&" * 1000),
    ],
)
def test_what_is_no_form_says_so(content_type: str, body: bytes) -> None:
    assert read_callback(content_type, body) == Unreadable("no form and no JSON object")


def test_a_callback_larger_than_the_limit_is_not_read() -> None:
    body = urlencode(ENDED).encode()
    assert read_callback(FORM, body.ljust(MAX_CALLBACK, b"+")) == REPORT
    assert read_callback(FORM, body.ljust(MAX_CALLBACK + 1, b"+")) == Unreadable("larger than a callback can be")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (MULTIPART, multipart(*ENDED, ("Status", "completed"), ("CallSid", "other"))),
        (FORM, urlencode([*ENDED, ("Status", "completed"), ("CallSid", "other")]).encode()),
        ("application/json", b'{"CallSid":"%s","Status":"no-answer","Status":"busy","CallSid":"x"}' % SID.encode()),
    ],
)
def test_of_a_key_that_comes_twice_the_first_stands(content_type: str, body: bytes) -> None:
    assert read_callback(content_type, body) == REPORT


@pytest.mark.parametrize("recording", [(), (("RecordingUrl", ""),), (("RecordingUrl", "  "),)])
def test_a_call_not_recorded_has_no_recording(recording: tuple[tuple[str, str], ...]) -> None:
    assert read_callback(MULTIPART, multipart(*ENDED, *recording)) == REPORT


def test_an_extended_callback_brings_the_conversation_the_price_and_the_numbers() -> None:
    body = b"""{"CallSid": "c0ffee01", "Status": "completed", "EventType": "terminal", "From": "09812300001",
        "To": "08012300000", "ConversationDuration": 18, "Direction": "outbound-api", "RecordingUrl": "https://r/1.mp3",
        "StartTime": "2026-03-04 12:00:00", "EndTime": "1970-01-01 05:30:00", "Price": 0.750, "Legs": [{}]}"""
    assert read_callback("application/json", body) == CallReport(
        CallSid("c0ffee01"),
        "completed",
        Disposition.COMPLETED,
        conversation_sec=18,
        price="0.75",
        recording_url="https://r/1.mp3",
        started="2026-03-04 12:00:00",
        number="09812300001",
        caller_id="08012300000",
        direction="outbound-api",
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("completed", Disposition.COMPLETED),
        ("Completed", Disposition.COMPLETED),
        ("busy", Disposition.BUSY),
        ("no-answer", Disposition.NO_ANSWER),
        ("NO_ANSWER", Disposition.NO_ANSWER),
        ("no answer", Disposition.NO_ANSWER),
        ("failed", Disposition.FAILED),
        ("canceled", Disposition.FAILED),
        ("cancelled", Disposition.FAILED),
        ("queued", None),
        ("ringing", None),
        ("in-progress", None),
        ("in_progress", None),
        ("", None),
        ("completed-no-answer", None),
        ("answered", None),
    ],
)
def test_every_word_has_one_meaning_and_a_new_one_none(word: str, expected: Disposition | None) -> None:
    assert disposition(word) is expected


def test_a_callback_keeps_exotels_own_word() -> None:
    report = read_callback(FORM, b"CallSid=c0ffee01&Status=Cancelled")
    assert report == CallReport(CallSid("c0ffee01"), "Cancelled", Disposition.FAILED)


CONTENT_TYPES = st.sampled_from([FORM, MULTIPART, "application/json", "multipart/form-data", ""]) | st.text(max_size=40)
NOISE = st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))


@given(content_type=CONTENT_TYPES, before=NOISE, after=NOISE)
def test_no_bytes_whatever_make_it_raise(content_type: str, before: bytes, after: bytes) -> None:
    for body in (before, before + multipart(*ENDED) + after, b'{"CallSid":' + before + b"}", b"CallSid=" + after):
        report = read_callback(content_type, body)
        assert isinstance(report, CallReport | Unreadable)
        assert "\x00" not in repr(report)
