"""What is wrong with settings, in words: the key, the value and what would be right."""

import re

from pydantic import ValidationError

from campaign.settings.section import Section
from campaign.settings.whole import Settings

LATER = "not available yet"


def first_fault(wrong: ValidationError, source: str, *, upper: bool = False) -> str:
    fault = wrong.errors(include_url=False)[0]
    path = [str(part) for part in fault["loc"]]
    key = f"{'.'.join(path[:-1])}.{path[-1]}".lstrip(".") if path else "the settings"
    key = key.upper() if upper else key
    if fault["type"] == "extra_forbidden":
        if _planned(path):
            return f"{source}: {key} is not available yet."
        return f"{source}: there is no setting {key}. Known here: {', '.join(_known(path))}."
    right = fault["msg"].removeprefix("Value error, ")
    if not path or not isinstance(fault["input"], str | int | float | bool | list):
        return f"{source}: {key}: {right}."
    if right.startswith(LATER):
        return f"{source}: {key} = {_shown(fault['input'])}: {right}."
    if fault["type"] == "literal_error":
        right = fault["ctx"]["expected"]
    if fault["type"] == "string_type":
        right = f'text in quotes, such as "{fault["input"]}"'
    return f"{source}: {key} = {_shown(fault['input'])} is wrong; right would be: {right}."


def _shown(value: object) -> str:
    """A wrong value as it was given, but for a name and a password in an address."""
    return re.sub(r"//[^/@]*@", "//…@", repr(value))


def _section(path: list[str]) -> type[Section]:
    if len(path) == 1:
        return Settings
    kind = Settings.model_fields[path[0]].annotation
    assert isinstance(kind, type)
    assert issubclass(kind, Section)
    return kind


def _planned(path: list[str]) -> bool:
    return path[-1] in _section(path).LATER


def _known(path: list[str]) -> list[str]:
    return sorted(_section(path).model_fields)
