"""A number in the two spellings of Exotel's wire: what may be asked, and how it is echoed."""

import re

_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_INDIAN = re.compile(r"(?:0|91)?([1-9][0-9]{9})", re.ASCII)


def e164(text: str) -> str | None:
    """`+919812300001` from any spelling Exotel takes; None for what is no phone number."""
    if _INTERNATIONAL.fullmatch(text):
        return text
    indian = _INDIAN.fullmatch(text)
    return f"+91{indian[1]}" if indian else None


def echo(text: str) -> str:
    """As Exotel's answers write it: `09812300001`; a number that is not Indian stays in E.164."""
    number = e164(text) or text
    return f"0{number[3:]}" if number.startswith("+91") else number
