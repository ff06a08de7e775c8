"""The settings file as a whole."""

from datetime import date, datetime, time
from typing import Self

from pydantic import model_validator

from campaign.settings.provider import ProviderSettings
from campaign.settings.section import Section
from campaign.settings.tables import (
    CallbackSettings,
    GuardSettings,
    ListSettings,
    PaceSettings,
    ReportSettings,
    RetrySettings,
)
from campaign.settings.values import spans
from campaign.settings.window import WindowSettings


class Settings(Section):
    """Everything a campaign is run by; without secrets, it is stored as the campaign's policy version."""

    LATER = frozenset({"cost"})
    provider: ProviderSettings = ProviderSettings()
    list: ListSettings = ListSettings()
    pace: PaceSettings = PaceSettings()
    retry: RetrySettings = RetrySettings()
    window: WindowSettings = WindowSettings()
    guard: GuardSettings = GuardSettings()
    callbacks: CallbackSettings = CallbackSettings()
    report: ReportSettings = ReportSettings()

    @model_validator(mode="after")
    def _long_enough_to_ring(self) -> Self:
        for day in range(7):
            for opens, closes in spans(self.window.on(day)):
                open_for = datetime.combine(date.min, closes) - datetime.combine(date.min, opens)
                if closes != time(0) and open_for <= self.provider.ring_timeout:
                    raise ValueError("window: hours longer than ring_timeout: a phone must not ring after closing time")
        return self
