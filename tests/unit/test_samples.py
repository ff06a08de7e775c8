"""The samples are what people start from: they must be read as they stand, and show everything there is to set."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from campaign.settings import Settings, load
from campaign.simulator.town import Town, load_town

SAMPLES = Path(__file__).parents[2] / "samples"
ENVIRONMENT = ("EXOTEL_BASE_URL", "EXOTEL_CALLER_ID", "EXOTEL_FLOW_URL", "CAMPAIGN_PUBLIC_URL", "CAMPAIGN_DNC")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


def keys(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((SAMPLES / name).read_text(encoding="utf-8"))


def test_the_sample_settings_are_accepted() -> None:
    loaded = load(SAMPLES / "campaign.toml")
    assert loaded.settings.provider.caller_id == "08030000000"
    assert loaded.settings.pace.rate[0] == 120


@pytest.mark.parametrize("section", sorted(keys(Settings)))
def test_the_sample_settings_show_every_key_of_a_section(section: str) -> None:
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    days = {"mon", "tue", "wed", "thu", "fri"} if section == "window" else set()  # two of the week explain all seven
    assert set(table("campaign.toml")[section]) == keys(model) - days


def test_the_sample_settings_use_only_columns_of_the_sample_list() -> None:
    header = (SAMPLES / "leads.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    sample = table("campaign.toml")
    assert sample["list"]["phone_column"] in header
    assert "{language}" in sample["provider"]["custom_field"]
    assert "language" in header


def test_the_sample_town_is_accepted() -> None:
    assert load_town(SAMPLES / "town.toml").shares.answers == 0.55


@pytest.mark.parametrize("key", sorted(keys(Town)))
def test_the_sample_town_shows_every_key(key: str) -> None:
    """Commented out is shown too: no town is in trouble by default."""
    text = (SAMPLES / "town.toml").read_text(encoding="utf-8")
    assert re.search(rf"^(# ?)?\[?{key}\b", text, re.MULTILINE)
