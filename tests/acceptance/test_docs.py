"""What is written for people is true: its commands run, and whatever can be typed or set is written of."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from campaign.cli.main import app
from campaign.core.records import RejectReason
from campaign.report.rows import ATTEMPT_COLUMNS, LEAD_COLUMNS, REJECT_COLUMNS
from campaign.settings import Secrets, Settings
from tests.acceptance.town import ROOT, an_office

FENCED = re.compile(r"^( *)```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(campaign [^`]+)`")
NEEDS_NO_ACCOUNT = {"init", "list", "status", "report"}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = "\n".join(page.read_text() for page in PAGES)


def _commands(page: Path) -> list[list[str]]:
    """Of the code blocks: what follows a `campaign` at the start of a line, comments and prompts left out."""
    lines = [
        line.strip().removeprefix("$ ") for _, block in FENCED.findall(page.read_text()) for line in block.split("\n")
    ]
    return [shlex.split(line, comments=True)[1:] for line in lines if re.match(r"campaign( |$)", line)]


def _mentioned(page: Path) -> list[list[str]]:
    """Commands in running text; what a person shall put in is a word in capitals."""
    spans = [span for span in SPAN.findall(page.read_text()) if not re.search(r"[\[\]|…<>{}]|\.\.\.", span)]
    return [shlex.split(span)[1:] for span in spans]


def _parse(command: list[str]) -> None:
    """As the real command line does, and nothing more. Raises what the person would be told."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    context = group.make_context("campaign", list(command))
    name, found, rest = group.resolve_command(context, list(command))
    assert found is not None, f"there is a command {name}"
    if rest:  # a bare name is only talked about
        found.make_context(name, rest, parent=context)


def _runs_by_itself(command: list[str]) -> bool:
    return command[0] in NEEDS_NO_ACCOUNT or (command[0] == "run" and "--simulate" in command)


def test_commands_of_the_readme_that_need_no_account_run_as_written(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        (tmp_path / "campaign.toml").unlink()
        (tmp_path / "samples").symlink_to(ROOT / "samples")
        commands = [command for command in _commands(ROOT / "README.md") if _runs_by_itself(command)]
        assert ["init"] in commands
        assert [command for command in commands if command[0] == "run"], "the README shows a run that calls nobody"
        for command in commands:
            ended = office.types(*command, *(["--speed", "600"] if command[0] == "run" else []))
            assert ended.code == 0, f"campaign {' '.join(command)}\n{ended}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_written_of_is_one(page: Path) -> None:
    for command in [*_commands(page), *_mentioned(page)]:
        if not {"-h", "--help"} & set(command):
            _parse(command)


def _typed(group: TyperGroup, within: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each command as it is typed, with its options; those of groups too: `unknown list`."""
    for name, command in group.commands.items():
        yield f"{within}{name}", [text for each in command.params for text in each.opts if text.startswith("--")]
        if isinstance(command, TyperGroup):
            yield from _typed(command, f"{within}{name} ")


def _every_command() -> dict[str, list[str]]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(_typed(group))


def test_every_command_is_written_of() -> None:
    assert not [name for name in _every_command() if not re.search(rf"\bcampaign {name}\b", WRITTEN)]


def test_every_option_is_written_of() -> None:
    options = {each for of_one in _every_command().values() for each in of_one}
    assert not [each for each in sorted(options) if not re.search(rf"{each}\b", WRITTEN)]


def test_every_setting_is_written_of_with_its_table() -> None:
    values = Settings().model_dump()
    assert not [name for name in values if f"[{name}]" not in WRITTEN]
    keys = {key for section in values.values() for key in section}
    assert not [key for key in sorted(keys) if not re.search(rf"\b{key}\b", WRITTEN)]


def test_every_name_of_the_environment_is_written_of() -> None:
    names = [name.upper() for name in Secrets.model_fields if name != "campaign_dnc" and not name.endswith("_file")]
    assert not [name for name in names if not re.search(rf"\b{name}\b", WRITTEN)]
    assert re.search(r"\b\w*_FILE\b", WRITTEN), "a secret may be in a file"


def test_every_reason_of_a_reject_is_written_of_with_its_cause_and_its_cure() -> None:
    page = (ROOT / "docs" / "lists.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    assert sorted(rows) == sorted(RejectReason)


def test_every_column_of_the_files_is_written_of() -> None:
    columns = {*LEAD_COLUMNS, *ATTEMPT_COLUMNS, *REJECT_COLUMNS}
    assert not [column for column in sorted(columns) if f"`{column}`" not in WRITTEN]
