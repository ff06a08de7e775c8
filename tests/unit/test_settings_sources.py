"""Where settings come from: which of two sources wins, which files are read, and where secrets may be."""

from pathlib import Path

import pytest

from campaign.errors import SettingsError
from campaign.settings import Settings, load
from tests.builders import seconds

ENVIRONMENT = [
    "EXOTEL_API_KEY",
    "EXOTEL_API_KEY_FILE",
    "EXOTEL_API_TOKEN",
    "EXOTEL_API_TOKEN_FILE",
    "EXOTEL_ACCOUNT_SID",
    "EXOTEL_BASE_URL",
    "EXOTEL_CALLER_ID",
    "EXOTEL_FLOW_URL",
    "CAMPAIGN_KEY",
    "CAMPAIGN_KEY_FILE",
    "CAMPAIGN_PUBLIC_URL",
    "CAMPAIGN_LISTEN",
    "CAMPAIGN_DB",
    "CAMPAIGN_DNC",
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


# --- which source wins -----------------------------------------------------------------------------------------------


def test_without_any_source_the_defaults_hold() -> None:
    loaded = load()
    assert (loaded.file, loaded.settings) == (None, Settings())
    assert (loaded.secrets.campaign_db, loaded.secrets.campaign_listen) == (Path("campaign.db"), "127.0.0.1:8080")


SOURCES = ["default", "file", ".env", "environment", "flag"]


@pytest.mark.parametrize("strongest", range(len(SOURCES)))
def test_a_flag_beats_the_environment_beats_dotenv_beats_the_file_beats_the_default(
    strongest: int, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = SOURCES[: strongest + 1]
    if "file" in present:
        write(here / "campaign.toml", '[provider]\ncaller_id = "file"\nring_timeout = "20s"\n')
    if ".env" in present:
        write(here / ".env", "EXOTEL_CALLER_ID=.env\n")
    if "environment" in present:
        monkeypatch.setenv("EXOTEL_CALLER_ID", "environment")
    provider = load(extra={"provider": {"caller_id": "flag"}} if "flag" in present else None).settings.provider
    assert provider.caller_id == (SOURCES[strongest] if strongest else "")
    assert provider.ring_timeout == seconds(20 if "file" in present else 30)  # the other keys stay


@pytest.mark.parametrize(
    ("name", "section", "key"),
    [
        ("EXOTEL_BASE_URL", "provider", "base_url"),
        ("EXOTEL_CALLER_ID", "provider", "caller_id"),
        ("EXOTEL_FLOW_URL", "provider", "flow_url"),
        ("CAMPAIGN_PUBLIC_URL", "callbacks", "public_url"),
    ],
)
def test_a_name_of_the_environment_sets_its_key(
    name: str, section: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "https://calls.example")
    assert getattr(getattr(load().settings, section), key) == "https://calls.example"


def test_an_empty_name_of_the_environment_sets_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here / "campaign.toml", '[provider]\ncaller_id = "08012300000"\n')
    monkeypatch.setenv("EXOTEL_CALLER_ID", "")
    assert load().settings.provider.caller_id == "08012300000"


def test_the_database_comes_from_the_flag_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_DB", "environment.db")
    assert load().secrets.campaign_db == Path("environment.db")
    assert load(db=Path("flag.db")).secrets.campaign_db == Path("flag.db")


def test_dotenv_is_read_beside_the_settings_file(here: Path) -> None:
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    write(here / ".env", "EXOTEL_CALLER_ID=here\n")
    write(elsewhere / ".env", "EXOTEL_CALLER_ID=elsewhere\n")
    file = write(elsewhere / "mine.toml", "")
    loaded = load(config=file)
    assert (loaded.file, loaded.settings.provider.caller_id) == (file, "elsewhere")


# --- secrets ---------------------------------------------------------------------------------------------------------

SECRETS = ["exotel_api_key", "exotel_api_token", "campaign_key"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file_of_its_own(name: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{name.upper()}_FILE", str(write(here / "secret", "from a file\n")))
    assert load().secrets.secret(name) == "from a file"
    monkeypatch.setenv(name.upper(), "by name")
    assert load().secrets.secret(name) == "by name"


def test_a_secret_nobody_gave_is_none() -> None:
    assert [load().secrets.secret(name) for name in SECRETS] == [None, None, None]


def test_a_secrets_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_KEY_FILE", "nowhere")
    with pytest.raises(SettingsError, match="CAMPAIGN_KEY_FILE names nowhere, which cannot be read: No such file"):
        load().secrets.secret("campaign_key")


def test_secrets_are_not_printed_and_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name.upper(), "not to be seen")
    loaded = load()
    assert "not to be seen" not in f"{loaded!r} {loaded.settings.model_dump(mode='json')}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_dotenv_that_others_can_read_is_refused(mode: int, here: Path) -> None:
    write(here / ".env", "EXOTEL_API_KEY=invented\n", mode)
    with pytest.raises(SettingsError, match=r"Others on this machine can read \.env") as refused:
        load()
    assert refused.value.hint == "chmod 600 .env"


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_settings_file_that_is_not_there_is_named_with_the_next_step() -> None:
    with pytest.raises(SettingsError, match=r"There is no settings file mine\.toml\.") as refused:
        load(config=Path("mine.toml"))
    assert refused.value.hint == "`campaign init` writes one."


def test_a_settings_file_that_cannot_be_read_is_refused(here: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(config=here)
    (here / "latin.toml").write_bytes(b'[provider]\ncaller_id = "\xe9"\n')
    with pytest.raises(SettingsError, match=r"latin\.toml cannot be read"):
        load(config=here / "latin.toml")


def test_a_settings_file_that_is_not_toml_is_refused_with_the_line(here: Path) -> None:
    with pytest.raises(SettingsError, match=r"mine\.toml is not valid TOML: .*line 2"):
        load(config=write(here / "mine.toml", "[pace]\nrate = 200/min\n"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("CAMPAIGN_LISTEN", "8080"), ("CAMPAIGN_LISTEN", "127.0.0.1:99999"), ("EXOTEL_BASE_URL", "ftp://calls.example")],
)
def test_a_wrong_name_of_the_environment_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(
        SettingsError, match=f"the environment: {name} = '{value}' is wrong; right would be: an address"
    ):
        load()


def test_a_do_not_call_file_is_refused_until_it_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_DNC", "dnc.csv")
    with pytest.raises(SettingsError, match="CAMPAIGN_DNC is set, but a do-not-call file is not obeyed yet"):
        load()


def test_a_flag_cannot_mend_a_section_that_is_no_table(here: Path) -> None:
    write(here / "campaign.toml", "pace = 3\n")
    with pytest.raises(SettingsError, match=r"campaign\.toml: pace = 3 is wrong"):
        load(extra={"pace": {"rate": "3/s"}})
