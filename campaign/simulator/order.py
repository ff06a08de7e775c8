"""A connect request as Exotel reads it: the fields of its body, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.parser import BytesParser
from urllib.parse import parse_qsl, urlsplit

from campaign.simulator import line
from campaign.simulator.numbers import e164
from campaign.simulator.shapes import RestException
from campaign.simulator.town import Town

LONGEST_FIELD = 128
LONGEST_CALL = 14400


@dataclass(frozen=True, slots=True)
class Order:
    """One call that is asked for. `script`: what its phone shall do, empty for what follows from the seed."""

    number: str
    caller_id: str
    custom_field: str
    script: str
    ring_timeout: timedelta
    time_limit: timedelta
    callback: str | None

    def fate(self, town: Town, call_no: int) -> line.Fate:
        """What the number's `call_no`-th call comes to. Raises RestException for a script that cannot be read."""
        try:
            fate = line.fate(town, self.number, call_no, self.script)
        except ValueError as unread:
            raise wrong("CustomField", f"holds a script that cannot be simulated: {unread}") from None
        return fate.within(self.ring_timeout, self.time_limit)


def fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form, urlencoded or multipart: Exotel takes both."""
    if content_type.startswith("multipart/"):
        message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
        parts = message.get_payload() if message.is_multipart() else []
        return {
            str(part.get_param("name", header="content-disposition")): str(part.get_payload()).strip()
            for part in parts
            if not isinstance(part, str)
        }
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def read(given: Mapping[str, str], town: Town) -> Order:
    """Raises RestException 400 naming the first field that is missing or wrong."""
    number = e164(_required(given, "From"))
    if not number:
        raise wrong("From", "is not a valid phone number")
    caller_id = _required(given, "CallerId")
    _required(given, "Url")
    custom_field = given.get("CustomField", "")
    if len(custom_field) > LONGEST_FIELD:
        raise wrong("CustomField", f"is longer than {LONGEST_FIELD} characters")
    order = Order(
        number=number,
        caller_id=e164(caller_id) or caller_id,
        custom_field=custom_field,
        script=custom_field.partition("simulate=")[2],
        ring_timeout=_seconds(given, "TimeOut", 30),
        time_limit=_seconds(given, "TimeLimit", LONGEST_CALL),
        callback=_address(given, "StatusCallback"),
    )
    if town.caller_ids and order.caller_id not in {e164(each) for each in town.caller_ids}:
        raise wrong("CallerId", "is not an ExoPhone of this account")
    return order


def wrong(name: str, why: str) -> RestException:
    """400 naming a parameter, in the words of capture R8."""
    return RestException(400, f"The '{name}' parameter {why}.")


def _required(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "").strip()
    if not value:
        raise wrong(name, "is required")
    return value


def _address(given: Mapping[str, str], name: str) -> str | None:
    url = given.get(name) or None
    try:
        if url and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname):
            raise wrong(name, "is not a web address")
    except ValueError:
        raise wrong(name, "is not a web address") from None
    return url


def _seconds(given: Mapping[str, str], name: str, usual: int) -> timedelta:
    text = given.get(name) or str(usual)
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_CALL:
        raise wrong(name, f"is not a number of seconds from 1 to {LONGEST_CALL}")
    return timedelta(seconds=int(text))
