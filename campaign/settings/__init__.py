"""Settings: what may be set, its unit, its default and why; read once, frozen, refused when wrong.

Flag > environment > `.env` beside the settings file > file > default. Secrets come only from the environment, `.env`
or a file named by `NAME_FILE`; they are in `Secrets`, never in `Settings`, which is stored with the campaign.
"""

from campaign.settings.provider import CallerSettings, ProviderSettings
from campaign.settings.secrets import Secrets
from campaign.settings.section import Section
from campaign.settings.sources import Loaded, load, parse
from campaign.settings.tables import CallbackSettings, ListSettings, PaceSettings, ReportSettings, RetrySettings
from campaign.settings.values import LOOPBACK, Duration, RateText, spans, too_many
from campaign.settings.whole import Settings
from campaign.settings.window import WindowSettings

__all__ = [
    "LOOPBACK",
    "CallbackSettings",
    "CallerSettings",
    "Duration",
    "ListSettings",
    "Loaded",
    "PaceSettings",
    "ProviderSettings",
    "RateText",
    "ReportSettings",
    "RetrySettings",
    "Secrets",
    "Section",
    "Settings",
    "WindowSettings",
    "load",
    "parse",
    "spans",
    "too_many",
]
