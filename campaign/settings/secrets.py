"""The environment: credentials, and what belongs to a machine."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaign.errors import SettingsError
from campaign.settings.values import Address, Listen


class Secrets(BaseSettings):
    """The environment: secrets, and the few settings that belong to a machine rather than to a campaign."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    exotel_api_key: SecretStr | None = None
    exotel_api_key_file: Path | None = None
    exotel_api_token: SecretStr | None = None
    exotel_api_token_file: Path | None = None
    exotel_account_sid: str | None = None
    campaign_key: SecretStr | None = None
    campaign_key_file: Path | None = None

    exotel_base_url: Address | None = None
    exotel_caller_id: str | None = None
    exotel_flow_url: str | None = None
    campaign_public_url: Address | None = None
    campaign_listen: Listen = "127.0.0.1:8080"
    campaign_db: Path = Path("campaign.db")
    campaign_dnc: Path | None = None

    def secret(self, name: str) -> str | None:
        """The value of `name`, or the text of the file that `name_file` points to."""
        given: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        if given or not file:
            return given.get_secret_value() if given else None
        try:
            return file.read_text().strip()
        except OSError as broken:
            raise SettingsError(
                f"{name.upper()}_FILE names {file}, which cannot be read: {broken.strerror}."
            ) from broken
