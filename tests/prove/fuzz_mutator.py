"""Seeded damage to bytes: flips, splices, repeats, deletions and words that parsers stumble over. `fuzz` calls it."""

from collections.abc import Callable, Sequence
from random import Random

LARGEST = 600_000
"""Bytes of an input; a larger one would test the machine."""

WORDS = (
    b"\x00", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b'"', b'""', b"'", b",", b";", b"\t", b"--", b"=", b"&", b"%00", b"%",
    b"%ED%A0%80", b"+", b"{", b"}", b"[", b"]", b"null", b"true", b"NaN", b"-1", b"1e999", b"9" * 400, b"0" * 30,
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xe2\x80\x8f", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\xe0\xa5\xa7\xe0\xa5\xa8", b"\xf0\x9f\x93\x9e", b"\\ud800", b"\\u0000", b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"<![CDATA[", b"]]>", b"&amp;", b"&#0;", b"<a>", b"</a>", b"<Call>", b"</Call>", b"CallSid", b"Status", b"Sid",
    b"completed", b"busy", b"From", b"NDNC", b"+919812300001", b"2025-02-30 25:61:61", b"1970-01-01 00:00:00",
    b"boundary=", b'name="', b"=HYPERLINK(1)", b"@", b"phone", b"mobile", b" " * 500, b"a" * 5000,
)  # fmt: skip


def mutate(data: bytes, others: Sequence[bytes], luck: Random) -> bytes:
    """The data, damaged once or several times; sometimes not at all."""
    for _ in range(luck.choice((0, 1, 1, 1, 2, 3, 5, 8))):
        data = luck.choice(_DAMAGES)(data, others, luck)[:LARGEST]
    return data


def _flip(data: bytes, _others: Sequence[bytes], luck: Random) -> bytes:
    at = _place(data, luck)
    return data[:at] + bytes(byte ^ (1 << luck.randrange(8)) for byte in data[at : at + 1]) + data[at + 1 :]


def _another_byte(data: bytes, _others: Sequence[bytes], luck: Random) -> bytes:
    at = _place(data, luck)
    return data[:at] + luck.randbytes(1) + data[at + 1 :]


def _delete(data: bytes, _others: Sequence[bytes], luck: Random) -> bytes:
    start, end = _span(data, luck)
    return data[:start] + data[end:]


def _cut(data: bytes, _others: Sequence[bytes], luck: Random) -> bytes:
    return data[: _place(data, luck)]


def _repeat(data: bytes, _others: Sequence[bytes], luck: Random) -> bytes:
    start, end = _span(data, luck)
    times = luck.choice((1, 2, 3, 10, 10, 300))
    return data[:end] + data[start:end] * times + data[end:]


def _move(data: bytes, _others: Sequence[bytes], luck: Random) -> bytes:
    start, end = _span(data, luck)
    rest = data[:start] + data[end:]
    at = _place(rest, luck)
    return rest[:at] + data[start:end] + rest[at:]


def _splice(data: bytes, others: Sequence[bytes], luck: Random) -> bytes:
    other = luck.choice(others)
    start, end = _span(other, luck)
    at, until = _span(data, luck)
    return data[:at] + other[start:end] + data[luck.choice((at, until)) :]


def _word(data: bytes, _others: Sequence[bytes], luck: Random) -> bytes:
    start, end = _span(data, luck)
    return data[:start] + luck.choice(WORDS) + data[luck.choice((start, end)) :]


def _place(data: bytes, luck: Random) -> int:
    return luck.randrange(len(data) + 1)


def _span(data: bytes, luck: Random) -> tuple[int, int]:
    """Mostly a short one."""
    start = _place(data, luck)
    return start, min(len(data), start + luck.choice((1, 2, 8, 40, 200, len(data))))


_Damage = Callable[[bytes, Sequence[bytes], Random], bytes]
_DAMAGES: tuple[_Damage, ...] = (_flip, _another_byte, _delete, _cut, _repeat, _move, _splice, _word, _word, _word)
