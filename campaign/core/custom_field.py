"""Exotel's CustomField: a template of `[provider] custom_field`, filled for each attempt."""

import re
from collections.abc import Mapping

from campaign.core.keyed import PublicId

LONGEST = 128  # Exotel's OpenAPI description of Calls/connect
ATTEMPT = "attempt"
PUBLIC_ID_LENGTH = 24

_PLACE = re.compile(r"\{([^{}]+)\}")


def columns_used(template: str) -> list[str]:
    """The list's columns that the template names, each once."""
    return [name for name in dict.fromkeys(_PLACE.findall(template)) if name != ATTEMPT]


def fill(template: str, attempt: PublicId, columns: Mapping[str, str]) -> str:
    """The field for one attempt; a column that the lead's file does not have is empty."""
    known = {**columns, ATTEMPT: attempt}
    return _PLACE.sub(lambda place: known.get(place[1], ""), template)


def length(template: str, columns: Mapping[str, str]) -> int:
    """How long the field will be for a lead with these columns."""
    return len(fill(template, PublicId("x" * PUBLIC_ID_LENGTH), columns))
