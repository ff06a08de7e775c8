"""What can go wrong in front of a person, each with the exit code the command ends with.

    CampaignError            1  our fault, or the machine's
    ├── UsageError           2  the command line, a setting, the state a command does not fit
    │   ├── SettingsError    2  names the key, the value and what would be right
    │   └── ListError        2  names the file, and the line and column where they are known
    ├── AccountRefused       5  the provider refuses the account
    └── Occupied             6  another process holds this database or account

A message is one or two sentences for the person at the terminal; `hint` is the next step. Broken calls, busy
lines and doubtful answers are no exceptions: they are events (`core.events`).
"""


class CampaignError(Exception):
    """Root of everything a command reports; `exit_code` is what the process ends with."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CampaignError):
    """The command cannot be carried out as given."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown, wrong, missing or not available yet."""


class ListError(UsageError):
    """A list cannot be loaded."""

    def __init__(self, message: str, hint: str = "", *, file: str, line: int | None = None) -> None:
        where = f"{file}, line {line}" if line is not None else file
        super().__init__(f"{where}: {message}", hint)
        self.file = file
        self.line = line


class AccountRefused(CampaignError):
    """The provider does not accept the account: credentials, balance, verification."""

    exit_code = 5


class Occupied(CampaignError):
    """Another process holds the database or the account."""

    exit_code = 6
