"""`campaign init`: the two files to fill in, explained from the settings themselves."""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from campaign.cli.console import tell
from campaign.errors import UsageError
from campaign.settings import Settings

ENV = """\
# Secrets and what belongs to this machine. Keep it private (chmod 600); it is read from beside campaign.toml.
# Exotel's dashboard, Settings → API: key, token and account SID.
EXOTEL_API_KEY=
EXOTEL_API_TOKEN=
EXOTEL_ACCOUNT_SID=
# EXOTEL_BASE_URL=https://api.in.exotel.com      # accounts of the Mumbai region
# CAMPAIGN_PUBLIC_URL=https://calls.example.org  # if Exotel can reach this machine; otherwise it is asked
# CAMPAIGN_LISTEN=127.0.0.1:8080                 # where callbacks are heard
"""

HEAD = """\
# How calls are made. Every key stands here with its default; `campaign run` shows what is in force.
# Secrets do not belong here but into .env beside it.
"""


def write(directory: Path) -> None:
    """Both files, or neither. Raises UsageError when one is there already."""
    toml, env = directory / "campaign.toml", directory / ".env"
    for file in (toml, env):
        if file.exists():
            raise UsageError(f"{file} is there already.", "Edit it, or move it away first.")
    directory.mkdir(parents=True, exist_ok=True)
    toml.write_text(explained(), encoding="utf-8")
    with os.fdopen(os.open(env, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as private:
        private.write(ENV)
    tell(
        f"Wrote {toml} and {env}.",
        "Fill in the three secrets, and caller_id and flow_url in [provider]; then: campaign run LEADS.csv --limit 5",
    )


def explained() -> str:
    """The settings file with every key, its default and its meaning."""
    return "\n".join([HEAD, *_tables(Settings())])


def _tables(settings: Settings) -> Iterator[str]:
    values = settings.model_dump(mode="json")
    for name, section in values.items():
        part: BaseModel = getattr(settings, name)
        yield f"[{name}]"
        for key, value in section.items():
            field = type(part).model_fields[key]
            note = f"# {field.description}" if field.description else ""
            line = f'# {key} = ""' if value is None else f"{key} = {_toml(value)}"
            yield f"{line:<44}{note}".rstrip()
        yield ""


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
