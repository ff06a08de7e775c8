"""Where settings come from: flag, environment, `.env`, file; the highest wins."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from campaign.errors import SettingsError
from campaign.settings.faults import first_fault
from campaign.settings.secrets import Secrets
from campaign.settings.whole import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and environment of one command. `file` is None when no settings file was there."""

    settings: Settings
    secrets: Secrets
    file: Path | None


def load(config: Path | None = None, db: Path | None = None, extra: Mapping[str, Any] | None = None) -> Loaded:
    """Read everything, flags last. `extra` is laid over the file: `{section: {key: value}}`.

    Raises SettingsError with the key's name, the value and what would be right.
    """
    file = config or (Path("campaign.toml") if Path("campaign.toml").exists() else None)
    tables = _read(file) if file else {}
    secrets = _environment((file.parent if file else Path()) / ".env")
    secrets = secrets.model_copy(update={"campaign_db": db}) if db else secrets
    _overlay(tables, _from_environment(secrets))
    _overlay(tables, extra or {})
    return Loaded(parse(tables, str(file or "the settings")), secrets, file)


def parse(tables: Mapping[str, Any], source: str) -> Settings:
    """Tables as of the settings file, or of a stored policy version."""
    try:
        return Settings.model_validate(tables)
    except ValidationError as wrong:
        raise SettingsError(first_fault(wrong, source), "Correct it and try again.") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {file}.", "`campaign init` writes one.") from None
    except (OSError, UnicodeDecodeError) as broken:
        raise SettingsError(f"{file} cannot be read: {broken}.") from None
    except tomllib.TOMLDecodeError as wrong:
        raise SettingsError(f"{file} is not valid TOML: {wrong}.") from None


def _environment(dotenv: Path) -> Secrets:
    if dotenv.exists() and dotenv.stat().st_mode & 0o077:
        raise SettingsError(f"Others on this machine can read {dotenv}.", f"chmod 600 {dotenv}")
    try:
        secrets = Secrets(_env_file=dotenv)
    except ValidationError as wrong:
        raise SettingsError(first_fault(wrong, "the environment", upper=True)) from None
    if secrets.campaign_dnc:
        raise SettingsError("CAMPAIGN_DNC is set, but a do-not-call file is not obeyed yet.", "Unset CAMPAIGN_DNC.")
    return secrets


def _from_environment(secrets: Secrets) -> dict[str, dict[str, Any]]:
    named = {
        ("provider", "base_url"): secrets.exotel_base_url,
        ("provider", "caller_id"): secrets.exotel_caller_id,
        ("provider", "flow_url"): secrets.exotel_flow_url,
        ("callbacks", "public_url"): secrets.campaign_public_url,
    }
    tables: dict[str, dict[str, Any]] = {}
    for (section, key), value in named.items():
        if value is not None:
            tables.setdefault(section, {})[key] = value
    return tables


def _overlay(tables: dict[str, Any], other: Mapping[str, Any]) -> None:
    for section, keys in other.items():
        own = tables.setdefault(section, {})
        if isinstance(own, dict):
            own.update(keys)
