"""Which letters the bytes of a text file stand for. Called by `text`.

UTF-8 and UTF-16 give themselves away, and the whole file is held against them. The code pages of one byte a letter do
not: nearly every byte is a letter in each of them, so theirs is a good guess, and said to be one. Numbers are digits
in all of them.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper

from campaign.errors import ListError
from campaign.intake.file import Bytes

BLOCK = 1 << 20
_HEAD = 4_096
_SAMPLE = 50_000  # bytes of lines with letters beyond ASCII; more say nothing new
_LONGEST = 32_000_000  # characters of a line, as in `scan`

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_USUAL = "cp1252"
_LATIN = [_USUAL, "cp1250", "cp1254", "cp1257"]
_OTHER = ["cp1251", "cp1253", "cp1255", "cp1256"]
_A_WORD = re.compile(rb"[\x80-\xff]{3}")  # in Latin scripts letters beyond ASCII stand alone


@dataclass(frozen=True, slots=True)
class Encoding:
    """`codec`: Python's name; `told`: for a person, with how it is known."""

    codec: str
    told: str


def named(encoding: str, file: str) -> Encoding:
    """The one that was given. Raises ListError for an unknown one."""
    try:
        codec = codecs.lookup(encoding)
        "".encode(codec.name)  # some codecs are of bytes to bytes
    except (LookupError, TypeError, ValueError):
        raise ListError(
            f"there is no encoding “{encoding}”.", "Common ones: utf-8, utf-16, cp1252, cp1251.", file=file
        ) from None
    return Encoding("utf-8-sig" if codec.name == "utf-8" else codec.name, f"{codec.name}, as you say")


def recognised(stream: Bytes, file: str) -> Encoding:
    """By its mark, by every byte of it, or by its letters. Raises ListError where some lines contradict the others."""
    head = stream.read(_HEAD)
    for mark, codec, told in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, told)
    if wide := _wide(head):
        return wide
    stream.seek(0)
    if _is_utf8(stream):
        return Encoding("utf-8", "UTF-8")
    stream.seek(0)
    return _code_page(_beyond_ascii(stream, file))


def _wide(head: bytes) -> Encoding | None:
    """UTF-16 without a mark: in most lists of the world every second byte of its beginning is 0."""
    first, second = head[::2].count(0), head[1::2].count(0)
    most = len(head) // 2 * 0.4
    if second > most > 10 * first:
        return Encoding("utf-16-le", "UTF-16")
    if first > most > 10 * second:
        return Encoding("utf-16-be", "UTF-16")
    return None


def _is_utf8(stream: Bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _beyond_ascii(stream: Bytes, file: str) -> bytes:
    """The letters beyond ASCII with the words they stand in, from the whole file as far as they say something new."""
    sample, size, utf8, other = [], 0, 0, 0
    for number, line in enumerate(_physical(stream), 1):
        if line.isascii():
            continue
        if _is_text(line):
            utf8 = utf8 or number
        else:
            other = other or number
        if utf8 and other:
            raise ListError(
                f"line {utf8} is UTF-8 and this one is not.",
                "Save the list again from the program it comes from, or say --encoding cp1252.",
                file=file,
                line=other,
            )
        if size < _SAMPLE:
            sample.append(line[:_SAMPLE])
            size += len(line)
    return b"".join(sample)


def _physical(stream: Bytes) -> Iterator[bytes]:
    text = TextIOWrapper(stream, encoding="latin-1", newline="")
    try:
        for line in iter(lambda: text.readline(_LONGEST), ""):
            yield line.encode("latin-1")
    finally:
        text.detach()


def _is_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _code_page(sample: bytes) -> Encoding:
    """Windows-1252 unless the letters make better sense otherwise; what it cannot read is refused further on."""
    from charset_normalizer import from_bytes

    pages = _OTHER if _A_WORD.search(sample) else _LATIN
    found = list(from_bytes(sample, cp_isolation=pages, threshold=1))
    if not found:
        return _guess(_USUAL)
    best = max(found, key=lambda each: (each.coherence, -each.chaos, _USUAL in each.could_be_from_charset))
    return _guess(_USUAL if _USUAL in best.could_be_from_charset else best.encoding)


def _guess(codec: str) -> Encoding:
    page = codec.removeprefix("cp")
    return Encoding(codec, f"Windows-{page} by its letters (if names look wrong, say --encoding)")
